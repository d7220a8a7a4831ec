// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connection.h>

#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpSocket>

#include <functional>
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
    /// What keeps the end from being relayed, or nothing. In the relay's thread.
    [[nodiscard]] QString obstacle() const;
    /// Puts the socket into no thread, outside its signals, and then calls @p onArrival, in the thread it came from.
    /// What is in the way, or nothing; an empty end is in no one's way. In the relay's thread.
    [[nodiscard]] QString moveOut(std::function<void()> onArrival);
    /// Puts the socket into the calling thread, after moveOut().
    void moveIn();
    /// Closes and forgets the socket. Any thread, if it is not in use.
    void close();

private:
    Connection m_connection;
    std::unique_ptr<QTcpSocket> m_socket;
};

} // namespace Tidepool
