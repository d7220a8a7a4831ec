// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolmachine.h"

#include "poolmachine_check.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace Tidepool {

// The reserved place of a connection lasts until the connection is parked or leaves the pool.
Entry *PoolMachine::finish(CheckedOut &out)
{
    Entry *entry = std::exchange(out.m_entry, nullptr);
    if (std::exchange(entry->hasPlace, false))
        --m_reserved;
    return entry;
}

void CheckedOut::reset()
{
    if (Entry *entry = std::exchange(m_entry, nullptr))
        m_machine->forget(entry);
}

// The caller may or may not hold the mutex, so this function does not lock it. expire() evicts the connection.
void PoolMachine::forget(Entry *entry)
{
    Q_ASSERT_X(false, "CheckedOut", "A connection was neither parked, leased, evicted nor dropped.");
    entry->nextForgotten = m_forgotten;
    while (!m_forgotten.compare_exchange_weak(entry->nextForgotten, entry)) {}
}

void PoolMachine::evictForgotten(const Moment &now, Actions &actions)
{
    for (Entry *entry = m_forgotten.exchange(nullptr); entry;) {
        Entry *next = std::exchange(entry->nextForgotten, nullptr);
        actions.closeInIoThread.push_back(evict(out(entry), EvictionCause::PeerClosed, {}, now));
        entry = next;
    }
}

PoolMachine::PoolMachine(IdleStore::ArrivalProbe hasArrived, quint32 seed, const PeerProbe *probe)
    : m_store(hasArrived), m_probe(probe), m_random(seed)
{}

PoolMachine::~PoolMachine()
{
    for (CheckedOut &out : m_toExamine)
        (void)finish(out);
}

Actions PoolMachine::announcing()
{
    Actions actions;
    actions.announce = Actions::Announce::Now;
    return actions;
}

// Metrics can wait for a frame. An event with a connected slot cannot.
Actions PoolMachine::metricsChanged() const
{
    Actions actions;
    actions.announce = hasEvents() ? Actions::Announce::Now : Actions::Announce::Metrics;
    return actions;
}

// --- The pool's life

Actions PoolMachine::setPolicy(const CorePolicy &policy, const Moment &now)
{
    const CounterCheck check(*this);
    Actions actions = announcing();
    actions.wakesSupply = true;
    const bool hasNewClients = policy.allowedClients != m_policy.allowedClients;
    const bool hasNewLifetimes = policy.lifetimes != m_policy.lifetimes;
    m_policy = policy;
    if (hasNewClients)
        evictNotAllowed(now, actions);
    m_store.setPrefersArrived(policy.isServer && policy.order == TakeOrder::NewestFirst);
    evictSurplus(now, actions);
    trimEnded(now, actions);
    if (hasNewLifetimes)
        renewExpiries();
    if (policy.isServer)
        m_capacity = policy.limit;
    return actions;
}

quint64 PoolMachine::open(int capacity, std::chrono::milliseconds interval)
{
    const CounterCheck check(*this);
    m_life = Life::Running;
    m_isPaused = false;
    m_health = {};
    m_alarm = {};
    m_losses.clear();
    m_capacity = capacity;
    m_interval = interval;
    beginGeneration();
    m_openGeneration = m_generation;
    return m_generation;
}

// The new connections can lead to another server, or use another route.
void PoolMachine::beginGeneration()
{
    ++m_generation;
    m_idleLifetime.forget();
    m_health.failedInARow = 0;
}

bool PoolMachine::setPaused(bool paused)
{
    if (!isRunning())
        return false;
    m_isPaused = paused;
    return true;
}

Actions PoolMachine::drain(const Moment &now)
{
    const CounterCheck check(*this);
    if (!isRunning())
        return {};
    m_life = Life::Draining;
    beginGeneration();
    Actions actions = announcing();
    evictIdle(EvictionCause::PoolClosed, now, actions);
    failAll(m_waiters.removeAll(), refusal(), now.steady, actions);
    return actions;
}

