// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../idle/affinity.h"
#include "poolcore.h"

#include <QtCore/QTimer>

#include <utility>

namespace Tidepool {

namespace {
// How long what the user wrote before giving back may take to be sent.
constexpr std::chrono::seconds sendingTime{5};
} // namespace

// In the socket's thread, outside its signals. What the user wrote before goes out first.
void PoolCore::giveBackWhenSent(const std::shared_ptr<Lease> &lease)
{
    QSslSocket *socket = lease->socket();
    socket->disconnect();
    if (hasUnsentBytes(*socket))
        socket->flush();
    if (!hasUnsentBytes(*socket) || !hasEventLoop()) {
        finishGiveBack(lease);
        return;
    }
    auto *sending = new QTimer(socket);
    const auto look = [self = shared_from_this(), lease, sending, socket](bool isLate) {
        const bool isConnected = socket->state() == QAbstractSocket::ConnectedState;
        if (hasUnsentBytes(*socket) && isConnected && !isLate)
            return;
        // The captures go with the timer.
        const auto kept = self; // NOLINT(performance-unnecessary-copy-initialization)
        const auto given = lease; // NOLINT(performance-unnecessary-copy-initialization)
        delete sending;
        kept->finishGiveBack(given);
    };
    // Queued, because the socket leaves the thread at the end.
    QObject::connect(
        socket, &QIODevice::bytesWritten, sending, [look] { look(false); }, Qt::QueuedConnection);
    QObject::connect(
        socket, &QSslSocket::encryptedBytesWritten, sending, [look] { look(false); }, Qt::QueuedConnection);
    QObject::connect(
        socket, &QAbstractSocket::disconnected, sending, [look] { look(false); }, Qt::QueuedConnection);
    QObject::connect(sending, &QTimer::timeout, sending, [look] { look(true); });
    QObject::connect(socket->thread(), &QThread::finished, sending, [look] { look(true); });
    sending->setSingleShot(true);
    sending->start(sendingTime);
}

void PoolCore::finishGiveBack(const std::shared_ptr<Lease> &lease)
{
    QSslSocket *socket = lease->reclaim();
    if (socket->isEncrypted())
        socket->flush(); // if the peer has ended TLS, the socket says so again
    const Liveness seen = glance(*socket);
    const bool isGood = (seen == Liveness::Quiet || seen == Liveness::Spoke) && !hasUnsentBytes(*socket);
    // What has not been decrypted yet is for the lane to look at: this is the user's thread.
    const bool isToExamine = seen == Liveness::Spoke && isReadToExamine(socket->isEncrypted());

    Entry *entry = nullptr;
    quint64 generation = 0;
    {
        const Lock lock(m_mutex);
        Entry *known = m_store.find(lease->token());
        const bool isRoom = known && (m_store.parkedCount() < m_policy.limit || m_waiters.isAwaited(known->id));
        const bool isWelcome = isRoom && m_life == Life::Running && known->generation == m_figures.generation;
        if (known)
            countEndOfLease(*known, isGood);
        if (known && !isGood) {
            ++m_figures.failed[static_cast<size_t>(Phase::Validate)];
            m_store.remove(known);
        } else if (known) {
            ++m_figures.givenBack;
            ++m_figures.checking;
            m_store.reclaim(known);
            known->hasSpoken = seen == Liveness::Spoke && !isToExamine;
            known->hasEnded = false;
            known->examination = {};
            known->isCounted = false;
            generation = known->generation;
            if (isWelcome)
                entry = known;
            else
                (void)drop(known);
        }
    }
    if (!entry) {
        if (hasUnsentBytes(*socket))
            socket->abort(); // they have had their time
        closeGently(socket);
        changed();
        return;
    }
    pushToNoThread(*socket);
    if (isToExamine) {
        const Lock lock(m_mutex);
        if (m_port.lane) {
            leaveToLane(*entry);
            return;
        }
    }
    offer(entry, generation);
}

void PoolCore::giveBack(const std::shared_ptr<Lease> &lease)
{
    const auto moved = lease->transfer();
    if (!moved)
        return;
    if (moved->isInNoThread()) {
        giveBackWhenSent(moved);
        return;
    }
    if (moved->isOutOfReach()) {
        moved->close();
        return;
    }
    const bool isHere = moved->socket()->thread() == QThread::currentThread();
    if (isHere && !hasEventLoop()) {
        giveBackWhenSent(moved);
        return;
    }
    // Later, because the caller may be inside one of the socket's own signals, or in another thread.
    const auto giveBackThere = [self = shared_from_this(), moved] {
        if (moved->isValid())
            self->giveBackWhenSent(moved);
    };
    if (!moved->post(giveBackThere))
        moved->close();
}

void PoolCore::leaseEnded(quint64 token)
{
    bool isAwaited = false;
    {
        const Lock lock(m_mutex);
        Entry *entry = m_store.find(token);
        if (!entry || entry->state != Entry::State::Leased)
            return;
        countEndOfLease(*entry, false);
        isAwaited = !m_policy.isServer && (m_policy.maximumTotal > 0 || m_returns.expected(1) > 0);
        m_store.remove(entry);
    }
    if (isAwaited)
        wakeSupply();
    changed();
}

void PoolCore::countEndOfLease(const Entry &entry, bool isReturned)
{
    m_returns.ended(isReturned, Clock::now() - entry.parkedAt);
}

// More than the capacity is of no interest, so the walk is short.
int PoolCore::expectedBack() const
{
    const int most = m_figures.capacity;
    if (m_policy.isServer || m_returns.expected(most) == 0)
        return 0;
    const auto tooEarly = Clock::now() - m_returns.patience();
    int recent = 0;
    for (const Entry *entry = m_store.newestLeased().front(); entry && entry->parkedAt > tooEarly && recent < most;
         entry = entry->older)
        recent += entry->generation == m_figures.generation ? 1 : 0;
    return m_returns.expected(recent);
}

// A limit of a client's total was lowered.
bool PoolCore::isTooMuch() const
{
    return !m_policy.isServer && m_policy.maximumTotal > 0 && m_store.size() > m_policy.maximumTotal;
}

} // namespace Tidepool
