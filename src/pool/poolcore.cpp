// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolcore.h"

#include "../idle/affinity.h"
#include "../supply/descriptor.h"
#include "../supply/forks.h"
#include "../supply/lane.h"
#include "../supply/wireid.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

PoolCore::PoolCore() : m_forks(forkCount()) {}

// The facade has shut it; only leases still know it, and those by weak pointer.
PoolCore::~PoolCore() = default;

void PoolCore::setPolicy(const CorePolicy &policy)
{
    Swept surplus{EvictionCause::Surplus};
    Swept ended{EvictionCause::PeerClosed};
    Swept notAllowed{EvictionCause::NotAllowed};
    {
        const Lock lock(m_mutex);
        const bool hasNewClients = policy.allowedClients != m_policy.allowedClients;
        const bool hasNewLifetimes = policy.lifetimes != m_policy.lifetimes;
        m_policy = policy;
        if (hasNewClients)
            sweepNotAllowed(notAllowed);
        m_store.setPrefersArrived(policy.isServer && policy.order == TakeOrder::NewestFirst);
        while (m_store.parkedCount() > 0 && (m_store.parkedCount() > m_policy.limit || isTooMuch()))
            sweep(surplus, m_store.oldestParked());
        recordSwept(surplus);
        trimEnded(ended);
        if (hasNewLifetimes)
            renewExpiries();
        if (policy.isServer)
            m_figures.capacity = policy.limit;
    }
    for (const Swept *swept : {&notAllowed, &surplus, &ended})
        closeInLane(unwatched(*swept));
    wakeSupply();
    changed();
}

quint64 PoolCore::open(LanePort port, int capacity, std::chrono::milliseconds interval)
{
    quint64 generation = 0;
    {
        const Lock lock(m_mutex);
        m_port = std::move(port);
        m_life = Life::Running;
        m_isPaused = m_isUp = m_hasFailed = false;
        m_lastError = m_fatal = m_trouble = {};
        m_losses.clear();
        m_nextAttempt.reset();
        m_figures.capacity = capacity;
        m_figures.interval = interval;
        generation = m_openGeneration = ++m_figures.generation;
        m_isWakePending = false; // one that is still on its way goes to the lane of the last start
    }
    changed();
    return generation;
}

bool PoolCore::setPaused(bool paused)
{
    {
        const Lock lock(m_mutex);
        if (m_life != Life::Running)
            return false;
        m_isPaused = paused;
    }
    changed();
    return true;
}

void PoolCore::startDraining()
{
    Swept swept{EvictionCause::PoolClosed};
    WaiterList waiters;
    {
        const Lock lock(m_mutex);
        if (m_life != Life::Running)
            return;
        m_life = Life::Draining;
        ++m_figures.generation;
        sweepParked(swept);
        waiters = m_waiters.removeAll();
        m_figures.takesFailed += static_cast<qint64>(waiters.size());
    }
    closeInLane(unwatched(swept));
    fail(std::move(waiters),
         {Phase::Wait, ErrorKind::Closed, QStringLiteral("The pool is draining and hands out no more connections.")});
    changed();
}

PoolCore::Remains PoolCore::shut()
{
    Remains remains;
    LanePort port;
    Swept swept{EvictionCause::PoolClosed};
    {
        const Lock lock(m_mutex);
        if (m_life == Life::Stopped || m_life == Life::Closed)
            return {};
        m_life = Life::Closed;
        ++m_figures.generation;
        remains.sockets.assign(m_closing.begin(), m_closing.end());
        m_closing.clear();
        sweepParked(swept);
        for (const quint64 token : std::exchange(m_toExamine, {}))
            remains.sockets.push_back(evict(m_store.find(token), EvictionCause::PoolClosed));
        remains.waiters = m_waiters.removeAll();
        m_figures.takesFailed += static_cast<qint64>(remains.waiters.size());
        port = std::exchange(m_port, {});
        m_watcher.reset();
    }
    const std::vector<QSslSocket *> sockets = unwatched(swept);
    remains.sockets.insert(remains.sockets.end(), sockets.begin(), sockets.end());
    changed();
    return remains;
}

void PoolCore::failAsClosed(Remains remains)
{
    fail(std::move(remains.waiters),
         {Phase::Wait, ErrorKind::Closed, QStringLiteral("The pool was closed during the wait.")});
}

// If another thread held the mutex at the fork, it stays locked here, and what it guards may be half changed.
void PoolCore::abandon()
{
    const Lock lock(m_mutex, std::try_to_lock);
    if (!lock)
        return;
    for (const Entry *newest : m_store.newestIdle()) {
        for (const Entry *entry = newest; entry; entry = entry->older)
            closeDescriptor(entry->descriptor);
    }
    for (const quint64 token : m_toExamine)
        closeDescriptor(m_store.find(token)->descriptor);
    for (const QSslSocket *socket : m_closing)
        closeDescriptor(nativeDescriptor(*socket));
}

quint64 PoolCore::flush()
{
    Swept swept{EvictionCause::Flushed};
    quint64 generation = 0;
    {
        const Lock lock(m_mutex);
        generation = ++m_figures.generation;
        sweepParked(swept);
    }
    closeInLane(unwatched(swept));
    wakeSupply();
    changed();
    return generation;
}

// Closing thousands would be felt in the user's thread, and in the lane by all who wait there.
void PoolCore::closeInLane(const std::vector<QSslSocket *> &sockets)
{
    if (sockets.empty())
        return;
    std::shared_ptr<Lane> lane;
    bool isFirst = false;
    {
        const Lock lock(m_mutex);
        lane = m_port.lane;
        if (lane) {
            isFirst = m_closing.empty();
            m_closing.insert(m_closing.end(), sockets.begin(), sockets.end());
        }
    }
    if (isFirst) {
        closeSomeLater(*lane);
    } else if (!lane) {
        for (QSslSocket *socket : sockets)
            closeGently(socket);
    }
}

