// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "relayend.h"

#include "../pool/lease.h"

#include <QtCore/QThread>

namespace Tidepool {

namespace {

// From the socket's own thread.
void push(QTcpSocket &socket, QThread *thread)
{
    socket.disconnect(); // whoever listened is in the old thread
    socket.setParent(nullptr);
    socket.moveToThread(thread);
}

} // namespace

QString RelayEnd::moveTo(QThread *thread, std::function<void()> onArrival)
{
    QTcpSocket *own = socket();
    const std::shared_ptr<Lease> lease = Lease::of(m_connection);
    if (!own || own->thread() == thread) {
        onArrival();
        return {};
    }
    if (own->thread() == QThread::currentThread()) {
        push(*own, thread);
        if (lease)
            lease->forgetThread();
        onArrival();
        return {};
    }
    if (m_socket)
        return QStringLiteral("the socket lives in another thread than the relay; move it here first.");
    const auto pushFromThere = [own, thread, lease, arrived = std::move(onArrival)] {
        push(*own, thread);
        lease->forgetThread();
        arrived();
    };
    if (!lease->isOutOfReach() && lease->post(pushFromThere))
        return {};
    return QStringLiteral("the connection's socket is used in another thread, which runs no event loop; make the relay "
                          "there, or do not call socket() before.");
}

void RelayEnd::close()
{
    if (m_socket && m_socket->thread() != QThread::currentThread()) {
        m_socket.release()->deleteLater();
    } else if (m_socket) {
        m_socket->disconnect();
        m_socket->abort();
        m_socket.release()->deleteLater(); // this may be one of its signals
    }
    m_connection.close();
}

} // namespace Tidepool
