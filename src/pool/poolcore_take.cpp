// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../idle/affinity.h"
#include "../policy/durations.h"
#include "../supply/descriptor.h"
#include "../supply/forks.h"
#include "../supply/lane.h"
#include "poolcore.h"
#include "takecontext.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {

QFuture<TakeResult> readyFuture(TakeResult result)
{
    QPromise<TakeResult> promise;
    promise.start();
    promise.addResult(std::move(result));
    promise.finish();
    return promise.future();
}

Watcher::For watchFor(const Entry &entry)
{
    const bool isRead = isReadToExamine(entry.isEncrypted) && !entry.examination.isFull;
    return entry.hasSpoken && !isRead ? Watcher::For::End : Watcher::For::Readable;
}

} // namespace

PoolError PoolCore::refusal() const
{
    switch (m_life) {
    case Life::Running:
        return {};
    case Life::Stopped:
        return {Phase::Wait, ErrorKind::Closed,
                QStringLiteral("The pool was never started; call start() or listen().")};
    case Life::Draining:
        return {Phase::Wait, ErrorKind::Closed,
                QStringLiteral("The pool is draining and hands out no more connections.")};
    case Life::Closed:
        break;
    }
    return {Phase::Wait, ErrorKind::Closed, QStringLiteral("The pool is closed; start() opens it again.")};
}

PoolError PoolCore::contextGone()
{
    return {Phase::Wait, ErrorKind::Closed,
            QStringLiteral("The context object that the connection was for was destroyed, or its thread has ended.")};
}

// Not even the mutex may be touched: a thread that does not exist here may hold it.
bool PoolCore::isOfAnotherProcess() const
{
    return m_forks != forkCount();
}

PoolError PoolCore::refusalAfterFork()
{
    return {Phase::Wait, ErrorKind::Closed,
            QStringLiteral("The pool belongs to the process that this one was forked from; make a pool of its own.")};
}

// Pops, releases the mutex, looks, and counts under the mutex again, until one is good or none is left. Whatever can be
// done without the mutex is, reading the clock included: takers wait for it.
std::shared_ptr<Lease> PoolCore::takeParked(Lock &lock, const TakeRequest &request, Clock::time_point askedAt)
{
    for (;;) {
        Entry *entry = request.id ? m_store.checkOut(*request.id) : m_store.checkOut(m_policy.order);
        if (!entry)
            return nullptr;
        ++m_figures.checking;
        const auto watcher = m_watcher;
        const Unsolicited unsolicited = m_policy.unsolicited;
        lock.unlock();
        unwatch(watcher, *entry);
        Look seen = look(*entry, unsolicited);
        std::shared_ptr<Lease> lease;
        if (seen.isKnown && !seen.fault) {
            lease = std::make_shared<Lease>(weak_from_this(), entry->token(), entry->id, entry->socket);
            lease->expect(seen.hasBytes && !entry->isEncrypted, entry->hasEnded);
        }
        const auto now = Clock::now();
        lock.lock();
        if (entry->generation != m_figures.generation) {
            if (lease)
                (void)lease->reclaim();
            seen.fault = m_life == Life::Running ? EvictionCause::Flushed : EvictionCause::PoolClosed;
        }
        if (seen.fault) {
            evictFound(lock, entry, seen);
        } else if (!seen.isKnown) {
            leaveToLane(*entry);
        } else {
            countWarm(entry, askedAt, now);
            const bool isWakeNeeded = needsWakeAfterTake();
            lock.unlock();
            if (isWakeNeeded)
                wakeSupply();
            figuresChanged();
            return lease;
        }
        if (m_life != Life::Running)
            return nullptr;
    }
}

void PoolCore::evictFound(Lock &lock, Entry *entry, const Look &seen)
{
    QSslSocket *socket = evict(entry, *seen.fault, seen.text);
    lock.unlock();
    closeInLane({socket}); // thousands may have died at once
    lock.lock();
}

