// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolcore.h"

#include "../idle/affinity.h"
#include "../supply/lane.h"
#include "../supply/wireid.h"

#include <utility>

namespace Tidepool {

namespace {
constexpr size_t ledgerSize = 64;
constexpr size_t maximumEvents = 65'536; // a facade whose thread hangs must not cost unbounded memory
} // namespace

PoolCore::PoolCore() = default;

// The facade has shut it; only leases still know it, and those by weak pointer.
PoolCore::~PoolCore() = default;

void PoolCore::setPolicy(const CorePolicy &policy)
{
    std::vector<QSslSocket *> surplus;
    {
        const Lock lock(m_mutex);
        m_policy = policy;
        evictSurplus(surplus);
        if (policy.isServer)
            m_figures.capacity = policy.limit;
    }
    closeInLane(std::move(surplus));
    wakeSupply();
    changed();
}

void PoolCore::open(LanePort port, int capacity, std::chrono::milliseconds interval)
{
    {
        const Lock lock(m_mutex);
        m_port = std::move(port);
        m_life = Life::Running;
        m_isPaused = m_isUp = m_hasFailed = false;
        m_lastError = m_fatal = {};
        m_figures.capacity = capacity;
        m_figures.interval = interval;
        ++m_figures.generation;
    }
    changed();
}

void PoolCore::setPaused(bool paused)
{
    {
        const Lock lock(m_mutex);
        m_isPaused = paused;
    }
    changed();
}

void PoolCore::startDraining()
{
    std::vector<QSslSocket *> sockets;
    WaiterList waiters;
    {
        const Lock lock(m_mutex);
        if (m_life != Life::Running)
            return;
        m_life = Life::Draining;
        ++m_figures.generation;
        evictAllParked(EvictionCause::PoolClosed, sockets);
        waiters = m_waiters.removeAll();
        m_figures.takesFailed += static_cast<qint64>(waiters.size());
    }
    closeInLane(std::move(sockets));
    fail(std::move(waiters),
         {Phase::Wait, ErrorKind::Closed, QStringLiteral("The pool is draining and hands out no more connections.")});
    changed();
}

std::vector<QSslSocket *> PoolCore::shut()
{
    std::vector<QSslSocket *> sockets;
    WaiterList waiters;
    LanePort port;
    std::shared_ptr<Watcher> watcher;
    {
        const Lock lock(m_mutex);
        if (m_life == Life::Stopped || m_life == Life::Closed)
            return {};
        m_life = Life::Closed;
        ++m_figures.generation;
        evictAllParked(EvictionCause::PoolClosed, sockets);
        waiters = m_waiters.removeAll();
        m_figures.takesFailed += static_cast<qint64>(waiters.size());
        port = std::exchange(m_port, {});
        watcher = std::exchange(m_watcher, nullptr);
    }
    fail(std::move(waiters), {Phase::Wait, ErrorKind::Closed, QStringLiteral("The pool was closed during the wait.")});
    changed();
    return sockets;
}

void PoolCore::flush()
{
    std::vector<QSslSocket *> sockets;
    {
        const Lock lock(m_mutex);
        ++m_figures.generation;
        evictAllParked(EvictionCause::Flushed, sockets);
    }
    closeInLane(std::move(sockets));
    wakeSupply();
    changed();
}

void PoolCore::closeInLane(std::vector<QSslSocket *> sockets)
{
    if (sockets.empty())
        return;
    std::shared_ptr<Lane> lane;
    {
        const Lock lock(m_mutex);
        lane = m_port.lane;
    }
    const auto closeAll = [sockets = std::move(sockets)] {
        for (QSslSocket *socket : sockets)
            closeGently(socket);
    };
    if (lane)
        lane->post(closeAll); // closing thousands would be felt in the user's thread
    else
        closeAll();
}

// --- Figures

PoolState PoolCore::state() const
{
    switch (m_life) {
    case Life::Stopped:
        return PoolState::Stopped;
    case Life::Draining:
        return PoolState::Draining;
    case Life::Closed:
        return PoolState::Closed;
    case Life::Running:
        break;
    }
    if (m_isPaused)
        return PoolState::Paused;
    if (m_isUp)
        return PoolState::Ready;
    return m_hasFailed ? PoolState::Degraded : PoolState::Warming;
}

PoolStatus PoolCore::statusLocked() const
{
    PoolStatus result = m_figures;
    result.state = state();
    result.active = m_store.parkedCount();
    result.leased = m_store.leasedCount();
    result.waiting = m_waiters.size() + m_serving;
    result.lastError = m_lastError.message();
    return result;
}

PoolStatus PoolCore::status() const
{
    const Lock lock(m_mutex);
    return statusLocked();
}

PoolError PoolCore::lastError() const
{
    const Lock lock(m_mutex);
    return m_lastError;
}

QList<EvictionRecord> PoolCore::evictions() const
{
    const Lock lock(m_mutex);
    return QList<EvictionRecord>(m_ledger.begin(), m_ledger.end());
}

std::vector<PoolEvent> PoolCore::takeEvents()
{
    const Lock lock(m_mutex);
    return std::exchange(m_events, {});
}

void PoolCore::record(PoolEvent event)
{
    if ((m_wanted & bit(event.kind)) != 0 && m_events.size() < maximumEvents)
        m_events.push_back(std::move(event));
}

void PoolCore::recordEviction(const Entry &entry, EvictionCause cause, const QString &text)
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const auto now = Clock::now();
    ++m_figures.evicted[static_cast<size_t>(cause)];
    EvictionRecord line;
    line.id = entry.id;
    line.cause = cause;
    line.when = QDateTime::currentDateTimeUtc();
    line.age = duration_cast<milliseconds>(now - entry.establishedAt);
    line.idle = duration_cast<milliseconds>(now - entry.parkedAt);
    line.errorText = text;
    m_ledger.push_back(std::move(line));
    if (m_ledger.size() > ledgerSize)
        m_ledger.pop_front();
    record({PoolEvent::Kind::Evicted, entry.id, cause, {}});
}

