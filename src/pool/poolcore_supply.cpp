// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/affinity.h"
#include "../io/descriptor.h"
#include "../io/iothread.h"
#include "../io/peername.h"
#include "../supply/wireid.h"
#include "poolcore.h"
#include "poolcore_perform.h"

#include <QtCore/QCryptographicHash>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslCipher>

#include <utility>

namespace Tidepool {

namespace {

// Between the end of a dial and this call, one turn of the event loop passes. In that time the peer, or a dialer that
// checks the peer's certificate, can have closed the connection.
PoolError deathBeforeParked(const QSslSocket &socket)
{
    const bool hasReason = socket.error() != QAbstractSocket::UnknownSocketError;
    return {Phase::Validate, ErrorKind::PeerClosed,
            QStringLiteral("A connection was closed as soon as it was made, before it could be parked%1. Does the "
                           "peer, or the dialer, refuse it?")
                .arg(hasReason ? QStringLiteral(": ") + socket.errorString() : QString())};
}

bool isPeerGone(const Entry &entry)
{
    return peek(entry.descriptor) == Peek::Closed || hasHungUp(entry.descriptor);
}

} // namespace

void PoolCore::enter(Step step)
{
    const MutexLocker lock(m_mutex);
    m_machine.enter(step);
}

void PoolCore::leave(Step step)
{
    const MutexLocker lock(m_mutex);
    m_machine.leave(step);
}

Demand PoolCore::demand() const
{
    const auto now = Clock::now();
    const MutexLocker lock(m_mutex);
    return m_machine.demand(now);
}

void PoolCore::evictSurplus(int keep)
{
    perform([keep, now = momentNow()](PoolMachine &machine) { return machine.evictSurplusOf(keep, now); });
}

std::vector<Loss> PoolCore::takeLosses()
{
    const MutexLocker lock(m_mutex);
    return m_machine.takeLosses();
}

ConnectionId PoolCore::freshId() const
{
    for (;;) {
        const ConnectionId id = randomId(); // a system call, which must not delay takers
        const MutexLocker lock(m_mutex);
        if (id != controlId && !m_machine.isInUse(id))
            return id;
    }
}

bool PoolCore::claimControlId(quint64 generation)
{
    const auto now = Clock::now();
    const MutexLocker lock(m_mutex);
    return m_machine.claimControlId(generation, now);
}

void PoolCore::releaseControlId(quint64 generation)
{
    const MutexLocker lock(m_mutex);
    m_machine.releaseControlId(generation);
}

int PoolCore::room() const
{
    const MutexLocker lock(m_mutex);
    return m_machine.room();
}

bool PoolCore::reserve()
{
    const MutexLocker lock(m_mutex);
    return m_machine.reserve();
}

void PoolCore::unreserve()
{
    const MutexLocker lock(m_mutex);
    m_machine.unreserve();
}

std::unique_ptr<Entry> PoolCore::recordOf(const Established &connection)
{
    const QSslSocket &socket = *connection.socket;
    auto made = std::make_unique<Entry>();
    made->id = connection.id;
    made->generation = connection.generation;
    made->hasPlace = connection.hasPlace;
    made->establishedAt = Clock::now();
    made->parkedAt = made->establishedAt;
    made->socket = connection.socket.get();
    made->descriptor = nativeDescriptor(socket);
    const Peer peer = peerOf(socket);
    made->peer = peer.endpoint();
    made->address = peer.address;
    made->isEncrypted = socket.isEncrypted();
    if (made->isEncrypted) {
        made->cipher = socket.sessionCipher().name();
        if (const QSslCertificate shown = socket.peerCertificate(); !shown.isNull())
            made->peerCertificate = shown.digest(QCryptographicHash::Sha256);
    }
    return made;
}

bool PoolCore::established(Established connection)
{
    if (connection.socket->state() != QAbstractSocket::ConnectedState || nativeDescriptor(*connection.socket) < 0) {
        if (connection.hasPlace)
            unreserve();
        if (connection.id == controlId)
            releaseControlId(connection.generation);
        attemptFailed(deathBeforeParked(*connection.socket));
        return false;
    }
    auto made = recordOf(connection);
    // Bytes can have arrived directly after the id.
    const Liveness seen = glance(*connection.socket);
    const bool isUnread = seen == Liveness::Spoke && !isReadToExamine(made->isEncrypted);
    made->hasSpoken = isUnread;
    const Moment now = momentNow();

    MutexLocker lock(m_mutex);
    const Entry *namesake = m_machine.parkedNamed(connection.id);
    const bool isNamesakeGone = namesake && isPeerGone(*namesake);
    auto arrival = m_machine.established(std::move(made), connection.begunAt, isNamesakeGone, now);
    Effects effects = effectsOf(std::move(arrival.actions));
    lock.unlock();

    QSslSocket *socket = connection.socket.release();
    if (arrival.out) {
        disconnectUsers(*socket);
        pushToNoThread(*socket);
    } else {
        closeGently(socket);
    }
    carryOut(std::move(effects));
    if (!arrival.out)
        return !arrival.isBadIdentity;
    if (seen == Liveness::Quiet || isUnread)
        offer(std::move(arrival.out));
    else
        examineStep(std::move(arrival.out));
    return true;
}

void PoolCore::attemptFailed(const PoolError &error)
{
    bool isSign = false;
    performAndNotify([&](PoolMachine &machine) { isSign = machine.attemptFailed(error); });
    if (isSign)
        wakeSupply();
}

void PoolCore::setTrouble(const PoolError &error)
{
    performAndNotify([&](PoolMachine &machine) { machine.setTrouble(error); });
}

void PoolCore::clientRefused()
{
    performAndNotify([](PoolMachine &machine) { machine.countRefused(); });
}

void PoolCore::clientOverflowed()
{
    performAndNotify([](PoolMachine &machine) { machine.countOverflowed(); });
}

void PoolCore::setTarget(int capacity, std::chrono::milliseconds interval)
{
    performAndNotify([&](PoolMachine &machine) { return machine.setTarget(capacity, interval); });
}

void PoolCore::setSizing(const SizingReason &reason, std::optional<Clock::time_point> nextBurst)
{
    perform([&](PoolMachine &machine) { return machine.setSizing(reason, nextBurst); });
}

void PoolCore::setNextAttempt(std::optional<Clock::time_point> when)
{
    performAndNotify([&](PoolMachine &machine) { return machine.setNextAttempt(when); });
}

void PoolCore::forgetFatal()
{
    const MutexLocker lock(m_mutex);
    m_machine.forgetFatal();
}

void PoolCore::halt(const PoolError &error)
{
    perform([&, now = Clock::now()](PoolMachine &machine) { return machine.halt(error, now); });
}

void PoolCore::goOn()
{
    std::shared_ptr<IoThread> ioThread;
    {
        const MutexLocker lock(m_mutex);
        m_machine.goOn();
        ioThread = m_port.ioThread;
    }
    if (ioThread)
        ioThread->post([] {}); // run tasks that were posted in between
    m_notifier.notifyAnew();
}

void PoolCore::setFatal(const PoolError &error, quint64 generation)
{
    perform([&, now = Clock::now()](PoolMachine &machine) { return machine.setFatal(error, generation, now); });
}

std::optional<quint64> PoolCore::renew(quint64 generation, Renewal cause, Clock::time_point quietUntil)
{
    std::optional<quint64> begun;
    perform([&, now = momentNow()](PoolMachine &machine) {
        auto renewed = machine.renew(generation, cause, quietUntil, now);
        begun = renewed.generation;
        return std::move(renewed.actions);
    });
    return begun;
}

void PoolCore::setOffline(bool isOffline)
{
    performAndNotify([&](PoolMachine &machine) { return machine.setOffline(isOffline); });
}

} // namespace Tidepool