void PoolCore::countWarm(Entry *entry, Clock::time_point askedAt, Clock::time_point now)
{
    --m_figures.checking;
    ++m_figures.taken;
    ++m_figures.takesAsked;
    ++m_figures.servedWarm;
    m_figures.waitTime.add(now - askedAt);
    entry->parkedAt = now;
    m_store.lease(entry);
    record(PoolEvent::Kind::Taken, entry->id);
}

// A client pool refills, a server pool or a paused one cannot; a lease may have to be watched.
bool PoolCore::needsWakeAfterTake() const
{
    const bool refills = !m_policy.isServer && !m_isPaused;
    return refills || m_policy.leaseThreshold.count() > 0;
}

QFuture<TakeResult> PoolCore::take(const TakeRequest &request)
{
    const auto askedAt = Clock::now();
    if (isOfAnotherProcess())
        return readyFuture(refusalAfterFork());
    Lock lock(m_mutex);
    PoolError error = refusal();
    if (!error) {
        if (auto lease = takeParked(lock, request, askedAt)) {
            lease->setContext(request.context);
            lease->deliver();
            return readyFuture(Connection(std::move(lease)));
        }
        error = refusal(); // it may have been closed meanwhile
    }
    if (!error)
        error = m_fatal;
    if (!error && m_waiters.size() >= m_policy.maximumWaiting)
        error = {Phase::Wait, ErrorKind::Limit,
                 QStringLiteral("%1 takes wait already, which is the limit; raise maximumWaiting or the capacity.")
                     .arg(m_waiters.size())};
    ++m_figures.takesAsked;
    if (error) {
        ++m_figures.takesFailed;
        return readyFuture(withStatus(std::move(error), lock));
    }

    const auto timeout = request.timeout.count() < 0 ? m_policy.takeTimeout : request.timeout;
    auto waiter = std::make_unique<Waiter>();
    waiter->id = request.id;
    waiter->askedAt = askedAt;
    waiter->deadline = askedAt + clampedDuration(timeout, std::chrono::milliseconds(0));
    waiter->context = request.context;
    waiter->promise.start();
    QFuture<TakeResult> future = waiter->promise.future();
    const Waiters::Ticket ticket = m_waiters.add(std::move(waiter));
    const LanePort port = m_port;
    lock.unlock();
    port.lane->post([watch = port.watchForCancel, future, ticket] { watch(future, ticket); });
    if (request.context) {
        request.context->whenGone([weak = weak_from_this(), ticket] {
            if (const auto core = weak.lock())
                core->dropContext(ticket);
        });
    }
    wakeSupply();
    changed();
    return future;
}

TakeResult PoolCore::tryTake()
{
    const auto askedAt = Clock::now();
    if (isOfAnotherProcess())
        return refusalAfterFork();
    Lock lock(m_mutex);
    PoolError error = refusal();
    if (auto lease = error ? nullptr : takeParked(lock, {}, askedAt))
        return Connection(std::move(lease));
    ++m_figures.takesAsked;
    ++m_figures.takesFailed;
    if (!error && !m_toExamine.empty())
        error = {
            Phase::Wait, ErrorKind::Empty,
            QStringLiteral("No connection can be handed out just now: an I/O thread still looks at what arrived on "
                           "%1 of them; take() waits for that.")
                .arg(m_toExamine.size())};
    else if (!error)
        error = {Phase::Wait, ErrorKind::Empty,
                 QStringLiteral("No connection is parked just now; take() waits for one.")};
    error = withStatus(std::move(error), lock);
    wakeSupply(); // dead ones may have been found
    changed();
    return error;
}

