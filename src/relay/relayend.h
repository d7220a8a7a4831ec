// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connection.h>

#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpSocket>

#include <memory>

namespace Tidepool {

/// One side of a relay: a pool's connection, which stays leased meanwhile, or any TCP socket.
class RelayEnd
{
public:
    explicit RelayEnd(Connection connection) : m_connection(std::move(connection)) {}
    explicit RelayEnd(std::unique_ptr<QTcpSocket> socket) : m_socket(std::move(socket)) {}

    /// In a thread, or to be brought into the calling one.
    [[nodiscard]] QTcpSocket *socket() const { return m_socket ? m_socket.get() : m_connection.socket(); }
    /// Puts the socket into @p thread: from its own thread, outside its signals.
    void moveTo(QThread *thread);
    /// Closes and forgets the socket. In its thread.
    void close();

private:
    Connection m_connection;
    std::unique_ptr<QTcpSocket> m_socket;
};

} // namespace Tidepool
