// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lease.h"

#include "../io/affinity.h"
#include "../io/descriptor.h"
#include "../io/forks.h"
#include "../io/liveness.h"
#include "poolcore.h"
#include "takecontext.h"

#include <tidepool/connection.h>

#include <QtCore/QThread>

#include <utility>

namespace Tidepool {

Lease::Lease(std::weak_ptr<PoolCore> core, quint64 token, ConnectionId id, QSslSocket *socket, Expected expected)
    : m_forks(forkCount())
    , m_core(std::move(core))
    , m_token(token)
    , m_id(id)
    , m_expected(expected)
    , m_socket(socket)
    , m_isHeld(socket != nullptr)
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
    const MutexLocker lock(m_mutex);
    return !m_socket.isNull();
}

bool Lease::isInNoThread() const
{
    const MutexLocker lock(m_mutex);
    return m_isInNoThread;
}

void Lease::setContext(std::shared_ptr<TakeContext> context)
{
    const MutexLocker lock(m_mutex);
    m_context = std::move(context);
}

// Moves the socket to the calling thread.
void Lease::bringHere()
{
    m_isInNoThread = false;
    pullIntoThisThread(*m_socket);
    if (m_expected.bytes)
        readWhatWaits(*m_socket);
    // The socket emitted its signals before anybody was connected to them.
    if (m_socket->bytesAvailable() > 0)
        QMetaObject::invokeMethod(m_socket, &QIODevice::readyRead, Qt::QueuedConnection);
    const auto error = m_socket->error();
    if (m_expected.end && error == QAbstractSocket::RemoteHostClosedError)
        QMetaObject::invokeMethod(
            m_socket, [socket = m_socket.data(), error] { emit socket->errorOccurred(error); }, Qt::QueuedConnection);
}

// Returns false if there is no context, or if the context has been destroyed.
bool Lease::pushToContext()
{
    const auto push = [this](QThread *thread) TIDEPOOL_REQUIRES(m_mutex) {
        bringHere();
        if (thread == QThread::currentThread()) {
            settle();
            return;
        }
        m_socket->moveToThread(thread);
        const auto settleThere = [weak = weak_from_this()] {
            if (const auto lease = weak.lock()) {
                const MutexLocker itsLock(lease->m_mutex);
                lease->settle();
            }
        };
        QMetaObject::invokeMethod(m_socket, settleThere, Qt::QueuedConnection);
    };
    const auto context = std::exchange(m_context, nullptr);
    return context && context->withThread(push);
}

// Returns true if the socket was in no thread. It is then in the thread of its context, or in the calling thread.
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

// Called in the socket's thread as early as possible, because another thread needs this information to close the
// connection.
void Lease::settle()
{
    if (!m_socket || m_socket->thread() != QThread::currentThread())
        return;
    if (!m_threadTasks) {
        m_threadTasks = ThreadTasks::ofThisThread();
        (void)m_threadTasks->addResident(weak_from_this());
    }
    m_threadTasks->lookForLoop();
}

QSslSocket *Lease::socket()
{
    MutexLocker lock(m_mutex);
    const bool isNewHere = pull();
    settle();
    QSslSocket *socket = m_socket;
    const auto threadTasks = m_threadTasks;
    lock.unlock();
    if (isNewHere && threadTasks && !threadTasks->isInLoop() && socket->thread() == QThread::currentThread())
        threadTasks->run(); // without an event loop, nothing else would run them soon
    return socket;
}

void Lease::deliver()
{
    const MutexLocker lock(m_mutex);
    if (m_socket && m_isInNoThread)
        (void)pushToContext();
}

void Lease::leaveThread()
{
    const MutexLocker lock(m_mutex);
    m_threadTasks.reset();
    if (!m_socket || m_isInNoThread || m_socket->thread() != QThread::currentThread())
        return;
    m_socket->moveToThread(nullptr);
    m_isInNoThread = true;
}

QSslSocket *Lease::detach()
{
    const MutexLocker lock(m_mutex);
    m_isHeld = false;
    return std::exchange(m_socket, nullptr);
}

// True once, if the user has deleted the socket: the pool is still to be told.
bool Lease::forgetDeleted()
{
    return m_socket.isNull() && std::exchange(m_isHeld, false);
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

std::unique_ptr<QSslSocket> Lease::takeSocket()
{
    bool wasDeleted = false;
    {
        const MutexLocker lock(m_mutex);
        (void)pull();
        wasDeleted = forgetDeleted();
    }
    std::unique_ptr<QSslSocket> socket(detach());
    if (socket || wasDeleted)
        tellPool();
    return socket;
}

void Lease::close()
{
    MutexLocker lock(m_mutex);
    if (!m_socket) {
        const bool wasDeleted = m_forks == forkCount() && forgetDeleted();
        lock.unlock();
        if (wasDeleted)
            tellPool();
        return;
    }
    m_isHeld = false;
    if (m_forks != forkCount()) {
        closeDescriptor(nativeDescriptor(*std::exchange(m_socket, nullptr))); // the connection belongs to the parent
        return;
    }
    const auto threadTasks = m_threadTasks;
    if (threadTasks && m_socket->thread() != QThread::currentThread()) {
        const QPointer<QSslSocket> socket = m_socket;
        // The socket's thread can take a long time to run the task, and the peer need not wait for it. Nobody uses the
        // socket any more, so this thread can read the socket's state.
        if (!threadTasks->isInLoop() && !hasUnsentBytes(*socket))
            endSending(nativeDescriptor(*socket));
        if (threadTasks->add([socket] { closeAfterUse(socket); })) { // the socket's parent could delete it first
            m_socket = nullptr;
            lock.unlock();
            tellPool();
            return;
        }
        lock.unlock();
        threadTasks->waitForEnd(); // the wait ends when the socket is in no thread
        lock.lock();
    }
    QSslSocket *socket = std::exchange(m_socket, nullptr);
    lock.unlock();
    closeAfterUse(socket);
    tellPool();
}

std::shared_ptr<Lease> Lease::transfer()
{
    MutexLocker lock(m_mutex);
    auto result = std::make_shared<Lease>(m_core, m_token, m_id, nullptr, m_expected);
    const MutexLocker itsLock(result->m_mutex); // the thread's tasks know it before it is complete
    const auto threadTasks = m_threadTasks;
    if (m_socket && threadTasks && !threadTasks->addResident(result)) {
        lock.unlock();
        threadTasks->waitForEnd(); // the wait ends when the socket is in no thread
        lock.lock();
    }
    if (!m_socket) {
        const bool wasDeleted = forgetDeleted();
        lock.unlock();
        if (wasDeleted)
            tellPool();
        return nullptr;
    }
    result->m_socket = std::exchange(m_socket, nullptr);
    result->m_isHeld = std::exchange(m_isHeld, false);
    result->m_isInNoThread = m_isInNoThread;
    result->m_context = m_context;
    result->m_threadTasks = m_threadTasks;
    return result;
}

bool Lease::isOutOfReach() const
{
    const MutexLocker lock(m_mutex);
    return m_socket && m_threadTasks && !m_threadTasks->isInLoop() && m_socket->thread() != QThread::currentThread();
}

bool Lease::post(std::function<void()> task)
{
    const MutexLocker lock(m_mutex);
    if (!m_socket)
        return false;
    if (m_threadTasks)
        return m_threadTasks->add(std::move(task));
    QMetaObject::invokeMethod(m_socket, std::move(task), Qt::QueuedConnection);
    return true;
}

} // namespace Tidepool