void PoolCore::offer(Entry *entry, quint64 generation)
{
    bool isWatched = false;
    Swept trimmed{EvictionCause::PeerClosed};
    std::shared_ptr<Watcher> watcher;
    Lock lock(m_mutex);
    for (;;) {
        std::optional<EvictionCause> cause = staleness(*entry, generation);
        // There was room when it was made or given back, but others were offered meanwhile.
        if (!cause && isWatched && !entry->hasEnded && !entry->hasPlace && !entry->isControl() && isFull()
            && !m_waiters.isAwaited(entry->id))
            cause = EvictionCause::Surplus;
        if (cause) {
            const qintptr descriptor = entry->descriptor;
            const quint64 watch = std::exchange(entry->watch, 0);
            const bool wasGood = *cause == EvictionCause::Unsolicited || *cause == EvictionCause::Surplus;
            if (wasGood && !std::exchange(entry->isCounted, true))
                ++m_figures.parked; // for no time at all
            QSslSocket *socket = entry->isCounted ? evict(entry, *cause) : drop(entry);
            lock.unlock();
            if (watch != 0 && watcher)
                watcher->remove(descriptor, watch);
            closeGently(socket);
            break;
        }
        auto waiter = nextWaiter(*entry);
        if (!waiter && isWatched) {
            countParked(entry);
            trimEnded(trimmed);
            if (std::exchange(entry->hasNews, false))
                examineLater(entry->token());
            lock.unlock();
            break;
        }
        m_serving += waiter ? 1 : 0;
        if (!watcher)
            watcher = m_watcher;
        lock.unlock();
        // Watched before it is parked, so that its end is never missed; and without the mutex.
        if (!waiter) {
            if (watcher && !entry->hasEnded)
                entry->watch = watcher->add(entry->descriptor, entry->token(), watchFor(*entry));
            isWatched = true;
        } else {
            isWatched = false;
            unwatch(watcher, *entry);
            if (serve(std::move(waiter), entry))
                break;
        }
        lock.lock();
    }
    closeInLane(unwatched(trimmed));
    wakeSupply();
    figuresChanged();
}

// One that its peer has closed, or the control connection, is of use only to who wants this very one.
std::unique_ptr<Waiter> PoolCore::nextWaiter(const Entry &entry)
{
    return entry.hasEnded || entry.isControl() ? m_waiters.nextByName(entry.id) : m_waiters.next(entry.id);
}

void PoolCore::examineLater(quint64 token)
{
    if (!m_port.lane)
        return;
    m_port.lane->post([weak = weak_from_this(), token] {
        if (const auto core = weak.lock())
            core->examineParked(token);
    });
}

void PoolCore::countParked(Entry *entry)
{
    --m_figures.checking;
    releasePlace(*entry);
    const bool isNew = !std::exchange(entry->isCounted, true);
    if (isNew) {
        ++m_figures.parked;
        entry->parkedAt = Clock::now();
        record(PoolEvent::Kind::Parked, entry->id);
        if (entry->hasSpoken)
            record(PoolEvent::Kind::Spoke, entry->id);
    }
    if (entry->hasEnded) {
        entry->parkedAt = Clock::now();
        noteOutage();
        noteLoss(*entry, EvictionCause::PeerClosed);
    }
    entry->expiry = freshExpiry(*entry); // one that was only looked at may have missed a change of the lifetimes
    m_store.park(entry);
}

