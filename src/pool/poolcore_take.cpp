// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/descriptor.h"
#include "../io/forks.h"
#include "../io/iothread.h"
#include "poolcore.h"
#include "poolcore_perform.h"
#include "takecontext.h"

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

// Only errors of the wait itself carry the status.
PoolError withStatus(PoolError error, const PoolStatus &status)
{
    if (error.phase() == Phase::Wait)
        error.setStatus(status);
    return error;
}

} // namespace

PoolError PoolCore::contextGone()
{
    return {Phase::Wait, ErrorKind::Closed,
            QStringLiteral("The context object that the connection was for was destroyed, or its thread has ended.")};
}

// In a forked child, not even the mutex can be locked, because a thread that does not exist here can hold it.
bool PoolCore::isOfAnotherProcess() const
{
    return m_forks != forkCount();
}

PoolError PoolCore::refusalAfterFork()
{
    return {Phase::Wait, ErrorKind::Closed,
            QStringLiteral("The pool belongs to the process that this one was forked from; make a pool of its own.")};
}

// --- Takes of parked connections

// A taker runs in its user's thread. It therefore decrypts nothing and never waits.
PoolCore::Look PoolCore::look(const Entry &entry, Unsolicited unsolicited)
{
    Look result;
    if (entry.hasSpoken && unsolicited == Unsolicited::Evict) {
        result.fault = EvictionCause::Unsolicited; // the setting was Keep when the peer sent the bytes
        return result;
    }
    int systemError = 0;
    const Peek seen = peek(entry.descriptor, &systemError);
    result.hasBytes = seen == Peek::Bytes;
    if (systemError != 0) {
        result.fault = EvictionCause::SocketError;
        result.text = qt_error_string(systemError);
    } else if (seen == Peek::Quiet || entry.hasEnded) {
        return result;
    } else if (seen == Peek::Closed) {
        result.isKnown = !entry.hasSpoken;
        if (result.isKnown)
            result.fault = EvictionCause::PeerClosed;
    } else if (isReadToExamine(entry.isEncrypted) && !entry.examination.isFull) {
        result.isKnown = false;
    } else if (unsolicited == Unsolicited::Evict) {
        result.fault = EvictionCause::Unsolicited;
    } else {
        result.isKnown = !hasHungUp(entry.descriptor);
    }
    return result;
}

std::shared_ptr<Lease> PoolCore::makeLease(const Entry &entry, bool isBytesExpected)
{
    return std::make_shared<Lease>(weak_from_this(), entry.token(), entry.id, entry.socket,
                                   Lease::Expected{isBytesExpected, entry.hasEnded});
}

// Checks one connection after another, until one is good or none is left. All work that needs no mutex happens without
// the mutex, including reading the clock, because other takers wait for the mutex.
PoolCore::WarmTake PoolCore::takeParked(std::optional<ConnectionId> id, Clock::time_point askedAt)
{
    while (CheckedOut out = m_machine.checkOut(id)) {
        const auto watcher = m_watcher;
        const Unsolicited unsolicited = m_machine.policy().unsolicited;
        m_mutex.unlock();
        unwatch(watcher, *out);
        const Look seen = look(*out, unsolicited);
        WarmTake taken;
        if (seen.isGood())
            taken.lease = makeLease(*out, seen.hasBytes && !out->isEncrypted);
        const auto now = Clock::now();
        m_mutex.lock();
        if (taken.lease && m_machine.leaseWarm(out, askedAt, now)) {
            taken.wakesSupply = m_machine.needsWakeAfterTake();
            taken.hasEvents = m_machine.hasEvents();
            return taken;
        }
        if (taken.lease)
            (void)taken.lease->reclaim();
        Effects effects = effectsOf(m_machine.putAside(std::move(out), seen.fault, seen.text, momentNow()));
        m_mutex.unlock();
        carryOut(std::move(effects));
        m_mutex.lock();
    }
    return {};
}

TakeResult PoolCore::afterTake(WarmTake taken, const std::shared_ptr<TakeContext> &context)
{
    if (taken.wakesSupply)
        wakeSupply();
    announce(taken.hasEvents ? Actions::Announce::Now : Actions::Announce::Metrics);
    if (context) {
        taken.lease->setContext(context);
        taken.lease->deliver();
    }
    return Connection(std::move(taken.lease));
}

TakeResult PoolCore::tryTake()
{
    const auto askedAt = Clock::now();
    if (isOfAnotherProcess())
        return refusalAfterFork();
    MutexLocker lock(m_mutex);
    if (WarmTake taken = takeParked({}, askedAt); taken.lease) {
        lock.unlock();
        return afterTake(std::move(taken), nullptr);
    }
    PoolError error = m_machine.refuseTry();
    const PoolStatus status = m_machine.status(askedAt);
    lock.unlock();
    wakeSupply(); // dead ones may have been found
    m_notifier.notify();
    return withStatus(std::move(error), status);
}

// --- Takes that wait