Actions PoolMachine::shutDown(const Moment &now)
{
    const CounterCheck check(*this);
    if (m_life == Life::Stopped || m_life == Life::Closed)
        return {};
    m_life = Life::Closed;
    beginGeneration();
    Actions actions = announcing();
    evictIdle(EvictionCause::PoolClosed, now, actions);
    for (CheckedOut &out : std::exchange(m_toExamine, {}))
        actions.closeInIoThread.push_back(evict(std::move(out), EvictionCause::PoolClosed, {}, now));
    evictForgotten(now, actions);
    actions.failed = m_waiters.removeAll();
    m_counters.takesFailed += static_cast<qint64>(actions.failed.size());
    return actions;
}

Actions PoolMachine::flush(const Moment &now)
{
    const CounterCheck check(*this);
    beginGeneration();
    Actions actions = announcing();
    actions.wakesSupply = true;
    evictIdle(EvictionCause::Flushed, now, actions);
    return actions;
}

std::optional<Actions> PoolMachine::evictNamed(ConnectionId id, const Moment &now)
{
    const CounterCheck check(*this);
    Entry *entry = m_store.find(id);
    if (!entry || entry->state == Entry::State::Leased)
        return std::nullopt;
    Actions actions;
    if (entry->isIdle()) {
        m_store.checkOut(entry);
        actions = announcing();
        actions.wakesSupply = true;
        actions.closeInIoThread.push_back(evict(out(entry), EvictionCause::Requested, {}, now));
    } else {
        entry->isUnwanted = true;
    }
    return actions;
}

// --- The ends of a checkout

void PoolMachine::countAsParked(Entry &entry, Clock::time_point now)
{
    if (std::exchange(entry.isCounted, true))
        return;
    ++m_counters.parkedTotal;
    entry.parkedAt = now;
    m_events.add(PoolEvent::Kind::Parked, entry.id);
}

void PoolMachine::park(CheckedOut out, const Moment &now, Actions &actions)
{
    Entry *entry = finish(out);
    const bool isNew = !entry->isCounted;
    countAsParked(*entry, now.steady);
    if (isNew && entry->hasSpoken)
        m_events.add(PoolEvent::Kind::Readable, entry->id);
    if (entry->hasEnded) {
        learnFromDeath(*entry, now.steady);
        entry->parkedAt = now.steady;
        noteOutage();
        noteDeath(EvictionCause::PeerClosed, now.steady);
        noteLoss(*entry, EvictionCause::PeerClosed, now.steady);
    }
    // a connection that was only examined can have missed a change of the lifetimes
    entry->expiry = freshExpiry(*entry);
    m_store.park(entry);
    if (std::exchange(entry->hasNews, false))
        actions.examine = entry->token();
    trimEnded(now, actions);
}

void PoolMachine::lease(CheckedOut out, Clock::time_point now)
{
    Entry *entry = finish(out);
    ++m_counters.takenTotal;
    entry->parkedAt = now;
    entry->isUnwanted = false; // too late to evict
    trust(entry); // keepalive is its user's now
    m_store.lease(entry);
    m_events.add(PoolEvent::Kind::Taken, entry->id);
}

std::unique_ptr<Entry> PoolMachine::evict(CheckedOut out, EvictionCause cause, const QString &text, const Moment &now)
{
    Entry *entry = finish(out);
    ++m_counters.evicted[static_cast<size_t>(cause)];
    m_log.add(*entry, cause, text, now);
    m_events.add(PoolEvent::Kind::Evicted, entry->id, cause);
    if (cause == EvictionCause::PeerClosed || cause == EvictionCause::SocketError)
        noteOutage();
    // An end because of a broken network gives no information. The end of an ended connection is already counted.
    if (cause == EvictionCause::PeerClosed && !entry->hasEnded)
        learnFromDeath(*entry, now.steady);
    if (m_health.trouble && m_store.parkedCount() == 0)
        m_health.isUp = false;
    if (!entry->isOverdue) { // else its end is no news, and says nothing of how long connections live
        noteDeath(cause, now.steady);
        noteLoss(*entry, cause, now.steady);
    }
    return m_store.remove(entry);
}

std::unique_ptr<Entry> PoolMachine::drop(CheckedOut out)
{
    ++m_counters.dropped;
    return m_store.remove(finish(out));
}

// --- Evicted together

// Takers wait for the mutex, and there can be thousands of connections. The loop therefore does only the work that
// cannot be done once, or later.
void PoolMachine::addTo(EvictedBatch &batch, Entry *entry)
{
    m_store.checkOut(entry);
    batch.entries.push_back(m_store.remove(entry));
}

