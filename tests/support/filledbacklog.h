// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QList>
#include <QtNetwork/QHostAddress>

namespace TestSupport {

/// A port that never answers a connect: it listens, but its queue is full and nobody accepts.
class FilledBacklog
{
public:
    /// @p port 0: the system chooses one.
    explicit FilledBacklog(const QHostAddress &address = QHostAddress::LocalHost, quint16 port = 0);
    ~FilledBacklog();
    Q_DISABLE_COPY_MOVE(FilledBacklog)

    /// 0 if the system did not go along.
    [[nodiscard]] quint16 port() const { return m_port; }

private:
    QList<int> m_descriptors;
    quint16 m_port = 0;
};

} // namespace TestSupport
