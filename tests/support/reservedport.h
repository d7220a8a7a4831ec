// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtNetwork/QHostAddress>

#include <sys/socket.h>

namespace TestSupport {

/// The same address for the system. Returns its size.
[[nodiscard]] socklen_t systemAddress(const QHostAddress &address, quint16 port, sockaddr_storage &storage);

/// A port that is bound, and at which nobody listens: connects are refused, and the system gives it to nobody else.
/// Servers that share their address with one before them, as QTcpServer and nginx do, may listen on it meanwhile.
class ReservedPort
{
public:
    explicit ReservedPort(const QHostAddress &address = QHostAddress::LocalHost);
    ~ReservedPort();
    Q_DISABLE_COPY_MOVE(ReservedPort)

    /// 0 if the system did not go along.
    [[nodiscard]] quint16 port() const { return m_port; }

private:
    int m_descriptor;
    quint16 m_port = 0;
};

} // namespace TestSupport