// Of a connection in state Checking. The caller closes the socket.
QSslSocket *PoolCore::evict(Entry *entry, EvictionCause cause, const QString &text)
{
    --m_figures.checking;
    recordEviction(*entry, cause, text);
    if (cause == EvictionCause::PeerClosed || cause == EvictionCause::SocketError)
        noteOutage();
    return m_store.remove(entry)->socket;
}

QSslSocket *PoolCore::checkOutAndEvict(Entry *entry, EvictionCause cause)
{
    m_store.checkOut(entry);
    ++m_figures.checking;
    if (m_watcher)
        m_watcher->remove(entry->descriptor, entry->token());
    return evict(entry, cause);
}

void PoolCore::evictAllParked(EvictionCause cause, std::vector<QSslSocket *> &sockets)
{
    sockets.reserve(static_cast<size_t>(m_store.parkedCount()));
    while (Entry *entry = m_store.oldestParked())
        sockets.push_back(checkOutAndEvict(entry, cause));
}

void PoolCore::evictSurplus(std::vector<QSslSocket *> &sockets)
{
    while (m_store.parkedCount() > m_policy.limit)
        sockets.push_back(checkOutAndEvict(m_store.oldestParked(), EvictionCause::Surplus));
}

// The last connection died. A client learns from its next dial whether that is an outage; a server can only wait.
void PoolCore::noteOutage()
{
    if (m_policy.isServer && m_store.parkedCount() == 0)
        m_isUp = false;
}

void PoolCore::addError()
{
    {
        const Lock lock(m_mutex);
        ++m_figures.errorCount;
    }
    changed();
}

void PoolCore::resetErrorCount()
{
    {
        const Lock lock(m_mutex);
        m_figures.errorCount = 0;
    }
    changed();
}

void PoolCore::setStartError(const PoolError &error)
{
    {
        const Lock lock(m_mutex);
        m_lastError = error;
    }
    changed();
}

