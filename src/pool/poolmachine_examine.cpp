// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Connections that the I/O thread examines, and connections that takers give back.

#include "poolmachine.h"
#include "poolmachine_check.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

// The watcher reports only once. If the connection is already checked out, the examination happens when the connection
// is parked.
CheckedOut PoolMachine::examine(quint64 token)
{
    Entry *entry = m_store.find(token);
    if (!entry || entry->state == Entry::State::Leased || entry->state == Entry::State::Ended)
        return {}; // taken in the meantime, or already reported
    if (entry->state == Entry::State::Checking) {
        entry->hasNews = true;
        return {};
    }
    m_store.checkOut(entry);
    return out(entry);
}

// The place of the connection stays reserved during the examination.
void PoolMachine::leaveToIoThread(CheckedOut out)
{
    m_store.endReturn(&*out);
    if (!std::exchange(out->hasPlace, true))
        ++m_reserved;
    m_toExamine.push_back(std::move(out));
}

CheckedOut PoolMachine::nextToExamine()
{
    if (m_toExamine.empty())
        return {};
    CheckedOut result = std::move(m_toExamine.front());
    m_toExamine.pop_front();
    return result;
}

qint64 PoolMachine::readRoom() const
{
    return m_store.buffered() < pooledReadBuffers ? pooledReadBuffer : lessReadBuffer;
}

void PoolMachine::examined(CheckedOut &out, qint64 held, bool isNews, bool isUnfinished)
{
    const CounterCheck check(*this);
    m_store.setBuffered(&*out, held);
    if (isNews || out->hasEnded)
        trust(&*out); // the peer has sent bytes, so it is still there
    if (isNews && out->isCounted && m_policy.unsolicited == Unsolicited::Keep)
        m_events.add(PoolEvent::Kind::Readable, out->id);
    if (isUnfinished && out->generation == m_generation)
        leaveToIoThread(std::move(out));
}

// A connection that was never parked counts as parked for no time. The pool must not learn an idle time from such a
// connection, so its isCounted does not change.
Actions PoolMachine::evictExamined(CheckedOut out, EvictionCause cause, const QString &text, const Moment &now)
{
    const CounterCheck check(*this);
    m_counters.parkedTotal += out->isCounted ? 0 : 1;
    Actions actions = announcing();
    actions.wakesSupply = true;
    actions.closeHere.push_back(evict(std::move(out), cause, text, now));
    return actions;
}

// --- Ends of leases

// The connection is parked only when its thread has time for that. The next take, or a round, can come first.
void PoolMachine::announceGiveBack(quint64 token)
{
    Entry *entry = m_store.find(token);
    if (entry && entry->state == Entry::State::Leased && entry->generation == m_generation)
        m_store.setGivenBack(entry);
}

void PoolMachine::endLease(Entry *entry, bool isReturned, Clock::time_point now)
{
    m_returns.ended(isReturned, std::max(now - entry->parkedAt, Clock::duration::zero()));
    if (!isReturned)
        m_store.remove(entry);
}

CheckedOut PoolMachine::giveBack(quint64 token, bool isGood, bool hasSpoken, Clock::time_point now)
{
    const CounterCheck check(*this);
    Entry *entry = m_store.find(token);
    if (!entry || entry->state != Entry::State::Leased)
        return {};
    const bool isRoom = m_store.parkedCount() < m_policy.limit || m_waiters.isAwaited(entry->id);
    const bool isWelcome = isRoom && isRunning() && entry->generation == m_generation;
    endLease(entry, isGood, now);
    if (!isGood) {
        ++m_counters.failed[static_cast<size_t>(Phase::Validate)];
        return {};
    }
    ++m_counters.givenBack;
    m_store.reclaim(entry);
    entry->hasSpoken = hasSpoken;
    entry->hasEnded = false;
    entry->examination = {};
    entry->isCounted = false;
    if (isWelcome)
        return out(entry);
    (void)drop(out(entry));
    return {};
}

Actions PoolMachine::leaseEnded(quint64 token, Clock::time_point now)
{
    const CounterCheck check(*this);
    Entry *entry = m_store.find(token);
    if (!entry || entry->state != Entry::State::Leased)
        return {};
    endLease(entry, false, now);
    Actions actions = announcing();
    actions.wakesSupply = !m_policy.isServer && (m_policy.maximumTotal > 0 || m_returns.expected(1) > 0);
    return actions;
}

// Only values up to the capacity matter, so the loop is short.
int PoolMachine::expectedBack(Clock::time_point now) const
{
    if (m_policy.isServer || m_returns.expected(m_capacity) == 0)
        return 0;
    const auto tooEarly = now - m_returns.patience();
    int recent = 0;
    for (const Entry *entry = m_store.newestLeased().front();
         entry && entry->parkedAt > tooEarly && recent < m_capacity; entry = entry->older)
        recent += entry->generation == m_generation ? 1 : 0;
    // Connections that takers check at the moment count as taken.
    const int looking = m_store.checkedOutCount() - m_store.returnedCount() - static_cast<int>(m_toExamine.size());
    return m_returns.expected(std::clamp(recent + looking, 0, m_capacity));
}

} // namespace Tidepool
