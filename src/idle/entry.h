// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/liveness.h"
#include "../io/peerprobe.h"
#include "../policy/expiry.h"

#include <tidepool/connectionid.h>

#include <QtCore/QByteArray>
#include <QtCore/QString>
#include <QtNetwork/QHostAddress>

#include <chrono>
#include <optional>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// A connection of the pool, from the moment when it is established until nobody holds it.
///
/// The pool's mutex protects the fields. There is one exception: the fields of an entry in state Checking belong to the
/// thread that checks the entry, except for hasNews.
struct Entry
{
    using Clock = std::chrono::steady_clock;

    enum class State : quint8 {
        Parked, ///< In the idle store, watched, in no thread.
        Ended, ///< Like Parked, but closed by its peer: only for a take by its id, and not watched.
        Checking, ///< Checked out of the idle store: one thread checks whether it is good.
        Leased, ///< Taken. The lease owns the socket. The entry keeps the id reserved.
    };

    ConnectionId id;
    quint32 serial = 0; ///< Distinguishes connections that had the same id one after another.
    State state = State::Checking;
    bool hasSpoken = false; ///< The peer has sent bytes since it was parked.
    bool hasEnded = false; ///< The peer has closed the connection after the bytes.
    bool isEncrypted = false;
    bool hasArrived = false; ///< Its id has arrived at the client.
    bool isUnderWay = false; ///< In the list of connections whose id has not arrived.
    bool hasNews = false; ///< Reported in state Checking: examine it when it is parked.
    bool isGivenBack = false; ///< Leased. Its user has given it back, but its thread has not processed that yet.
    bool isReturned = false; ///< In state Checking since it was given back.
    bool isRetiring = false; ///< Its replacement is in progress.
    bool isSuspect = false; ///< Its peer may be gone: see PoolMachine::suspectAll().
    bool isOverdue = false; ///< A suspect whose peer has not answered in time.
    bool isReported = false; ///< Reported as a lease that is held too long.
    bool isCounted = false; ///< Counted in PoolStatus::parkedTotal.
    bool isUnwanted = false; ///< Evict it as soon as its examination is complete.
    QSslSocket *socket = nullptr; ///< Owned in all states except Leased. The pool's rules never use the socket.
    Examination examination; ///< The examinations since it was parked.
    qint64 buffered = 0; ///< The number of buffered bytes from the peer.
    qintptr descriptor = -1; ///< The descriptor of the socket, which the rules never use either.
    quint64 watch = 0; ///< The number of its watch.
    QString peer; ///< As in ConnectionRecord.
    QHostAddress address; ///< The address of the peer.
    QString cipher;
    QByteArray peerCertificate; ///< As in ConnectionRecord.
    quint64 generation = 0;
    bool hasPlace = false; ///< Has a reserved place, until it is parked or leaves the pool.
    Clock::time_point establishedAt;
    Clock::time_point parkedAt; ///< Leased: when it was taken. Ended: when the end was detected.
    Expiry expiry;
    Clock::time_point suspectedAt;
    Clock::time_point probedAt; ///< The start of the probes of a suspect's peer.
    std::optional<KeepAliveTimes> probed; ///< The keepalive settings before the probes.
    Entry *newer = nullptr; ///< In the list of its state.
    Entry *older = nullptr;
    Entry *nextForgotten = nullptr; ///< See PoolMachine::m_forgotten.

    /// True for the control connection, on which the application exchanges messages about the other connections. Only a
    /// take by its id returns it. No lifetime applies to it.
    [[nodiscard]] bool isControl() const { return id.value() == 0; }
    [[nodiscard]] bool isIdle() const { return state == State::Parked || state == State::Ended; }
    [[nodiscard]] quint64 token() const { return quint64(id.value()) << 32 | serial; }
};

/// A doubly linked list that uses Entry::newer and Entry::older. All operations take constant time.
class EntryList
{
public:
    [[nodiscard]] bool isEmpty() const { return m_size == 0; }
    [[nodiscard]] int size() const { return m_size; }
    [[nodiscard]] Entry *newest() const { return m_newest; }
    [[nodiscard]] Entry *oldest() const { return m_oldest; }

    void add(Entry *entry)
    {
        entry->older = m_newest;
        entry->newer = nullptr;
        (m_newest ? m_newest->newer : m_oldest) = entry;
        m_newest = entry;
        ++m_size;
    }

    void remove(Entry *entry)
    {
        (entry->newer ? entry->newer->older : m_newest) = entry->older;
        (entry->older ? entry->older->newer : m_oldest) = entry->newer;
        entry->newer = entry->older = nullptr;
        --m_size;
    }

private:
    Entry *m_newest = nullptr;
    Entry *m_oldest = nullptr;
    int m_size = 0;
};

} // namespace Tidepool
