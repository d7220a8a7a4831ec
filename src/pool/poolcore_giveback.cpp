// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/affinity.h"
#include "poolcore.h"
#include "poolcore_perform.h"

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
    if (!socket) {
        lease->close(); // the user has deleted it
        return;
    }
    disconnectUsers(*socket);
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
    const Liveness seen = glance(*socket);
    const bool isGood = (seen == Liveness::Quiet || seen == Liveness::Spoke) && !hasUnsentBytes(*socket);
    // What has not been decrypted yet is for the I/O thread to look at: this is the user's thread.
    const bool isToExamine = seen == Liveness::Spoke && isReadToExamine(socket->isEncrypted());
    const bool hasSpoken = seen == Liveness::Spoke && !isToExamine;
    const auto now = Clock::now();
    MutexLocker lock(m_mutex);
    CheckedOut out = m_machine.giveBack(lease->token(), isGood, hasSpoken, now);
    lock.unlock();
    if (!out) {
        if (hasUnsentBytes(*socket))
            socket->abort(); // they have had their time
        closeAfterUse(socket);
        m_notifier.notify();
        return;
    }
    pushToNoThread(*socket);
    if (isToExamine)
        leaveToIoThread(out);
    if (out)
        offer(std::move(out));
}

void PoolCore::giveBack(const std::shared_ptr<Lease> &lease)
{
    const auto moved = lease->transfer();
    if (!moved)
        return;
    {
        const MutexLocker lock(m_mutex);
        m_machine.announceGiveBack(moved->token());
    }
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
    perform([token, now = Clock::now()](PoolMachine &machine) { return machine.leaseEnded(token, now); });
}

} // namespace Tidepool