void PoolMachine::finishBatch(EvictedBatch batch, const Moment &now, Actions &actions)
{
    if (batch.entries.empty())
        return;
    m_counters.evicted[static_cast<size_t>(batch.cause)] += static_cast<qint64>(batch.entries.size());
    for (const auto &entry : batch.entries)
        m_events.add(PoolEvent::Kind::Evicted, entry->id, batch.cause);
    const size_t told =
        std::min(batch.entries.size(), EvictionLog::maximumSize); // more records would push each other out of the log
    for (auto entry = batch.entries.end() - static_cast<std::ptrdiff_t>(told); entry != batch.entries.end(); ++entry)
        m_log.add(**entry, batch.cause, {}, now);
    if (actions.closeInIoThread.empty())
        actions.closeInIoThread = std::move(batch.entries);
    else
        std::ranges::move(batch.entries, std::back_inserter(actions.closeInIoThread));
}

void PoolMachine::evictIdle(EvictionCause cause, const Moment &now, Actions &actions)
{
    EvictedBatch batch{cause};
    batch.entries.reserve(static_cast<size_t>(m_store.parkedCount() + m_store.endedCount() + m_store.controlCount()));
    while (Entry *entry = m_store.oldestParked())
        addTo(batch, entry);
    while (Entry *entry = m_store.oldestEnded())
        addTo(batch, entry);
    if (Entry *control = m_store.control())
        addTo(batch, control);
    finishBatch(std::move(batch), now, actions);
}

void PoolMachine::evictNotAllowed(const Moment &now, Actions &actions)
{
    EvictedBatch batch{EvictionCause::NotAllowed};
    std::vector<quint64> unwanted;
    const auto addOf = [&](const Entry *newest) {
        for (const Entry *entry = newest; entry; entry = entry->older) {
            if (!m_policy.allowedClients.admits(entry->address))
                unwanted.push_back(entry->token());
        }
    };
    for (const Entry *newest : m_store.newestIdle())
        addOf(newest);
    addOf(m_store.control());
    for (const quint64 token : unwanted)
        addTo(batch, m_store.find(token));
    finishBatch(std::move(batch), now, actions);
}

void PoolMachine::evictSurplus(const Moment &now, Actions &actions)
{
    EvictedBatch batch{EvictionCause::Surplus};
    while (m_store.parkedCount() > 0 && (m_store.parkedCount() > m_policy.limit || isTooMuch()))
        addTo(batch, m_store.oldestParked());
    finishBatch(std::move(batch), now, actions);
}

// A peer must not fill the memory by repeatedly writing and closing.
void PoolMachine::trimEnded(const Moment &now, Actions &actions)
{
    EvictedBatch batch{EvictionCause::PeerClosed};
    while (m_store.endedCount() > m_policy.limit || m_store.bufferedInEnded() > pooledReadBuffers)
        addTo(batch, m_store.oldestEnded());
    finishBatch(std::move(batch), now, actions);
}

// Called when the last connection has died. A client learns from its next dial whether there is an outage. A server can
// only wait.
void PoolMachine::noteOutage()
{
    if (m_policy.isServer && m_store.parkedCount() == 0)
        m_health.isUp = false;
}

// A connection that left because of the pool's own rules is no loss. A server dials no replacements.
void PoolMachine::noteLoss(const Entry &entry, EvictionCause cause, Clock::time_point now)
{
    switch (cause) {
    case EvictionCause::Flushed:
    case EvictionCause::Surplus:
    case EvictionCause::Expired:
    case EvictionCause::Replaced:
    case EvictionCause::PoolClosed:
        return;
    default:
        break;
    }
    if (!m_policy.isServer && isRunning())
        m_losses.push_back({std::max(now - entry.establishedAt, Clock::duration::zero()), cause});
}

// expire() handles the consequences later.
void PoolMachine::learnFromDeath(const Entry &entry, Clock::time_point now)
{
    if (m_policy.isServer || !isRunning() || !entry.isCounted || entry.isControl())
        return;
    m_idleLifetime.closed(now - entry.parkedAt, now);
}

} // namespace Tidepool
