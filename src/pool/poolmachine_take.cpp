// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../types/durations.h"
#include "poolmachine.h"
#include "poolmachine_check.h"

#include <utility>

namespace Tidepool {

PoolError PoolMachine::refusal() const
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

// --- Takes of parked connections

CheckedOut PoolMachine::checkOut(std::optional<ConnectionId> id)
{
    if (!isRunning())
        return {};
    return out(id ? m_store.checkOut(*id) : m_store.checkOut(m_policy.order));
}

bool PoolMachine::leaseWarm(CheckedOut &out, Clock::time_point askedAt, Clock::time_point now)
{
    const CounterCheck check(*this);
    if (causeToGo(*out))
        return false;
    ++m_counters.takesAsked;
    ++m_counters.servedWarm;
    m_counters.waitTime.add(now - askedAt);
    lease(std::move(out), now);
    return true;
}

Actions PoolMachine::putAside(CheckedOut out, std::optional<EvictionCause> fault, const QString &text,
                              const Moment &now)
{
    const CounterCheck check(*this);
    if (const auto cause = causeToGo(*out))
        fault = cause;
    Actions actions;
    if (fault)
        // thousands of connections can have closed at once
        actions.closeInIoThread.push_back(evict(std::move(out), *fault, text, now));
    else
        leaveToIoThread(std::move(out));
    actions.looksLater = !fault;
    return actions;
}

// A client pool dials a replacement, but a server pool or a paused pool cannot. The supply is also woken if leases have
// a threshold.
bool PoolMachine::needsWakeAfterTake() const
{
    const bool refills = !m_policy.isServer && !m_isPaused;
    return m_alarm.hasSign() || refills || m_policy.leaseThreshold.count() > 0;
}

// --- Takes that wait, and takes that fail

PoolMachine::Wait PoolMachine::startWaiting(std::optional<ConnectionId> id, std::chrono::milliseconds timeout,
                                            Clock::time_point askedAt)
{
    const CounterCheck check(*this);
    PoolError error = refusal();
    if (!error)
        error = m_health.halted ? m_health.halted : m_health.fatal;
    if (!error && m_waiters.lineSize() >= m_policy.maximumWaiting)
        error = {Phase::Wait, ErrorKind::Limit,
                 QStringLiteral("%1 takes wait already, which is the limit; raise maximumWaiting or the capacity.")
                     .arg(m_waiters.lineSize())};
    ++m_counters.takesAsked;
    if (error) {
        ++m_counters.takesFailed;
        return {0, std::move(error)};
    }
    Waiter waiter;
    waiter.id = id;
    waiter.askedAt = askedAt;
    waiter.deadline =
        askedAt + clampedDuration(timeout.count() < 0 ? m_policy.takeTimeout : timeout, std::chrono::milliseconds(0));
    return {m_waiters.add(waiter), {}};
}

PoolError PoolMachine::refuseTry()
{
    const CounterCheck check(*this);
    ++m_counters.takesAsked;
    ++m_counters.takesFailed;
    if (!isRunning())
        return refusal();
    if (!m_toExamine.empty())
        return {Phase::Wait, ErrorKind::Empty,
                QStringLiteral("No connection can be handed out just now: an I/O thread still looks at what arrived on "
                               "%1 of them; take() waits for that.")
                    .arg(m_toExamine.size())};
    if (m_isPaused)
        return {Phase::Wait, ErrorKind::Empty,
                QStringLiteral("No connection is parked, and the pool is paused: none are made until resume().")};
    return {Phase::Wait, ErrorKind::Empty, QStringLiteral("No connection is parked just now; take() waits for one.")};
}

bool PoolMachine::cancel(Ticket ticket)
{
    const CounterCheck check(*this);
    if (!m_waiters.remove(ticket))
        return false;
    ++m_counters.takesCancelled;
    return true;
}

Actions PoolMachine::fail(Ticket ticket, const PoolError &error, Clock::time_point now)
{
    const CounterCheck check(*this);
    const auto waiter = m_waiters.remove(ticket);
    if (!waiter)
        return {};
    Actions actions = announcing();
    failAll({*waiter}, error, now, actions);
    return actions;
}

// Only errors of the wait itself carry the status.
void PoolMachine::failAll(std::vector<Waiter> waiters, const PoolError &error, Clock::time_point now, Actions &actions)
{
    if (waiters.empty())
        return;
    m_counters.takesFailed += static_cast<qint64>(waiters.size());
    actions.failed = std::move(waiters);
    actions.error = error;
    if (error.phase() == Phase::Wait)
        actions.error.setStatus(status(now));
}

// --- Offers

PoolMachine::Offer PoolMachine::offer(CheckedOut &out, bool isWatched, const Moment &now)
{
    const CounterCheck check(*this);
    if (const auto cause = objectionTo(*out, isWatched)) {
        auto gone = letGo(std::move(out), *cause, now);
        Actions actions = metricsChanged();
        actions.wakesSupply = true;
        actions.closeHere.push_back(std::move(gone));
        return {.actions = std::move(actions)};
    }
    // Only a take by id can use a connection that the peer has closed, or the control connection.
    const bool isForAny = !out->hasEnded && !out->isControl();
    if (const auto ticket = isForAny ? m_waiters.serveNext(out->id) : m_waiters.serveNextByName(out->id))
        return {.next = Offer::Next::Serve, .ticket = *ticket};
    if (!isWatched)
        return {.next = Offer::Next::Watch};
    Actions parked;
    park(std::move(out), now, parked);
    parked.announce = metricsChanged().announce;
    parked.wakesSupply = true;
    return {.actions = std::move(parked)};
}

// The reason why a connection must not be handed out, if there is one. There was room when the connection was made or
// given back, but other connections may have been offered since.
std::optional<EvictionCause> PoolMachine::objectionTo(const Entry &entry, bool isWatched) const
{
    if (entry.hasSpoken && m_policy.unsolicited == Unsolicited::Evict)
        return EvictionCause::Unsolicited;
    if (m_policy.isServer && !m_policy.allowedClients.admits(entry.address))
        return EvictionCause::NotAllowed;
    if (const auto cause = causeToGo(entry))
        return cause;
    if (isWatched && !entry.hasEnded && !entry.hasPlace && !entry.isControl() && isFull()
        && !m_waiters.isAwaited(entry.id))
        return EvictionCause::Surplus;
    return std::nullopt;
}

// The eviction that was decided while the connection was checked out.
std::optional<EvictionCause> PoolMachine::causeToGo(const Entry &entry) const
{
    if (entry.generation != m_generation)
        return isRunning() ? EvictionCause::Flushed : EvictionCause::PoolClosed;
    return entry.isUnwanted ? std::optional(EvictionCause::Requested) : std::nullopt;
}

// A connection that was good counts as parked for no time.
std::unique_ptr<Entry> PoolMachine::letGo(CheckedOut out, EvictionCause cause, const Moment &now)
{
    const bool wasGood =
        cause == EvictionCause::Unsolicited || cause == EvictionCause::Surplus || cause == EvictionCause::Requested;
    if (wasGood && !std::exchange(out->isCounted, true))
        ++m_counters.parkedTotal;
    return out->isCounted ? evict(std::move(out), cause, {}, now) : drop(std::move(out));
}

Actions PoolMachine::served(Ticket ticket, CheckedOut out, Clock::time_point now)
{
    const CounterCheck check(*this);
    const Waiter waiter = m_waiters.endServing(ticket);
    countAsParked(*out, now);
    ++m_counters.servedAfterWait;
    m_counters.waitTime.add(now - waiter.askedAt);
    lease(std::move(out), now);
    Actions actions = metricsChanged();
    actions.wakesSupply = true;
    return actions;
}

Actions PoolMachine::notServed(Ticket ticket, const std::optional<PoolError> &error, Clock::time_point now)
{
    const CounterCheck check(*this);
    const Waiter waiter = m_waiters.endServing(ticket);
    Actions actions;
    if (error)
        failAll({waiter}, *error, now, actions);
    else
        ++m_counters.takesCancelled;
    return actions;
}

// The counters keep their values, because somebody can have read them: the take was served, and the connection was
// given back.
CheckedOut PoolMachine::takeBack(quint64 token)
{
    const CounterCheck check(*this);
    Entry *entry = m_store.find(token);
    if (!entry || entry->state != Entry::State::Leased)
        return {};
    m_store.reclaim(entry);
    ++m_counters.givenBack;
    entry->isCounted = false;
    return out(entry);
}

} // namespace Tidepool