QFuture<TakeResult> PoolCore::take(const TakeRequest &request)
{
    const auto askedAt = Clock::now();
    if (isOfAnotherProcess())
        return readyFuture(refusalAfterFork());
    MutexLocker lock(m_mutex);
    if (WarmTake taken = takeParked(request.id, askedAt); taken.lease) {
        lock.unlock();
        return readyFuture(afterTake(std::move(taken), request.context));
    }
    PoolMachine::Wait wait = m_machine.startWaiting(request.id, request.timeout, askedAt);
    if (wait.error) {
        const PoolStatus status = m_machine.status(askedAt);
        lock.unlock();
        return readyFuture(withStatus(std::move(wait.error), status));
    }
    PendingTake &take = m_pending[wait.ticket];
    take.context = request.context;
    take.promise.start();
    QFuture<TakeResult> future = take.promise.future();
    const std::shared_ptr<IoThread> ioThread = m_port.ioThread;
    const auto watchForCancel = m_port.watchForCancel;
    lock.unlock();
    ioThread->post([weak = weak_from_this(), watchForCancel, ticket = wait.ticket] {
        const auto core = weak.lock();
        if (const auto pending = core ? core->futureOf(ticket) : std::nullopt)
            watchForCancel(QFuture<void>(*pending), ticket);
    });
    if (request.context) {
        request.context->whenGone([weak = weak_from_this(), ticket = wait.ticket] {
            if (const auto core = weak.lock())
                core->dropContext(ticket);
        });
    }
    wakeSupply();
    m_notifier.notify();
    return future;
}

// Returns std::nullopt if the take has been served, because a task of the I/O thread must not keep the connection open.
// The future has a type while a watcher is set: the last future of that type removes the result without a lock, and
// setting a watcher reads the result.
std::optional<QFuture<TakeResult>> PoolCore::futureOf(Waiters::Ticket ticket)
{
    const MutexLocker lock(m_mutex);
    const auto found = m_pending.find(ticket);
    return found == m_pending.end() ? std::nullopt : std::optional(found->second.promise.future());
}

void PoolCore::cancel(Waiters::Ticket ticket)
{
    std::optional<PendingTake> take;
    {
        const MutexLocker lock(m_mutex);
        if (!m_machine.cancel(ticket))
            return;
        take = pendingTake(ticket);
    }
    finish(std::move(*take));
    m_notifier.notify();
}

void PoolCore::dropContext(Waiters::Ticket ticket)
{
    perform([ticket, error = contextGone(), now = Clock::now()](PoolMachine &machine) {
        return machine.fail(ticket, error, now);
    });
}

// --- Offers

// The watch starts before the connection is parked, so that the end is never missed. It starts without the mutex.
void PoolCore::offer(CheckedOut out)
{
    using Next = PoolMachine::Offer::Next;
    std::shared_ptr<Watcher> watcher;
    std::optional<PendingTake> take;
    bool isWatched = false;
    while (out) {
        const Moment now = momentNow();
        MutexLocker lock(m_mutex);
        PoolMachine::Offer offered = m_machine.offer(out, isWatched, now);
        if (!watcher)
            watcher = m_watcher;
        if (offered.next == Next::Serve)
            take = pendingTake(offered.ticket);
        Effects effects = effectsOf(std::move(offered.actions));
        lock.unlock();
        if (offered.next == Next::Watch) {
            if (watcher && !out->hasEnded)
                out->watch = watcher->add(out->descriptor, out->token(), watchFor(*out));
            isWatched = true;
        } else if (offered.next == Next::Serve) {
            unwatch(watcher, *out);
            isWatched = false;
            serve(offered.ticket, std::move(*take), out);
        } else {
            effects.watcher = watcher;
            carryOut(std::move(effects));
        }
    }
}

CheckedOut PoolCore::takeBack(quint64 token)
{
    const MutexLocker lock(m_mutex);
    return m_machine.takeBack(token);
}

void PoolCore::leaveUnserved(Waiters::Ticket ticket, PendingTake take, bool isCancelled)
{
    const auto now = Clock::now();
    if (isCancelled) {
        perform([=](PoolMachine &machine) { return machine.notServed(ticket, {}, now); });
        finish(std::move(take));
        return;
    }
    MutexLocker lock(m_mutex);
    m_pending.emplace(ticket, std::move(take));
    Effects effects = effectsOf(m_machine.notServed(ticket, contextGone(), now));
    lock.unlock();
    carryOut(std::move(effects));
}

// If the take was cancelled, or its context has been destroyed, the connection goes to another take.
void PoolCore::serve(Waiters::Ticket ticket, PendingTake take, CheckedOut &out)
{
    const auto lease = makeLease(*out, !out->isEncrypted);
    // before the result is set, because a waiter can ask for the socket at once after that
    lease->setContext(take.context);
    const bool isLost = take.context && take.context->isGone();
    const auto now = Clock::now();
    MutexLocker lock(m_mutex);
    const bool isCancelled = take.promise.isCanceled();
    if (isCancelled || isLost) {
        lock.unlock();
        (void)lease->reclaim();
        leaveUnserved(ticket, std::move(take), isCancelled);
        return;
    }
    Effects effects = effectsOf(m_machine.served(ticket, std::move(out), now));
    lock.unlock();
    if (take.promise.addResult(TakeResult(Connection(lease)))) {
        lease->deliver();
    } else { // the take was cancelled at this moment
        QSslSocket *socket = lease->reclaim();
        out = takeBack(lease->token());
        if (!out)
            closeGently(socket);
    }
    finish(std::move(take));
    carryOut(std::move(effects));
}

} // namespace Tidepool
