// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/affinity.h"
#include "poolcore.h"
#include "poolcore_perform.h"

#include <QtCore/QTimer>

#include <utility>

namespace Tidepool {

namespace {
// How long data that the user wrote before giveBack() can take to be sent.
constexpr std::chrono::seconds sendingTime{5};
} // namespace

// Call this in the socket's thread, outside the socket's signals. Data that the user wrote before is sent first.
void PoolCore::giveBackWhenSent(const std::shared_ptr<Lease> &lease)
{
    QSslSocket *socket = lease->socket();
    if (!socket) {
        lease->close(); // the user has deleted the socket
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
        // The captures are destroyed with the timer.
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
    // The I/O thread examines bytes that are not decrypted yet, because this is the user's thread.
    const bool isToExamine = seen == Liveness::Spoke && isReadToExamine(socket->isEncrypted());
    const bool hasSpoken = seen == Liveness::Spoke && !isToExamine;
    const auto now = Clock::now();
    MutexLocker lock(m_mutex);
    CheckedOut out = m_machine.giveBack(lease->token(), isGood, hasSpoken, now);
    lock.unlock();
    if (!out) {
        if (hasUnsentBytes(*socket))
            socket->abort(); // the time for sending is over
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
    // Later, because the caller can be inside one of the socket's own signals, or in another thread.
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
