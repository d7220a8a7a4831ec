// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolmachine.h"
#include "poolmachine_check.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace Tidepool {

Demand PoolMachine::demand(Clock::time_point now) const
{
    Demand demand;
    demand.active = m_store.parkedCount() + m_store.givenBackCount() + m_store.returnedCount()
        + static_cast<int>(m_toExamine.size());
    demand.retiring = std::min(m_store.retiringCount() + scoutCount(), m_store.parkedCount());
    demand.returning = expectedBack(now);
    demand.room = m_policy.maximumTotal > 0 ? m_policy.maximumTotal - m_store.size() : std::numeric_limits<int>::max();
    demand.waitingForAny = m_waiters.anyCount();
    demand.taken = m_counters.takenTotal;
    demand.asked = m_counters.takesAsked;
    demand.givenBack = m_counters.givenBack;
    demand.hasLosses = !m_losses.empty();
    demand.limit = m_policy.limit;
    demand.isOpen = isRunning() && !m_isPaused;
    return demand;
}

// --- Room

// A client parks the replacement first and then evicts the connection that it replaces. See expire().
bool PoolMachine::isFull() const
{
    const int count = m_store.parkedCount() + static_cast<int>(m_toExamine.size());
    return count - (m_policy.isServer ? 0 : m_store.retiringCount() + scoutCount()) >= m_policy.limit;
}

// True if the limit of a client's total was lowered below the current total.
bool PoolMachine::isTooMuch() const
{
    return !m_policy.isServer && m_policy.maximumTotal > 0 && m_store.size() > m_policy.maximumTotal;
}

// Every waiting take makes room for one more connection. Takes by id make no room, because a new connection gets a new
// id, never one of these ids.
int PoolMachine::room() const
{
    if (m_policy.overflow == Overflow::ReplaceOldest)
        return std::numeric_limits<int>::max();
    const int kept = m_store.parkedCount() - m_store.retiringCount();
    return m_policy.limit + m_waiters.anyCount() - kept - m_reserved;
}

bool PoolMachine::reserve()
{
    if (room() <= 0)
        return false;
    ++m_reserved;
    return true;
}

bool PoolMachine::makeRoomFor(ConnectionId id, const Moment &now, Actions &actions)
{
    if (m_waiters.isAwaited(id) || !isFull())
        return true;
    const auto replace = [&](Entry *entry, EvictionCause cause) {
        m_store.checkOut(entry);
        actions.closeHere.push_back(evict(out(entry), cause, {}, now));
    };
    if (m_store.retiringCount() > 0)
        replace(m_store.nextToEnd(), EvictionCause::Expired);
    else if (m_policy.overflow == Overflow::ReplaceOldest && m_store.parkedCount() > 0)
        replace(m_store.oldestParked(), EvictionCause::Replaced);
    else if (m_policy.overflow == Overflow::ReplaceOldest)
        return replaceExamined(now, actions);
    else
        return false;
    return true;
}

// No connection is parked, because all are being examined or have bytes to be examined.
bool PoolMachine::replaceExamined(const Moment &now, Actions &actions)
{
    const auto oldest = std::ranges::find_if(m_toExamine, [](const CheckedOut &out) { return !out->isControl(); });
    if (oldest == m_toExamine.end())
        return false;
    CheckedOut out = std::move(*oldest);
    m_toExamine.erase(oldest);
    actions.closeHere.push_back(evict(std::move(out), EvictionCause::Replaced, {}, now));
    return true;
}

// --- Ids

bool PoolMachine::claimControlId(quint64 generation, Clock::time_point now)
{
    const CounterCheck check(*this);
    Entry *old = m_store.find(controlId);
    if (old && old->state == Entry::State::Leased && old->generation < m_openGeneration) {
        endLease(old, false, now); // a connection of an earlier start still has the id
        old = nullptr;
    }
    if (old || m_controlGeneration >= generation)
        return false;
    m_controlGeneration = generation;
    return true;
}

// One of an older generation may come to its end when a newer one has given the id already.
void PoolMachine::releaseControlId(quint64 generation)
{
    if (m_controlGeneration == generation)
        m_controlGeneration = 0;
}

const Entry *PoolMachine::parkedNamed(ConnectionId id) const
{
    const Entry *entry = m_policy.isServer ? nullptr : m_store.find(id);
    return entry && entry->state == Entry::State::Parked ? entry : nullptr;
}

// The end that made the new connection knows that the old connection is over, perhaps before this end does. If the old
// connection is taken, it stays open without its id. If its peer is gone, the new connection replaces it.
void PoolMachine::vacate(ConnectionId id, bool isGone, const Moment &now, Actions &actions)
{
    Entry *old = m_store.find(id);
    if (!old || m_policy.isServer)
        return;
    if (old->state == Entry::State::Leased) {
        endLease(old, false, now.steady);
    } else if (old->state == Entry::State::Ended || (old->state == Entry::State::Parked && isGone)) {
        m_store.checkOut(old);
        actions.closeHere.push_back(evict(out(old), EvictionCause::PeerClosed, {}, now));
    }
}

// --- Calls of the supply

