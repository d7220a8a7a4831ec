// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connection.h>

#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpSocket>

#include <functional>
#include <memory>

namespace Tidepool {

/// One side of a relay: a connection of a pool, which stays leased during the relay, or any TCP socket.
class RelayEnd
{
public:
    explicit RelayEnd(Connection connection) : m_connection(std::move(connection)) {}
    explicit RelayEnd(std::unique_ptr<QTcpSocket> socket) : m_socket(std::move(socket)) {}

    /// The socket, which is in a thread or can be moved to the calling thread.
    [[nodiscard]] QTcpSocket *socket() const { return m_socket ? m_socket.get() : m_connection.socket(); }
    /// The reason why this end cannot be relayed, or an empty string. In the relay's thread.
    [[nodiscard]] QString obstacle() const;
    /// Moves the socket to no thread, outside its signals, and then calls @p onArrival in the thread that the socket
    /// left. Returns the obstacle, or an empty string. An empty end is no obstacle. In the relay's thread.
    [[nodiscard]] QString moveOut(std::function<void()> onArrival);
    /// Moves the socket to the calling thread, after moveOut().
    void moveIn();
    /// Closes and forgets the socket. Any thread, if the socket is not in use.
    void close();

private:
    Connection m_connection;
    std::unique_ptr<QTcpSocket> m_socket;
};

} // namespace Tidepool
