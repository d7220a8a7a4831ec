// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../idle/affinity.h"
#include "../supply/descriptor.h"
#include "../supply/peername.h"
#include "../supply/wireid.h"
#include "poolcore.h"

#include <QtNetwork/QSslCipher>

#include <algorithm>
#include <limits>
#include <utility>

namespace Tidepool {

namespace {
int &gaugeOf(PoolStatus &figures, Sink::Step step)
{
    return step == Sink::Step::Connecting ? figures.connecting : figures.handshaking;
}

// Between the end of its dial and here, a turn of the loop passes in which anything may have closed it: the peer, or a
// dialer that looks at the peer's certificate.
PoolError deathBeforeParked(const QSslSocket &socket)
{
    const bool hasReason = socket.error() != QAbstractSocket::UnknownSocketError;
    return {Phase::Validate, ErrorKind::PeerClosed,
            QStringLiteral("A connection was closed as soon as it was made, before it could be parked%1. Does the "
                           "peer, or the dialer, refuse it?")
                .arg(hasReason ? QStringLiteral(": ") + socket.errorString() : QString())};
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

Demand PoolCore::demand() const
{
    const Lock lock(m_mutex);
    Demand demand;
    demand.active = m_store.parkedCount() + static_cast<int>(m_toExamine.size());
    demand.retiring = m_store.retiringCount();
    demand.returning = expectedBack();
    demand.room = m_policy.maximumTotal > 0 ? m_policy.maximumTotal - m_store.size() : std::numeric_limits<int>::max();
    demand.waitingForAny = m_waiters.anyCount();
    demand.taken = m_figures.taken;
    demand.hasLosses = !m_losses.empty();
    demand.isOpen = m_life == Life::Running;
    return demand;
}

std::vector<Loss> PoolCore::takeLosses()
{
    const Lock lock(m_mutex);
    return std::exchange(m_losses, {});
}

ConnectionId PoolCore::freshId() const
{
    for (;;) {
        const ConnectionId id = randomId(); // a system call, during which no taker shall wait
        const Lock lock(m_mutex);
        if (id != controlId && !m_store.contains(id))
            return id;
    }
}

bool PoolCore::claimControlId(quint64 generation)
{
    const Lock lock(m_mutex);
    Entry *old = m_store.find(controlId);
    if (old && old->state == Entry::State::Leased && old->generation < m_openGeneration) {
        countEndOfLease(*old, false); // somebody still holds that of an earlier start
        m_store.remove(old);
        old = nullptr;
    }
    if (old || m_controlGeneration == generation)
        return false;
    m_controlGeneration = generation;
    return true;
}

void PoolCore::releaseControlId()
{
    const Lock lock(m_mutex);
    m_controlGeneration = 0;
}

// Whoever made the new connection knows that the old one is over, maybe before this end does: it lives on, without its
// name, if somebody has taken it, and gives way if its peer has gone. Returns what is to be closed.
QSslSocket *PoolCore::vacate(ConnectionId id)
{
    Entry *old = m_store.find(id);
    if (!old || m_policy.isServer)
        return nullptr;
    if (old->state == Entry::State::Leased) {
        countEndOfLease(*old, false);
        m_store.remove(old);
        return nullptr;
    }
    const bool isGone = old->state == Entry::State::Ended
        || (old->state == Entry::State::Parked
            && (peek(old->descriptor) == Peek::Closed || hasHungUp(old->descriptor)));
    return isGone ? checkOutAndEvict(old, EvictionCause::PeerClosed) : nullptr;
}

// A client parks the replacement first and then lets go of what it replaces: see expire().
bool PoolCore::isFull() const
{
    const int count = m_store.parkedCount() + static_cast<int>(m_toExamine.size());
    return count - (m_policy.isServer ? 0 : m_store.retiringCount()) >= m_policy.limit;
}

// Every waiting take makes room for one more. Those that wait for an id do not: a newcomer's is a new one.
int PoolCore::roomLocked() const
{
    if (m_policy.overflow == Overflow::ReplaceOldest)
        return std::numeric_limits<int>::max();
    const int kept = m_store.parkedCount() - m_store.retiringCount();
    return m_policy.limit + m_waiters.anyCount() - kept - m_reserved;
}

int PoolCore::room() const
{
    const Lock lock(m_mutex);
    return roomLocked();
}

bool PoolCore::reserve()
{
    const Lock lock(m_mutex);
    if (roomLocked() <= 0)
        return false;
    ++m_reserved;
    return true;
}

void PoolCore::unreserve()
{
    const Lock lock(m_mutex);
    --m_reserved;
}

void PoolCore::releasePlace(Entry &entry)
{
    if (std::exchange(entry.hasPlace, false))
        --m_reserved;
}

bool PoolCore::makeRoomFor(ConnectionId id)
{
    QSslSocket *replaced = nullptr;
    {
        const Lock lock(m_mutex);
        if (m_waiters.isAwaited(id) || !isFull())
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

bool PoolCore::established(Established connection)
{
    const qintptr descriptor = nativeDescriptor(*connection.socket);
    if (connection.socket->state() != QAbstractSocket::ConnectedState || descriptor < 0) {
        if (connection.hasPlace)
            unreserve();
        if (connection.id == controlId)
            releaseControlId();
        attemptFailed(deathBeforeParked(*connection.socket));
        return false;
    }
    auto made = std::make_unique<Entry>();
    made->id = connection.id;
    made->generation = connection.generation;
    made->hasPlace = connection.hasPlace;
    made->establishedAt = Clock::now();
    made->parkedAt = made->establishedAt;
    made->descriptor = descriptor;
    const Peer peer = peerOf(*connection.socket);
    made->peer = peer.endpoint();
    made->address = peer.address;
    if (connection.socket->isEncrypted())
        made->cipher = connection.socket->sessionCipher().name();
    made->isEncrypted = connection.socket->isEncrypted();
    // Right behind the id, something may have come.
    const Liveness seen = glance(*connection.socket);
    const bool isUnread = seen == Liveness::Spoke && !isReadToExamine(made->isEncrypted);
    made->hasSpoken = isUnread;
    const bool isRoom = made->isControl() || makeRoomFor(connection.id) || connection.hasPlace;

    Entry *entry = nullptr;
    QSslSocket *replaced = nullptr;
    PoolError error;
    {
        const Lock lock(m_mutex);
        ++m_figures.established;
        m_figures.dialTime.add(made->establishedAt - connection.begunAt);
        const bool isCurrent = m_life == Life::Running && made->generation == m_figures.generation;
        if (isCurrent && !m_trouble) {
            m_isUp = true;
            m_hasFailed = false;
            m_lastError = {};
        }
        if (isCurrent && isRoom)
            replaced = vacate(connection.id);
        if (!isCurrent) {
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
        if (!entry && connection.hasPlace)
            --m_reserved;
    }
    if (replaced)
        closeGently(replaced);
    if (!entry) {
        if (error)
            attemptFailed(error);
        closeGently(connection.socket.release());
        changed();
        return !error;
    }
    pushToNoThread(*connection.socket.release());
    if (seen == Liveness::Quiet || isUnread)
        offer(entry, connection.generation);
    else
        examineStep(entry);
    return true;
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
        record(PoolEvent::Kind::Failed, {}, {}, error);
    }
    changed();
}

void PoolCore::setTrouble(const PoolError &error)
{
    {
        const Lock lock(m_mutex);
        m_trouble = error;
        m_lastError = error;
        m_hasFailed = static_cast<bool>(error);
        if (m_store.parkedCount() == 0)
            m_isUp = false;
        else if (!error)
            m_isUp = m_life == Life::Running;
        if (error) {
            ++m_figures.failed[static_cast<size_t>(error.phase())];
            record(PoolEvent::Kind::Failed, {}, {}, error);
        }
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

void PoolCore::setNextAttempt(std::optional<Clock::time_point> when)
{
    {
        const Lock lock(m_mutex);
        if (m_nextAttempt == when)
            return;
        m_nextAttempt = when;
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
