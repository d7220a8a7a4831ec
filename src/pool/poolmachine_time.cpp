// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolmachine.h"
#include "poolmachine_check.h"

#include <algorithm>
#include <random>
#include <utility>

namespace Tidepool {

PoolMachine::Clock::time_point PoolMachine::nextDeadline() const
{
    auto next = m_waiters.nextDeadline();
    if (const Entry *entry = m_store.nextToRetire())
        next = std::min(next, entry->expiry.retire);
    if (const Entry *entry = m_store.nextToEnd())
        next = std::min(next, entry->expiry.end);
    if (const Entry *entry = m_store.oldestEnded())
        next = std::min(next, endOf(*entry));
    const Entry *lease = m_store.oldestLease();
    if (lease && m_policy.leaseThreshold.count() > 0)
        next = std::min(next, lease->parkedAt + m_policy.leaseThreshold);
    if (m_health.wakingUntil)
        next = std::min(next, *m_health.wakingUntil);
    next = std::min(next, nextLook());
    return std::min(next, m_idleLifetime.due());
}

// An ended connection stays as long as a take can wait for it.
PoolMachine::Clock::time_point PoolMachine::endOf(const Entry &ended) const
{
    return ended.parkedAt + std::clamp<std::chrono::milliseconds>(m_policy.takeTimeout, {}, std::chrono::hours(24));
}

// The learned idle time determines when a replacement is due, and how much time there is for the replacement.
Expiry PoolMachine::freshExpiry(const Entry &entry)
{
    const Lifetimes &lifetimes = m_policy.lifetimes;
    const auto known = lifetimes.learnsIdle ? m_idleLifetime.known() : std::chrono::milliseconds(0);
    if (lifetimes.maximumLifetime.count() <= 0 && lifetimes.maximumIdle.count() <= 0 && known.count() <= 0)
        return {};
    const double random = std::uniform_real_distribution<>(0.0, 1.0)(m_random);
    Expiry expiry = expiryOf(lifetimes, entry.establishedAt, entry.parkedAt, random);
    if (known.count() > 0) {
        const double kept = 1.0 - lifetimes.jitter * random;
        const std::chrono::duration<double, std::milli> usable = IdleLifetime::usable(known) * kept;
        expiry.retire = std::min(expiry.retire, entry.parkedAt + std::chrono::floor<std::chrono::milliseconds>(usable));
        expiry.end = std::min(expiry.end, entry.parkedAt + known);
    }
    return expiry;
}

void PoolMachine::renewExpiries()
{
    m_store.renewExpiries([this](const Entry &entry) { return freshExpiry(entry); });
}

Actions PoolMachine::expire(const Moment &now)
{
    const CounterCheck check(*this);
    Actions actions;
    expireWaiters(now.steady, actions);
    bool isChanged = !actions.failed.empty();
    if (m_health.wakingUntil && *m_health.wakingUntil <= now.steady) {
        m_health.wakingUntil.reset();
        isChanged = true;
    }
    if (m_idleLifetime.settle(now.steady)) {
        renewExpiries();
        isChanged = true;
    }
    isChanged = expireLifetimes(now, actions) || isChanged;
    isChanged = expireEnded(now, actions) || isChanged;
    isChanged = reportLeases(now.steady) || isChanged;
    evictForgotten(now, actions);
    if (!actions.failed.empty())
        actions.error.setStatus(status(now.steady));
    if (lookAtSuspects(now, actions))
        actions.announce = metricsChanged().announce;
    if (isChanged)
        actions.announce = Actions::Announce::Now;
    return actions;
}

void PoolMachine::expireWaiters(Clock::time_point now, Actions &actions)
{
    actions.failed = m_waiters.expired(now);
    m_counters.takesFailed += static_cast<qint64>(actions.failed.size());
    if (!actions.failed.empty())
        actions.error = {Phase::Wait, ErrorKind::Timeout, QString()};
}

bool PoolMachine::expireLifetimes(const Moment &now, Actions &actions)
{
    bool isChanged = false;
    while (Entry *entry = m_store.nextToRetire()) {
        if (entry->expiry.retire > now.steady)
            break;
        m_store.setRetiring(entry);
        isChanged = true;
    }
    EvictedBatch batch{EvictionCause::Expired};
    while (Entry *entry = m_store.nextToEnd()) {
        if (entry->expiry.end > now.steady && !(entry->isRetiring && isReplaced()))
            break;
        addTo(batch, entry);
        isChanged = true;
    }
    finishBatch(std::move(batch), now, actions);
    return isChanged;
}

bool PoolMachine::expireEnded(const Moment &now, Actions &actions)
{
    EvictedBatch batch{EvictionCause::PeerClosed};
    while (Entry *entry = m_store.oldestEnded()) {
        if (endOf(*entry) > now.steady)
            break;
        addTo(batch, entry);
    }
    const bool isChanged = !batch.entries.empty();
    finishBatch(std::move(batch), now, actions);
    return isChanged;
}

bool PoolMachine::reportLeases(Clock::time_point now)
{
    bool isChanged = false;
    while (Entry *lease = m_store.oldestLease()) {
        if (m_policy.leaseThreshold.count() <= 0 || lease->parkedAt + m_policy.leaseThreshold > now)
            break;
        isChanged = true;
        m_store.setReported(lease);
        m_events.add(PoolEvent::Kind::HeldLong, lease->id);
    }
    return isChanged;
}

// A server pool does not dial replacements. It keeps each connection until the connection expires.
bool PoolMachine::isReplaced() const
{
    return !m_policy.isServer && m_store.parkedCount() > m_capacity;
}

PoolError PoolMachine::timeoutOf(const Waiter &waiter, const PoolStatus &status, int maximumTotal)
{
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(waiter.deadline - waiter.askedAt);
    const QString what =
        waiter.id ? QStringLiteral("Connection %1").arg(waiter.id->toString()) : QStringLiteral("A free connection");
    QString message = QStringLiteral("%1 did not come within %2 ms: %3 parked of a capacity of %4, %5 connecting, "
                                     "%6 in the handshake, %7 takes waiting.")
                          .arg(what)
                          .arg(waited.count())
                          .arg(status.active)
                          .arg(status.capacity)
                          .arg(status.connecting)
                          .arg(status.handshaking)
                          .arg(status.waiting);
    if (maximumTotal > 0 && status.leased > 0
        && status.active + status.checking + status.leased + status.connecting + status.handshaking >= maximumTotal)
        message += QStringLiteral(" All %1 connections that maximumTotal allows exist, %2 of them taken: give some "
                                  "back, or raise it.")
                       .arg(maximumTotal)
                       .arg(status.leased);
    if (status.state == PoolState::Paused)
        message += QStringLiteral(" The pool is paused: no connections are made until resume().");
    if (status.offline)
        message += QStringLiteral(" This machine has no network: no connections are made until it has.");
    if (!status.lastError.isEmpty())
        message += QStringLiteral(" Last error: ") + status.lastError;
    PoolError error(Phase::Wait, ErrorKind::Timeout, message);
    error.setStatus(status);
    return error;
}

} // namespace Tidepool
