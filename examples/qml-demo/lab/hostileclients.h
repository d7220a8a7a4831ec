// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

namespace Dashboard {

/// Clients who mean no good: some talk rubbish, some say nothing, some break off in the middle of a handshake.
///
/// Lives in the lab's thread.
class HostileClients : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    /// Sends @p clients of them to the loopback's @p port, a third of each kind.
    void attack(quint16 port, int clients);

signals:
    /// The last one has gone.
    void dispersed();

private:
    class Intruder;

    int m_underWay = 0;
};

} // namespace Dashboard
