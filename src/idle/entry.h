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
        Ended, ///< The same, but its peer has closed it: only for who names its id, and not watched.
        Checking, ///< Out of it for a moment: one thread looks whether it is good.
        Leased, ///< Taken. The lease owns the socket; the entry keeps the id reserved.
    };

    ConnectionId id;
    quint32 serial = 0; ///< Tells apart connections that got the same id one after another.
    State state = State::Checking;
    bool hasSpoken = false; ///< The peer has sent bytes since it was parked.
    bool hasEnded = false; ///< And closed behind them.
    bool isEncrypted = false;
    bool hasArrived = false; ///< Its id, at the client.
    bool isUnderWay = false; ///< In the list of those whose id has not.
    bool hasNews = false; ///< It was reported in state Checking: to be looked at when it is parked.
    bool isGivenBack = false; ///< Leased; its user has given it back, and its thread has still to do so.
    bool isReturned = false; ///< In state Checking since it came back.
    bool isRetiring = false; ///< Its replacement is under way.
    bool isSuspect = false; ///< Its peer may be gone: see PoolMachine::suspectAll().
    bool isOverdue = false; ///< A suspect whose peer has not answered in time.
    bool isReported = false; ///< As a lease held too long.
    bool isCounted = false; ///< In PoolStatus::parkedTotal.
    bool isUnwanted = false; ///< It is to be evicted as soon as it has been looked at.
    QSslSocket *socket = nullptr; ///< Owned in all states but Leased. A handle: the pool's rules never look into it.
    Examination examination; ///< Since it was parked.
    qint64 buffered = 0; ///< Bytes that its peer has made us hold.
    qintptr descriptor = -1; ///< Another handle.
    quint64 watch = 0; ///< The watcher's number for it.
    QString peer; ///< As in ConnectionRecord.
    QHostAddress address; ///< The peer's.
    QString cipher;
    QByteArray peerCertificate; ///< As in ConnectionRecord.
    quint64 generation = 0;
    bool hasPlace = false; ///< Holds a reservation, until it is parked or leaves.
    Clock::time_point establishedAt;
    Clock::time_point parkedAt; ///< Leased: when it was taken. Ended: when that was seen.
    Expiry expiry;
    Clock::time_point suspectedAt;
    Clock::time_point probedAt; ///< Since when the peer of a suspect is asked.
    std::optional<KeepAliveTimes> probed; ///< How keepalive was set before.
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