void PoolCore::closeSomeLater(Lane &lane)
{
    lane.post([weak = weak_from_this()] {
        if (const auto core = weak.lock())
            core->closeSome();
    });
}

// A TLS connection takes some tenths of a millisecond. In another lane than the pool's, this was posted before the pool
// was closed and started again: what is to be closed now is not this one's, for close() would not wait for it.
void PoolCore::closeSome()
{
    constexpr size_t atOnce = 8;
    std::vector<QSslSocket *> sockets;
    std::shared_ptr<Lane> lane;
    bool mayBeDrained = false;
    {
        const Lock lock(m_mutex);
        if (!m_port.lane || !m_port.lane->isCurrent())
            return;
        const auto end = m_closing.begin() + static_cast<std::ptrdiff_t>(std::min(atOnce, m_closing.size()));
        sockets.assign(m_closing.begin(), end);
        m_closing.erase(m_closing.begin(), end);
        if (!m_closing.empty())
            lane = m_port.lane;
        mayBeDrained = m_closing.empty() && m_life == Life::Draining;
    }
    for (QSslSocket *socket : sockets)
        closeGently(socket);
    if (lane)
        closeSomeLater(*lane);
    if (mayBeDrained)
        changed();
}

bool PoolCore::isDrained() const
{
    const Lock lock(m_mutex);
    return m_life == Life::Draining && m_closing.empty() && m_store.leasedCount() == 0;
}

// Of a connection in state Checking. The caller closes the socket.
QSslSocket *PoolCore::evict(Entry *entry, EvictionCause cause, const QString &text)
{
    --m_figures.checking;
    releasePlace(*entry);
    recordEviction(*entry, cause, text);
    if (cause == EvictionCause::PeerClosed || cause == EvictionCause::SocketError)
        noteOutage();
    if (m_trouble && m_store.parkedCount() == 0)
        m_isUp = false;
    noteLoss(*entry, cause);
    return m_store.remove(entry)->socket;
}

QSslSocket *PoolCore::checkOutAndEvict(Entry *entry, EvictionCause cause)
{
    m_store.checkOut(entry);
    ++m_figures.checking;
    unwatch(m_watcher, *entry);
    return evict(entry, cause);
}

// Takers wait meanwhile, and there may be thousands: nothing that can be done once or later is done for each of them.
void PoolCore::sweep(Swept &swept, Entry *entry)
{
    m_store.checkOut(entry);
    swept.entries.push_back(m_store.remove(entry));
}

void PoolCore::recordSwept(Swept &swept)
{
    if (swept.entries.empty())
        return;
    swept.watcher = m_watcher;
    m_figures.evicted[static_cast<size_t>(swept.cause)] += static_cast<qint64>(swept.entries.size());
    for (const auto &entry : swept.entries)
        record(PoolEvent::Kind::Evicted, entry->id, swept.cause);
    const Moment now;
    const size_t told = std::min(swept.entries.size(), ledgerSize); // the others would be pushed out of it
    for (auto entry = swept.entries.end() - static_cast<std::ptrdiff_t>(told); entry != swept.entries.end(); ++entry)
        writeLedger(**entry, swept.cause, {}, now);
}

void PoolCore::sweepParked(Swept &swept)
{
    swept.entries.reserve(static_cast<size_t>(m_store.parkedCount() + m_store.endedCount()));
    while (Entry *entry = m_store.oldestParked())
        sweep(swept, entry);
    while (Entry *entry = m_store.oldestEnded())
        sweep(swept, entry);
    if (Entry *control = m_store.control())
        sweep(swept, control);
    recordSwept(swept);
}

void PoolCore::sweepNotAllowed(Swept &swept)
{
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
        sweep(swept, m_store.find(token));
    recordSwept(swept);
}

std::vector<QSslSocket *> PoolCore::unwatched(const Swept &swept)
{
    std::vector<QSslSocket *> sockets;
    sockets.reserve(swept.entries.size());
    for (const auto &entry : swept.entries) {
        unwatch(swept.watcher, *entry);
        sockets.push_back(entry->socket);
    }
    return sockets;
}

// The last connection died. A client learns from its next dial whether that is an outage; a server can only wait.
void PoolCore::noteOutage()
{
    if (m_policy.isServer && m_store.parkedCount() == 0)
        m_isUp = false;
}

// What left by the pool's own rule is no loss. A server makes no replacements.
void PoolCore::noteLoss(const Entry &entry, EvictionCause cause)
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
    if (!m_policy.isServer && m_life == Life::Running)
        m_losses.push_back({Clock::now() - entry.establishedAt, cause});
}

void PoolCore::changed()
{
    m_announcer.announce();
}

// Figures can wait for a frame, an event that somebody listens for cannot.
void PoolCore::figuresChanged()
{
    if (m_hasEvents)
        m_announcer.announce();
    else
        m_announcer.announceInFrame();
}

// At most one call is on its way.
void PoolCore::wakeSupply()
{
    if (m_isWakePending.exchange(true))
        return;
    LanePort port;
    {
        const Lock lock(m_mutex);
        port = m_port;
    }
    if (!port.lane) {
        m_isWakePending = false;
        return;
    }
    port.lane->post([weak = weak_from_this(), wake = std::move(port.wake)] {
        if (const auto core = weak.lock()) {
            core->m_isWakePending = false;
            wake();
        }
    });
}

} // namespace Tidepool
