// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "relayend.h"

#include "../pool/lease.h"

#include <QtCore/QThread>

namespace Tidepool {

namespace {

// Moves the socket from its own thread to no thread. During the move nobody may read the end of the peer's sending,
// because a socket that has read it also stops sending.
void push(QTcpSocket &socket, Lease *lease)
{
    socket.disconnect(); // connected objects live in the old thread
    socket.setParent(nullptr);
    if (lease)
        lease->leaveThread();
    else
        socket.moveToThread(nullptr);
}

} // namespace

QString RelayEnd::obstacle() const
{
    if (!m_socket && !m_connection.isValid())
        return QStringLiteral(
            "there is no connection: its handle or pointer is empty, or it was given away already, to "
            "another relay or as the other side.");
    if (!m_socket)
        return {};
    if (m_socket->thread() != QThread::currentThread())
        return QStringLiteral("the socket lives in another thread than the relay; move it here first.");
    if (m_socket->parent())
        return QStringLiteral("the socket has a parent, which would delete it; call setParent(nullptr) first.");
    // If the peer has ended in the meantime, its last bytes can still be unread.
    const bool hasEnded = m_socket->error() == QAbstractSocket::RemoteHostClosedError || m_socket->bytesAvailable() > 0;
    if (m_socket->state() == QAbstractSocket::ConnectedState
        || (m_socket->state() == QAbstractSocket::UnconnectedState && hasEnded))
        return {};
    const QString why = m_socket->error() == QAbstractSocket::UnknownSocketError
        ? QString()
        : QStringLiteral(" (%1)").arg(m_socket->errorString());
    return QStringLiteral("the socket is not connected%1; wait for its connected() first.").arg(why);
}

QString RelayEnd::moveOut(std::function<void()> onArrival)
{
    QTcpSocket *own = socket();
    const std::shared_ptr<Lease> lease = Lease::of(m_connection);
    if (!own || !own->thread()) {
        onArrival();
        return {};
    }
    if (own->thread() == QThread::currentThread()) {
        push(*own, lease.get());
        onArrival();
        return {};
    }
    const auto pushFromThere = [own, lease, arrived = std::move(onArrival)] {
        if (!lease->isValid())
            return; // closed in the meantime, and the code that closed it continues in this thread
        push(*own, lease.get());
        arrived();
    };
    if (!lease->isOutOfReach() && lease->post(pushFromThere))
        return {};
    return QStringLiteral("the connection's socket is used in another thread, which runs no event loop; make the relay "
                          "there, or do not call socket() before.");
}

// The socket of a Connection moves when somebody asks for it.
void RelayEnd::moveIn()
{
    if (m_socket && !m_socket->thread())
        m_socket->moveToThread(QThread::currentThread());
}

void RelayEnd::close()
{
    moveIn();
    if (m_socket && m_socket->thread() != QThread::currentThread()) {
        m_socket.release()->deleteLater();
    } else if (m_socket) {
        m_socket->disconnect();
        m_socket->abort();
        m_socket.release()->deleteLater(); // this function can run inside one of its signals
    }
    m_connection.close();
}

} // namespace Tidepool
