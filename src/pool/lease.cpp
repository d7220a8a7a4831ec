// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lease.h"

#include "../idle/affinity.h"
#include "orphans.h"
#include "poolcore.h"

#include <QtCore/QTimer>

#include <chrono>
#include <utility>

namespace Tidepool {

namespace {

constexpr std::chrono::seconds closingTime{5};

// Whoever may be inside one of the socket's own signals has to defer its deletion. A deferred deletion of each of many
// would cost the square of their number: every destructor looks through all events that are still posted.
void closeInThisThread(QSslSocket *socket, bool canDefer)
{
    socket->disconnect();
    if (socket->state() == QAbstractSocket::ConnectedState) {
        if (hasUnsentBytes(*socket))
            socket->flush();
        const bool isLeftToSend = hasUnsentBytes(*socket);
        socket->disconnectFromHost(); // in TLS with a close_notify
        if (isLeftToSend && canDefer && socket->state() != QAbstractSocket::UnconnectedState) {
            QObject::connect(socket, &QAbstractSocket::disconnected, socket, &QObject::deleteLater);
            QTimer::singleShot(closingTime, socket, &QObject::deleteLater);
            return;
        }
    }
    socket->abort();
    if (canDefer)
        socket->deleteLater();
    else
        delete socket;
}

} // namespace

void closeGently(QSslSocket *socket)
{
    if (!socket)
        return;
    if (!socket->thread()) {
        pullIntoThisThread(*socket);
        closeInThisThread(socket, hasEventLoop() && hasUnsentBytes(*socket));
    } else if (socket->thread() == QThread::currentThread()) {
        closeInThisThread(socket, hasEventLoop());
    } else if (socket->thread()->isFinished()) {
        delete socket; // Qt allows it for objects of a thread that has ended
    } else {
        QMetaObject::invokeMethod(
            socket, [socket] { closeInThisThread(socket, true); }, Qt::QueuedConnection);
    }
}

Lease::Lease(std::weak_ptr<PoolCore> core, quint64 token, ConnectionId id, QSslSocket *socket)
    : m_core(std::move(core)), m_token(token), m_id(id), m_socket(socket)
{}

Lease::~Lease()
{
    close();
}

bool Lease::isValid() const
{
    const std::scoped_lock lock(m_mutex);
    return m_socket != nullptr;
}

bool Lease::isInNoThread() const
{
    const std::scoped_lock lock(m_mutex);
    return m_isInNoThread;
}

void Lease::pull()
{
    if (!m_socket || !std::exchange(m_isInNoThread, false))
        return;
    if (!hasEventLoop()) {
        m_orphans = Orphans::ofThisThread();
        m_orphans->close();
    }
    pullIntoThisThread(*m_socket);
    m_socket->setReadBufferSize(0); // the limit was the pool's
    // Its readyRead() for these bytes was emitted before anybody listened.
    if (m_socket->bytesAvailable() > 0)
        QMetaObject::invokeMethod(m_socket, &QIODevice::readyRead, Qt::QueuedConnection);
}

QSslSocket *Lease::socket()
{
    const std::scoped_lock lock(m_mutex);
    pull();
    return m_socket;
}

void Lease::moveTo(QThread *thread)
{
    const std::scoped_lock lock(m_mutex);
    if (!m_socket || !m_isInNoThread)
        return;
    pull();
    if (thread == QThread::currentThread())
        return;
    m_socket->moveToThread(thread);
    m_orphans.reset(); // they are this thread's
}

QSslSocket *Lease::detach()
{
    const std::scoped_lock lock(m_mutex);
    return std::exchange(m_socket, nullptr);
}

QSslSocket *Lease::reclaim()
{
    return detach();
}

void Lease::tellPool()
{
    if (const auto core = m_core.lock())
        core->leaseEnded(m_token);
}

std::unique_ptr<QSslSocket> Lease::release()
{
    {
        const std::scoped_lock lock(m_mutex);
        pull();
    }
    std::unique_ptr<QSslSocket> socket(detach());
    if (socket)
        tellPool();
    return socket;
}

void Lease::close()
{
    QSslSocket *socket = detach();
    if (!socket)
        return;
    if (isOutOfReach(*socket))
        m_orphans->add(socket);
    else
        closeGently(socket);
    tellPool();
}

std::shared_ptr<Lease> Lease::transfer()
{
    const std::scoped_lock lock(m_mutex);
    if (!m_socket)
        return nullptr;
    auto result = std::make_shared<Lease>(m_core, m_token, m_id, std::exchange(m_socket, nullptr));
    result->m_isInNoThread = m_isInNoThread;
    result->m_orphans = m_orphans;
    return result;
}

bool Lease::isOutOfReach(const QSslSocket &socket) const
{
    return m_orphans && socket.thread() && socket.thread() != QThread::currentThread();
}

} // namespace Tidepool
