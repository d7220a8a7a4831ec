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

// Readable is not dead: it may be a session ticket, or the application speaking first. The lane pulls the
// socket, lets it process, and parks it again if it is still good.
void PoolCore::examineParked(quint64 token)
{
    Entry *entry = nullptr;
    quint64 generation = 0;
    Unsolicited unsolicited = Unsolicited::Keep;
    std::shared_ptr<Watcher> watcher;
    {
        const Lock lock(m_mutex);
        entry = m_store.find(token);
        if (!entry || entry->state == Entry::State::Leased)
            return; // taken meanwhile
        if (entry->state == Entry::State::Checking) {
            entry->hasNews = true; // the watcher reports it once only
            return;
        }
        m_store.checkOut(entry);
        ++m_figures.checking;
        generation = entry->generation;
        unsolicited = m_policy.unsolicited;
        watcher = m_watcher;
    }
    if (watcher)
        watcher->remove(entry->descriptor, entry->watch);
    const bool hadSpoken = entry->hasSpoken;
    QString text;
    const auto fault = validate(*entry, unsolicited, text);
    if (!fault) {
        if (entry->hasSpoken && !hadSpoken) {
            const Lock lock(m_mutex);
            record(PoolEvent::Kind::Spoke, entry->id);
        }
        offer(entry, generation);
        return;
    }
    QSslSocket *socket = nullptr;
    {
        const Lock lock(m_mutex);
        socket = evict(entry, *fault, text);
    }
    closeGently(socket);
    wakeSupply();
    changed();
}

PoolCore::Clock::time_point PoolCore::nextDeadline() const
{
    const Lock lock(m_mutex);
    auto next = m_waiters.nextDeadline();
    if (const Entry *entry = m_store.nextToRetire())
        next = std::min(next, entry->expiry.retire);
    if (const Entry *entry = m_store.nextToEnd())
        next = std::min(next, entry->expiry.end);
    const Entry *lease = m_store.oldestLease();
    if (lease && m_policy.leaseThreshold.count() > 0)
        next = std::min(next, lease->parkedAt + m_policy.leaseThreshold);
    return next;
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
        while (Entry *lease = m_store.oldestLease()) {
            if (m_policy.leaseThreshold.count() <= 0 || lease->parkedAt + m_policy.leaseThreshold > now)
                break;
            isChanged = true;
            m_store.setReported(lease);
            record(PoolEvent::Kind::HeldLong, lease->id);
        }
    }
    closeInLane(unwatched(swept));
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
