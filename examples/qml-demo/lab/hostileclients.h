// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

namespace Dashboard {

/// Clients that attack the server: some send invalid data, some send nothing, some stop in the middle of a handshake.
///
/// Lives in the lab's thread.
class HostileClients : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    /// Connects @p clients of them to @p port on the loopback, a third of each kind.
    void attack(quint16 port, int clients);

signals:
    /// The last client is gone.
    void dispersed();

private:
    class Intruder;

    int m_underWay = 0;
};

} // namespace Dashboard
