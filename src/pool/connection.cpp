// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lease.h"

#include <tidepool/connection.h>

#include <QtNetwork/QSslSocket>

namespace Tidepool {

bool Connection::isValid() const
{
    return m_lease && m_lease->isValid();
}

ConnectionId Connection::id() const
{
    return isValid() ? m_lease->id() : ConnectionId();
}

QSslSocket *Connection::socket() const
{
    return m_lease ? m_lease->socket() : nullptr;
}

std::unique_ptr<QSslSocket> Connection::takeSocket()
{
    return m_lease ? m_lease->takeSocket() : nullptr;
}

Connection Connection::transfer() const
{
    return m_lease ? Connection(m_lease->transfer()) : Connection();
}

void Connection::close()
{
    if (m_lease)
        m_lease->close();
}

} // namespace Tidepool