// False if the take was cancelled, or its context has gone: the connection is still in state Checking, for somebody
// else.
bool PoolCore::serve(std::unique_ptr<Waiter> waiter, Entry *entry)
{
    auto lease = std::make_shared<Lease>(weak_from_this(), entry->token(), entry->id, entry->socket);
    lease->expect(!entry->isEncrypted, entry->hasEnded);
    const auto now = Clock::now();
    const auto waited = now - waiter->askedAt;
    const bool isLost = waiter->context && waiter->context->isGone();
    bool isCancelled = false;
    {
        const Lock lock(m_mutex);
        --m_serving;
        isCancelled = waiter->promise.isCanceled();
        if (isCancelled)
            ++m_figures.takesCancelled;
        else if (isLost)
            ++m_figures.takesFailed;
        else
            countServed(waited, entry, now);
    }
    if (isLost && !isCancelled) {
        (void)lease->reclaim();
        WaiterList lost;
        lost.push_back(std::move(waiter));
        fail(std::move(lost), contextGone());
        return false;
    }
    lease->setContext(waiter->context); // before the result: whoever waits for that may ask for the socket at once
    if (!isCancelled && waiter->promise.addResult(TakeResult(Connection(lease)))) {
        lease->deliver();
        finish(std::move(waiter));
        return true;
    }
    (void)lease->reclaim();
    if (!isCancelled) {
        // It was in this very moment. What is counted stays so, for somebody may have seen it: the take was served, and
        // the connection given back.
        const Lock lock(m_mutex);
        m_store.reclaim(entry);
        ++m_figures.checking;
        ++m_figures.givenBack;
        entry->isCounted = false;
    }
    finish(std::move(waiter));
    return false;
}

void PoolCore::countServed(Clock::duration waited, Entry *entry, Clock::time_point now)
{
    --m_figures.checking;
    releasePlace(*entry);
    if (!std::exchange(entry->isCounted, true)) {
        ++m_figures.parked;
        record(PoolEvent::Kind::Parked, entry->id);
    }
    ++m_figures.taken;
    ++m_figures.servedAfterWait;
    m_figures.waitTime.add(waited);
    entry->parkedAt = now;
    m_store.lease(entry);
    record(PoolEvent::Kind::Taken, entry->id);
}

// Why a connection in state Checking must not be handed out, if so.
std::optional<EvictionCause> PoolCore::staleness(const Entry &entry, quint64 generation) const
{
    if (entry.hasSpoken && m_policy.unsolicited == Unsolicited::Evict)
        return EvictionCause::Unsolicited;
    if (m_policy.isServer && !m_policy.allowedClients.admits(entry.address))
        return EvictionCause::NotAllowed;
    if (generation == m_figures.generation)
        return std::nullopt;
    return m_life == Life::Running ? EvictionCause::Flushed : EvictionCause::PoolClosed;
}

QSslSocket *PoolCore::drop(Entry *entry)
{
    --m_figures.checking;
    releasePlace(*entry);
    ++m_figures.dropped;
    return m_store.remove(entry)->socket;
}

// --- Ends of waiting

void PoolCore::fail(WaiterList waiters, const PoolError &error)
{
    if (waiters.empty())
        return;
    PoolError told = error;
    if (told.phase() == Phase::Wait)
        told.setStatus(status());
    for (auto &waiter : waiters) {
        waiter->promise.addResult(TakeResult(told));
        finish(std::move(waiter));
    }
}

void PoolCore::cancel(Waiters::Ticket ticket)
{
    std::unique_ptr<Waiter> waiter;
    {
        const Lock lock(m_mutex);
        waiter = m_waiters.remove(ticket);
        if (!waiter)
            return;
        ++m_figures.takesCancelled;
    }
    finish(std::move(waiter));
    changed();
}

void PoolCore::dropContext(Waiters::Ticket ticket)
{
    WaiterList lost;
    {
        const Lock lock(m_mutex);
        auto waiter = m_waiters.remove(ticket);
        if (!waiter)
            return;
        lost.push_back(std::move(waiter));
        ++m_figures.takesFailed;
    }
    fail(std::move(lost), contextGone());
    changed();
}

// Continuations run inside QPromise::finish() and may do anything, block and close the pool included; so they do not
// run in the lane, or, where the lane is the caller's own thread, from its loop and not in the middle of a supply.
void PoolCore::finish(std::unique_ptr<Waiter> waiter)
{
    std::shared_ptr<Lane> lane;
    {
        const Lock lock(m_mutex);
        lane = m_port.lane;
    }
    if (!lane) {
        waiter->promise.finish();
        return;
    }
    lane->complete([shared = std::shared_ptr<Waiter>(std::move(waiter))] { shared->promise.finish(); });
}

} // namespace Tidepool
