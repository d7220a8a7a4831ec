// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../idle/affinity.h"
#include "poolcore.h"

#include <QtCore/QRandomGenerator>

#include <algorithm>
#include <utility>

namespace Tidepool {

void PoolCore::setWatcher(std::shared_ptr<Watcher> watcher)
{
    const Lock lock(m_mutex);
    m_watcher = std::move(watcher);
}

PoolCore::Clock::time_point PoolCore::nextDeadline() const
{
    const Lock lock(m_mutex);
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
    return next;
}

// As long as a take may wait for it.
PoolCore::Clock::time_point PoolCore::endOf(const Entry &ended) const
{
    return ended.parkedAt + std::clamp<std::chrono::milliseconds>(m_policy.takeTimeout, {}, std::chrono::hours(24));
}

// The peer must not fill the memory by writing and closing again and again.
void PoolCore::trimEnded(Swept &swept)
{
    while (m_store.endedCount() > m_policy.limit || m_store.bufferedInEnded() > pooledReadBuffers)
        sweep(swept, m_store.oldestEnded());
    recordSwept(swept);
}

Expiry PoolCore::freshExpiry(const Entry &entry) const
{
    const Lifetimes &lifetimes = m_policy.lifetimes;
    if (lifetimes.maximumLifetime.count() <= 0 && lifetimes.maximumIdle.count() <= 0)
        return {};
    return expiryOf(lifetimes, entry.establishedAt, entry.parkedAt, QRandomGenerator::global()->generateDouble());
}

// Oldest first, each to the end of the line: in the end all stand as before.
void PoolCore::renewExpiries()
{
    m_store.settleArrivals();
    for (int left = m_store.parkedCount(); left > 0; --left) {
        Entry *entry = m_store.oldestParked();
        m_store.checkOut(entry);
        entry->expiry = freshExpiry(*entry);
        m_store.park(entry);
    }
}

void PoolCore::expire()
{
    const auto now = Clock::now();
    WaiterList late;
    Swept swept{EvictionCause::Expired};
    Swept ended{EvictionCause::PeerClosed};
    bool isChanged = false;
    {
        const Lock lock(m_mutex);
        late = m_waiters.expired(now);
        m_figures.takesFailed += static_cast<qint64>(late.size());
        while (Entry *entry = m_store.nextToRetire()) {
            if (entry->expiry.retire > now)
                break;
            m_store.setRetiring(entry);
            isChanged = true;
        }
        while (Entry *entry = m_store.nextToEnd()) {
            if (entry->expiry.end > now && !(entry->isRetiring && isReplaced()))
                break;
            sweep(swept, entry);
            isChanged = true;
        }
        recordSwept(swept);
        while (Entry *entry = m_store.oldestEnded()) {
            if (endOf(*entry) > now)
                break;
            sweep(ended, entry);
            isChanged = true;
        }
        recordSwept(ended);
        while (Entry *lease = m_store.oldestLease()) {
            if (m_policy.leaseThreshold.count() <= 0 || lease->parkedAt + m_policy.leaseThreshold > now)
                break;
            isChanged = true;
            m_store.setReported(lease);
            record(PoolEvent::Kind::HeldLong, lease->id);
        }
    }
    closeInLane(unwatched(swept));
    closeInLane(unwatched(ended));
    if (!late.empty())
        isChanged = true;
    failAsTimedOut(std::move(late));
    if (isChanged)
        changed();
}

// A server pool does not dial its replacements: it just keeps what it has until the end.
bool PoolCore::isReplaced() const
{
    return !m_policy.isServer && m_store.parkedCount() > m_figures.capacity;
}

void PoolCore::failAsTimedOut(WaiterList waiters)
{
    if (waiters.empty())
        return;
    PoolStatus figures;
    int maximumTotal = 0;
    {
        const Lock lock(m_mutex);
        figures = statusLocked();
        maximumTotal = m_policy.maximumTotal;
    }
    for (auto &waiter : waiters) {
        const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(waiter->deadline - waiter->askedAt);
        const QString what = waiter->id ? QStringLiteral("Connection %1").arg(waiter->id->toString())
                                        : QStringLiteral("A free connection");
        QString message = QStringLiteral("%1 did not come within %2 ms: %3 parked of a capacity of %4, %5 connecting, "
                                         "%6 in the handshake, %7 takes waiting.")
                              .arg(what)
                              .arg(waited.count())
                              .arg(figures.active)
                              .arg(figures.capacity)
                              .arg(figures.connecting)
                              .arg(figures.handshaking)
                              .arg(figures.waiting);
        if (maximumTotal > 0 && figures.leased > 0
            && figures.active + figures.checking + figures.leased + figures.connecting + figures.handshaking
                >= maximumTotal)
            message += QStringLiteral(" All %1 connections that maximumTotal allows exist, %2 of them taken: give some "
                                      "back, or raise it.")
                           .arg(maximumTotal)
                           .arg(figures.leased);
        if (!figures.lastError.isEmpty())
            message += QStringLiteral(" Last error: ") + figures.lastError;
        PoolError error(Phase::Wait, ErrorKind::Timeout, message);
        error.setStatus(figures);
        waiter->promise.addResult(TakeResult(error));
        finish(std::move(waiter));
    }
}

} // namespace Tidepool