void PoolCore::changed()
{
    m_announcer.announce();
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

// --- The supply's side

namespace {
int &gaugeOf(PoolStatus &figures, Sink::Step step)
{
    return step == Sink::Step::Connecting ? figures.connecting : figures.handshaking;
}
} // namespace

void PoolCore::enter(Step step)
{
    const Lock lock(m_mutex);
    ++gaugeOf(m_figures, step);
}

void PoolCore::leave(Step step)
{
    const Lock lock(m_mutex);
    --gaugeOf(m_figures, step);
}

quint64 PoolCore::generation() const
{
    const Lock lock(m_mutex);
    return m_figures.generation;
}

Demand PoolCore::demand() const
{
    const Lock lock(m_mutex);
    return {m_store.parkedCount(), m_store.retiringCount(), m_waiters.anyCount()};
}

ConnectionId PoolCore::freshId() const
{
    const Lock lock(m_mutex);
    ConnectionId id = randomId();
    while (m_store.contains(id))
        id = randomId();
    return id;
}

// For a connection named @p id, or one that has no id yet.
bool PoolCore::makeRoomFor(ConnectionId id)
{
    QSslSocket *replaced = nullptr;
    {
        const Lock lock(m_mutex);
        const bool isAwaited = id.isValid() ? m_waiters.isAwaited(id) : m_waiters.size() > 0;
        if (isAwaited || m_store.parkedCount() < m_policy.limit)
            return true;
        if (m_store.retiringCount() > 0)
            replaced = checkOutAndEvict(m_store.nextToEnd(), EvictionCause::Expired);
        else if (m_policy.overflow == Overflow::ReplaceOldest)
            replaced = checkOutAndEvict(m_store.oldestParked(), EvictionCause::Replaced);
        else
            return false;
    }
    closeGently(replaced);
    return true;
}

void PoolCore::established(Established connection)
{
    auto made = std::make_unique<Entry>();
    made->id = connection.id;
    made->generation = connection.generation;
    made->establishedAt = Clock::now();
    made->parkedAt = made->establishedAt;
    made->descriptor = nativeDescriptor(*connection.socket);
    made->hasSpoken = connection.socket->bytesAvailable() > 0; // right behind the id
    const bool isRoom = makeRoomFor(connection.id);

    Entry *entry = nullptr;
    PoolError error;
    {
        const Lock lock(m_mutex);
        ++m_figures.established;
        m_figures.dialTime.add(made->establishedAt - connection.begunAt);
        m_isUp = m_life == Life::Running;
        m_hasFailed = false;
        m_lastError = {};
        if (m_life != Life::Running || made->generation != m_figures.generation) {
            ++m_figures.dropped;
        } else if (!isRoom) {
            ++m_figures.dropped;
            ++m_figures.overflowed;
        } else if (Entry *added = m_store.add(std::move(made))) {
            entry = added;
            entry->socket = connection.socket.get();
            ++m_figures.checking;
        } else {
            ++m_figures.dropped;
            error = {Phase::Identify, ErrorKind::BadIdentity,
                     QStringLiteral("The server sent the id %1, which another connection of this pool has.")
                         .arg(connection.id.toString())};
        }
    }
    if (!entry) {
        if (error)
            attemptFailed(error);
        closeGently(connection.socket.release());
        changed();
        return;
    }
    pushToNoThread(*connection.socket.release());
    offer(entry, connection.generation);
}

void PoolCore::attemptFailed(const PoolError &error)
{
    {
        const Lock lock(m_mutex);
        ++m_figures.failed[static_cast<size_t>(error.phase())];
        m_lastError = error;
        // A server's clients fail for reasons of their own.
        if (!m_policy.isServer) {
            m_hasFailed = true;
            if (m_store.parkedCount() == 0)
                m_isUp = false;
        }
        record({PoolEvent::Kind::Failed, {}, {}, error});
    }
    changed();
}

void PoolCore::clientRefused()
{
    {
        const Lock lock(m_mutex);
        ++m_figures.refused;
    }
    changed();
}

void PoolCore::clientOverflowed()
{
    {
        const Lock lock(m_mutex);
        ++m_figures.overflowed;
    }
    changed();
}

void PoolCore::setTarget(int capacity, std::chrono::milliseconds interval)
{
    {
        const Lock lock(m_mutex);
        if (m_figures.capacity == capacity && m_figures.interval == interval)
            return;
        m_figures.capacity = capacity;
        m_figures.interval = interval;
    }
    changed();
}

void PoolCore::forgetFatal()
{
    const Lock lock(m_mutex);
    m_fatal = {};
}

void PoolCore::setFatal(const PoolError &error, quint64 generation)
{
    WaiterList waiters;
    {
        const Lock lock(m_mutex);
        if (generation != m_figures.generation)
            return; // the settings that it speaks of are gone
        m_fatal = error;
        if (error) {
            m_lastError = error;
            m_hasFailed = true;
            if (m_store.parkedCount() == 0)
                m_isUp = false;
            waiters = m_waiters.removeAll();
            m_figures.takesFailed += static_cast<qint64>(waiters.size());
        } else {
            m_hasFailed = false;
        }
    }
    fail(std::move(waiters), error);
    changed();
}

} // namespace Tidepool
