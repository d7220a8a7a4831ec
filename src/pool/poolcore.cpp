// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolcore.h"

#include "../io/descriptor.h"
#include "../io/forks.h"
#include "../io/iothread.h"
#include "poolcore_perform.h"
#include "takecontext.h"

#include <QtCore/QRandomGenerator>

#include <algorithm>
#include <utility>

namespace Tidepool {

PoolCore::PoolCore()
    : m_forks(forkCount())
    , m_machine(seesArrivals() ? &hasArrived : nullptr, QRandomGenerator::global()->generate(), peerProbe())
{}

// The facade has already shut this object down. Only leases still refer to it, by weak pointers.
PoolCore::~PoolCore() = default;

Moment PoolCore::momentNow()
{
    return {Clock::now(), QDateTime::currentDateTimeUtc()};
}

// --- The results of the machine, and their execution

PoolCore::Effects PoolCore::effectsOf(Actions actions)
{
    Effects effects{std::move(actions), m_watcher};
    effects.failed.reserve(effects.actions.failed.size());
    for (const Waiter &waiter : effects.actions.failed)
        effects.failed.push_back(pendingTake(waiter.ticket));
    effects.maximumTotal = m_machine.policy().maximumTotal;
    return effects;
}

PendingTake PoolCore::pendingTake(Waiters::Ticket ticket)
{
    return std::move(m_pending.extract(ticket).mapped());
}

void PoolCore::carryOut(Effects effects)
{
    Actions &actions = effects.actions;
    for (const auto &entry : actions.closeHere) {
        unwatch(effects.watcher, *entry);
        closeGently(entry->socket);
    }
    closeInIoThread(unwatched(actions.closeInIoThread, effects.watcher));
    const bool areTimedOut = actions.error.kind() == ErrorKind::Timeout && actions.error.phase() == Phase::Wait;
    for (size_t i = 0; i < effects.failed.size(); ++i) {
        const PoolError error = areTimedOut
            ? PoolMachine::timeoutOf(actions.failed[i], *actions.error.status(), effects.maximumTotal)
            : actions.error;
        effects.failed[i].promise.addResult(TakeResult(error));
        finish(std::move(effects.failed[i]));
    }
    if (actions.looksLater)
        postExaminations();
    if (actions.examine != 0)
        examineLater(actions.examine);
    if (actions.wakesSupply)
        wakeSupply();
    announce(actions.announce);
}

std::vector<QSslSocket *> PoolCore::unwatched(const std::vector<std::unique_ptr<Entry>> &entries,
                                              const std::shared_ptr<Watcher> &watcher)
{
    std::vector<QSslSocket *> sockets;
    sockets.reserve(entries.size());
    for (const auto &entry : entries) {
        unwatch(watcher, *entry);
        sockets.push_back(entry->socket);
    }
    return sockets;
}

void PoolCore::unwatch(const std::shared_ptr<Watcher> &watcher, Entry &entry)
{
    if (watcher && entry.watch != 0)
        watcher->remove(entry.descriptor, std::exchange(entry.watch, 0));
}

void PoolCore::announce(Actions::Announce what)
{
    if (what == Actions::Announce::Now)
        m_notifier.notify();
    else if (what == Actions::Announce::Metrics)
        m_notifier.notifyInFrame();
}

// At most one call is pending.
void PoolCore::wakeSupply()
{
    if (m_isWakePending.exchange(true))
        return;
    std::shared_ptr<IoThread> ioThread;
    std::function<void()> wake;
    {
        const MutexLocker lock(m_mutex);
        ioThread = m_port.ioThread;
        wake = m_port.wake;
    }
    if (!ioThread) {
        m_isWakePending = false;
        return;
    }
    ioThread->post([weak = weak_from_this(), wake = std::move(wake)] {
        if (const auto core = weak.lock()) {
            core->m_isWakePending = false;
            wake();
        }
    });
}

// Continuations run inside QPromise::finish() and can do anything, including blocking and closing the pool. Therefore
// they do not run in the I/O thread. If the I/O thread is the caller's own thread, they run from the event loop of that
// thread and not in the middle of a supply's work.
void PoolCore::finish(PendingTake take)
{
    std::shared_ptr<IoThread> ioThread;
    {
        const MutexLocker lock(m_mutex);
        ioThread = m_port.ioThread;
    }
    if (!ioThread) {
        take.promise.finish();
        return;
    }
    ioThread->complete([shared = std::make_shared<PendingTake>(std::move(take))] { shared->promise.finish(); });
}

// To close thousands of sockets would delay the user's thread, or all tasks of the I/O thread.
void PoolCore::closeInIoThread(const std::vector<QSslSocket *> &sockets)
{
    if (sockets.empty())
        return;
    std::shared_ptr<IoThread> ioThread;
    bool isFirst = false;
    {
        const MutexLocker lock(m_mutex);
        ioThread = m_port.ioThread;
        if (ioThread) {
            isFirst = m_closing.empty();
            m_closing.insert(m_closing.end(), sockets.begin(), sockets.end());
        }
    }
    if (isFirst) {
        closeSomeLater(*ioThread);
    } else if (!ioThread) {
        for (QSslSocket *socket : sockets)
            closeGently(socket);
    }
}

void PoolCore::closeSomeLater(IoThread &ioThread)
{
    ioThread.post([weak = weak_from_this()] {
        if (const auto core = weak.lock())
            core->closeSome();
    });
}

// A TLS connection takes some tenths of a millisecond to close. If this runs in an I/O thread that is not the pool's,
// it was posted before the pool was closed and started again. The sockets to close now do not belong to this call,
// because close() would not wait for it.
void PoolCore::closeSome()
{
    constexpr size_t atOnce = 8;
    std::vector<QSslSocket *> sockets;
    std::shared_ptr<IoThread> ioThread;
    bool mayBeDrained = false;
    {
        const MutexLocker lock(m_mutex);
        if (!m_port.ioThread || !m_port.ioThread->isCurrent())
            return;
        const auto end = m_closing.begin() + static_cast<std::ptrdiff_t>(std::min(atOnce, m_closing.size()));
        sockets.assign(m_closing.begin(), end);
        m_closing.erase(m_closing.begin(), end);
        if (!m_closing.empty())
            ioThread = m_port.ioThread;
        mayBeDrained = m_closing.empty() && m_machine.isDraining();
    }
    for (QSslSocket *socket : sockets)
        closeGently(socket);
    if (ioThread)
        closeSomeLater(*ioThread);
    if (mayBeDrained)
        m_notifier.notify();
}

// --- The pool's life

void PoolCore::setPolicy(const CorePolicy &policy)
{
    perform([&, now = momentNow()](PoolMachine &machine) { return machine.setPolicy(policy, now); });
}

quint64 PoolCore::open(IoThreadPort port, int capacity, std::chrono::milliseconds interval)
{
    quint64 generation = 0;
    {
        const MutexLocker lock(m_mutex);
        m_port = std::move(port);
        generation = m_machine.open(capacity, interval);
        m_isWakePending = false; // a call that is still pending goes to the I/O thread of the last start
    }
    m_notifier.notify();
    return generation;
}

bool PoolCore::setPaused(bool paused)
{
    return performAndNotify([&](PoolMachine &machine) { return machine.setPaused(paused); });
}

void PoolCore::startDraining()
{
    perform([now = momentNow()](PoolMachine &machine) { return machine.drain(now); });
}

bool PoolCore::isDrained() const
{
    const MutexLocker lock(m_mutex);
    return m_machine.isDrained() && m_closing.empty();
}

PoolCore::ShutdownResult PoolCore::shutDown()
{
    ShutdownResult result;
    IoThreadPort port;
    Effects effects;
    const Moment now = momentNow();
    {
        const MutexLocker lock(m_mutex);
        effects = effectsOf(m_machine.shutDown(now));
        result.sockets.assign(m_closing.begin(), m_closing.end());
        m_closing.clear();
        port = std::exchange(m_port, {});
        m_watcher.reset();
    }
    const auto sockets = unwatched(effects.actions.closeInIoThread, effects.watcher);
    result.sockets.insert(result.sockets.end(), sockets.begin(), sockets.end());
    result.takes = std::move(effects.failed);
    announce(effects.actions.announce);
    return result;
}

void PoolCore::failAsClosed(ShutdownResult result)
{
    if (result.takes.empty())
        return;
    PoolError error(Phase::Wait, ErrorKind::Closed, QStringLiteral("The pool was closed during the wait."));
    error.setStatus(status());
    for (PendingTake &take : result.takes) {
        take.promise.addResult(TakeResult(error));
        finish(std::move(take));
    }
}

// If another thread held the mutex at the fork, the mutex stays locked in the child, and the data can be half changed.
void PoolCore::abandon()
{
    if (!m_mutex.tryLock())
        return;
    for (const Entry *entry : m_machine.held())
        closeDescriptor(entry->descriptor);
    for (const QSslSocket *socket : m_closing)
        closeDescriptor(nativeDescriptor(*socket));
    m_mutex.unlock();
}

// A peer that sees its connection closed can connect again at once. The supply must know the new generation before
// that.
void PoolCore::flush(const std::function<void(quint64)> &tell)
{
    const Moment now = momentNow();
    Effects effects;
    quint64 generation = 0;
    {
        const MutexLocker lock(m_mutex);
        effects = effectsOf(m_machine.flush(now));
        generation = m_machine.generation();
    }
    tell(generation);
    carryOut(std::move(effects));
}

bool PoolCore::evict(ConnectionId id)
{
    bool isFound = false;
    perform([&, now = momentNow()](PoolMachine &machine) {
        auto evicted = machine.evictNamed(id, now);
        isFound = evicted.has_value();
        return std::move(evicted).value_or(Actions{});
    });
    return isFound;
}

// --- Status

PoolStatus PoolCore::status() const
{
    const auto now = Clock::now();
    const MutexLocker lock(m_mutex);
    return m_machine.status(now);
}

PoolError PoolCore::lastError() const
{
    const MutexLocker lock(m_mutex);
    return m_machine.lastError();
}

QList<EvictionRecord> PoolCore::evictions() const
{
    const MutexLocker lock(m_mutex);
    return m_machine.evictions();
}

QList<ConnectionRecord> PoolCore::connections(int limit) const
{
    const auto now = Clock::now();
    const MutexLocker lock(m_mutex);
    return m_machine.connections(limit, now);
}

std::vector<PoolEvent> PoolCore::takeEvents()
{
    const MutexLocker lock(m_mutex);
    return m_machine.takeEvents();
}

void PoolCore::want(PoolEvent::Kind kind)
{
    const MutexLocker lock(m_mutex);
    m_machine.want(kind);
}

void PoolCore::addError()
{
    performAndNotify([](PoolMachine &machine) { machine.addError(); });
}

void PoolCore::resetErrorCount()
{
    performAndNotify([](PoolMachine &machine) { machine.resetErrorCount(); });
}

void PoolCore::setStartError(const PoolError &error)
{
    performAndNotify([&](PoolMachine &machine) { machine.setStartError(error); });
}

} // namespace Tidepool
