// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lease.h"

#include "../idle/affinity.h"
#include "../idle/liveness.h"
#include "../supply/descriptor.h"
#include "../supply/forks.h"
#include "errands.h"
#include "poolcore.h"
#include "takecontext.h"

#include <tidepool/connection.h>

#include <QtCore/QThread>
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
            QObject::connect(socket->thread(), &QThread::finished, socket, &QObject::deleteLater);
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
    : m_forks(forkCount()), m_core(std::move(core)), m_token(token), m_id(id), m_socket(socket)
{}

Lease::~Lease()
{
    close();
}

std::shared_ptr<Lease> Lease::of(const Connection &connection)
{
    return connection.m_lease;
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

// Into the calling thread.
void Lease::bringHere()
{
    m_isInNoThread = false;
    pullIntoThisThread(*m_socket);
    if (m_isBytesExpected)
        readWhatWaits(*m_socket);
    // What its signals said was emitted before anybody listened.
    if (m_socket->bytesAvailable() > 0)
        QMetaObject::invokeMethod(m_socket, &QIODevice::readyRead, Qt::QueuedConnection);
    const auto error = m_socket->error();
    if (m_isEndExpected && error == QAbstractSocket::RemoteHostClosedError)
        QMetaObject::invokeMethod(
            m_socket, [socket = m_socket, error] { emit socket->errorOccurred(error); }, Qt::QueuedConnection);
}

// False if there is no context, or none any more.
bool Lease::pushToContext()
{
    const auto push = [this](QThread *thread) {
        bringHere();
        if (thread == QThread::currentThread()) {
            settle();
            return;
        }
        m_socket->moveToThread(thread);
        const auto settleThere = [weak = weak_from_this()] {
            if (const auto lease = weak.lock()) {
                const std::scoped_lock itsLock(lease->m_mutex);
                lease->settle();
            }
        };
        QMetaObject::invokeMethod(m_socket, settleThere, Qt::QueuedConnection);
    };
    const auto context = std::exchange(m_context, nullptr);
    return context && context->withThread(push);
}

// True if it was in no thread. It is in its context's then, or in this one.
bool Lease::pull()
{
    if (!m_socket || !m_isInNoThread)
        return false;
    if (!pushToContext()) {
        bringHere();
        settle();
    }
    return true;
}

// In the socket's thread, as early as it may be: who lets go of the connection in another thread will need it.
void Lease::settle()
{
    if (!m_socket || m_socket->thread() != QThread::currentThread())
        return;
    if (!m_errands) {
        m_errands = Errands::ofThisThread();
        (void)m_errands->addLease(weak_from_this());
    }
    m_errands->lookForLoop();
}

QSslSocket *Lease::socket()
{
    std::unique_lock lock(m_mutex);
    const bool isNewHere = pull();
    settle();
    QSslSocket *socket = m_socket;
    const auto errands = m_errands;
    lock.unlock();
    if (isNewHere && errands && !errands->isInLoop() && socket->thread() == QThread::currentThread())
        errands->run(); // nobody else would soon
    return socket;
}

void Lease::deliver()
{
    const std::scoped_lock lock(m_mutex);
    if (m_socket && m_isInNoThread)
        (void)pushToContext();
}

void Lease::forgetThread()
{
    const std::scoped_lock lock(m_mutex);
    m_errands.reset();
}

void Lease::leaveThread()
{
    const std::scoped_lock lock(m_mutex);
    m_errands.reset();
    if (!m_socket || m_isInNoThread || m_socket->thread() != QThread::currentThread())
        return;
    m_socket->moveToThread(nullptr);
    m_isInNoThread = true;
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
        (void)pull();
    }
    std::unique_ptr<QSslSocket> socket(detach());
    if (socket)
        tellPool();
    return socket;
}

void Lease::close()
{
    std::unique_lock lock(m_mutex);
    if (!m_socket)
        return;
    if (m_forks != forkCount()) {
        closeDescriptor(nativeDescriptor(*std::exchange(m_socket, nullptr))); // the connection is the parent's
        return;
    }
    const auto errands = m_errands;
    if (errands && m_socket->thread() != QThread::currentThread()) {
        QSslSocket *socket = m_socket;
        // Its thread may be long in hearing of it; the peer need not wait. Nobody uses the socket any more, so it may
        // be looked at from here.
        if (!errands->isInLoop() && !hasUnsentBytes(*socket))
            hangUp(nativeDescriptor(*socket));
        if (errands->add([socket] { closeGently(socket); })) {
            m_socket = nullptr;
            lock.unlock();
            tellPool();
            return;
        }
        lock.unlock();
        errands->waitForEnd(); // it takes the socket out of the thread
        lock.lock();
    }
    QSslSocket *socket = std::exchange(m_socket, nullptr);
    lock.unlock();
    closeGently(socket);
    tellPool();
}

std::shared_ptr<Lease> Lease::transfer()
{
    std::unique_lock lock(m_mutex);
    auto result = std::make_shared<Lease>(m_core, m_token, m_id, nullptr);
    const auto errands = m_errands;
    if (m_socket && errands && !errands->addLease(result)) {
        lock.unlock();
        errands->waitForEnd(); // it takes the socket out of the thread
        lock.lock();
    }
    if (!m_socket)
        return nullptr;
    result->m_socket = std::exchange(m_socket, nullptr);
    result->m_isBytesExpected = m_isBytesExpected;
    result->m_isEndExpected = m_isEndExpected;
    result->m_isInNoThread = m_isInNoThread;
    result->m_context = m_context;
    result->m_errands = m_errands;
    return result;
}

bool Lease::isOutOfReach() const
{
    const std::scoped_lock lock(m_mutex);
    return m_socket && m_errands && !m_errands->isInLoop() && m_socket->thread() != QThread::currentThread();
}

bool Lease::post(std::function<void()> task)
{
    const std::scoped_lock lock(m_mutex);
    if (!m_socket)
        return false;
    if (m_errands)
        return m_errands->add(std::move(task));
    QMetaObject::invokeMethod(m_socket, std::move(task), Qt::QueuedConnection);
    return true;
}

} // namespace Tidepool