PoolMachine::Arrival PoolMachine::established(std::unique_ptr<Entry> made, Clock::time_point begunAt,
                                              bool isNamesakeGone, const Moment &now)
{
    const CounterCheck check(*this);
    ++m_counters.established;
    m_counters.dialTime.add(made->establishedAt - begunAt);
    const bool isCurrent = isRunning() && made->generation == m_generation;
    if (isCurrent && !m_health.trouble) {
        m_health.isUp = true;
        m_health.hasFailed = false;
        m_health.lastError = {};
    }
    Arrival result;
    if (isCurrent)
        m_alarm.noteSuccess(now.steady);
    const ConnectionId id = made->id;
    const bool hasPlace = made->hasPlace;
    // With Overflow::ReplaceOldest, every connection has a reserved place, so a reserved place gives no information.
    const bool isKept = hasPlace && m_policy.overflow != Overflow::ReplaceOldest;
    const bool isRoom = isCurrent && (made->isControl() || makeRoomFor(id, now, result.actions) || isKept);
    const int failedBefore = isCurrent ? std::exchange(m_health.failedInARow, 0) : 0;
    if (isRoom) {
        vacate(id, isNamesakeGone, now, result.actions);
        if (Entry *added = m_store.add(std::move(made))) {
            result.out = out(added);
            return result;
        }
        m_health.failedInARow = failedBefore;
        result.isBadIdentity = true;
        attemptFailed({Phase::Identify, ErrorKind::BadIdentity,
                       QStringLiteral("The server sent the id %1, which another connection of this pool has.")
                           .arg(id.toString())});
    } else if (isCurrent) {
        ++m_counters.overflowed;
    }
    ++m_counters.dropped;
    m_reserved -= hasPlace ? 1 : 0;
    result.actions.announce = Actions::Announce::Now;
    return result;
}

bool PoolMachine::attemptFailed(const PoolError &error)
{
    const bool isSilence = error.kind() == ErrorKind::Timeout || error.kind() == ErrorKind::Unreachable;
    if (isSilence && (error.phase() == Phase::Dial || error.phase() == Phase::Handshake))
        noteSign();
    ++m_counters.failed[static_cast<size_t>(error.phase())];
    m_health.lastError = error;
    ++m_health.failedInARow;
    // The clients of a server fail for reasons of their own.
    if (!m_policy.isServer) {
        m_health.hasFailed = true;
        if (m_store.parkedCount() == 0)
            m_health.isUp = false;
    }
    m_events.add(PoolEvent::Kind::Failed, {}, {}, error);
    return m_alarm.hasSign();
}

void PoolMachine::setTrouble(const PoolError &error)
{
    if (error || m_health.lastError == m_health.trouble) // else there is a newer one
        m_health.lastError = error;
    m_health.trouble = error;
    m_health.hasFailed = static_cast<bool>(error);
    if (m_store.parkedCount() == 0)
        m_health.isUp = false;
    else if (!error)
        m_health.isUp = isRunning();
    if (!error)
        return;
    ++m_counters.failed[static_cast<size_t>(error.phase())];
    m_events.add(PoolEvent::Kind::Failed, {}, {}, error);
}

bool PoolMachine::setTarget(int capacity, std::chrono::milliseconds interval)
{
    if (m_capacity == capacity && m_interval == interval)
        return false;
    m_capacity = capacity;
    m_interval = interval;
    return true;
}

Actions PoolMachine::setSizing(const SizingReason &reason, std::optional<Clock::time_point> nextBurst)
{
    m_nextBurst = nextBurst;
    if (m_sizing == reason)
        return {};
    m_sizing = reason;
    return metricsChanged();
}

Actions PoolMachine::evictSurplusOf(int keep, const Moment &now)
{
    const CounterCheck check(*this);
    EvictedBatch batch{EvictionCause::Surplus};
    while (isRunning() && m_store.parkedCount() - m_store.retiringCount() > std::max(keep, 0))
        addTo(batch, m_store.oldestParked());
    Actions actions;
    if (!batch.entries.empty())
        actions = announcing();
    finishBatch(std::move(batch), now, actions);
    return actions;
}

bool PoolMachine::setNextAttempt(std::optional<Clock::time_point> when)
{
    return std::exchange(m_health.nextAttempt, when) != when;
}

Actions PoolMachine::setFatal(const PoolError &error, quint64 generation, Clock::time_point now)
{
    const CounterCheck check(*this);
    if (generation != m_generation)
        return {}; // the settings that caused the error have been replaced
    Actions actions = announcing();
    m_health.fatal = error;
    m_health.hasFailed = static_cast<bool>(error);
    if (!error)
        return actions;
    m_health.lastError = error;
    if (m_store.parkedCount() == 0)
        m_health.isUp = false;
    failAll(m_waiters.removeAll(), error, now, actions);
    return actions;
}

Actions PoolMachine::halt(const PoolError &error, Clock::time_point now)
{
    const CounterCheck check(*this);
    m_health.halted = error;
    Actions actions = announcing();
    failAll(m_waiters.removeAll(), error, now, actions);
    return actions;
}

// Earlier errors do not predict later ones, so the pool is in the same state as after its start.
PoolMachine::Renewed PoolMachine::renew(quint64 generation, Renewal cause, Clock::time_point quietUntil,
                                        const Moment &now)
{
    const CounterCheck check(*this);
    if (!isRunning() || generation != m_generation)
        return {};
    ++m_counters.renewals[static_cast<size_t>(cause)];
    m_health.isUp = false;
    m_health.hasFailed = false;
    m_health.lastError = {};
    m_health.trouble = {};
    m_health.wakingUntil.reset();
    if (cause == Renewal::Sleep)
        m_health.wakingUntil = quietUntil;
    Actions actions = flush(now);
    return {m_generation, std::move(actions)};
}

bool PoolMachine::setOffline(bool isOffline)
{
    return std::exchange(m_health.isOffline, isOffline) != isOffline;
}

} // namespace Tidepool
