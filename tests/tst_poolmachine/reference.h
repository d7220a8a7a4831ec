// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "pool/poolmachine.h"

#include <map>
#include <set>
#include <vector>

/// The rules of a pool once more, in the simplest way: lists, searched from end to end. It is slow, and it shares no
/// container with PoolMachine.
class Reference
{
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Ids = std::vector<quint32>;
    using Tickets = std::vector<quint64>;

    enum class Place : quint8 { Out, ToExamine, Parked, Ended, Leased };
    struct Connection
    {
        quint32 id = 0;
        quint64 generation = 0;
        Place place = Place::Out;
        QHostAddress address;
        bool hasSpoken = false;
        bool hasEnded = false;
        bool isCounted = false;
        bool hasReserved = false;
        bool hasNews = false;
        bool isRetiring = false;
        bool isReported = false;
        bool isUnwanted = false;
        qint64 held = 0;
        quint64 order = 0; // of entering its place
        TimePoint establishedAt;
        TimePoint since; // parked, or taken
        Tidepool::Expiry expiry;
    };
    struct Wait
    {
        quint64 ticket = 0;
        std::optional<quint32> id;
        TimePoint deadline;
    };
    struct Gone
    {
        Ids ids; // whose sockets are to be closed, sorted
        Tickets failed; // sorted
        bool operator==(const Gone &) const = default;
    };
    enum class Next : quint8 { Serve, Watch, Done };
    struct Offer
    {
        Next next = Next::Done;
        quint64 ticket = 0;
        Gone gone = {};
        bool isReported = false; // while it was out
    };
    struct Arrival
    {
        bool isWanted = false;
        Gone gone = {};
    };

    Gone setPolicy(const Tidepool::CorePolicy &newPolicy);
    void open();
    Gone drain();
    Gone shutDown();
    Gone flush();
    std::optional<Gone> evictNamed(quint32 id);

    std::optional<quint32> checkOut(std::optional<quint32> id);
    bool leaseWarm(quint32 id, TimePoint now);
    Gone putAside(quint32 id, std::optional<Tidepool::EvictionCause> fault);
    bool startWaiting(quint64 ticket, std::optional<quint32> id, TimePoint deadline);
    void refuseTry();
    Offer offer(quint32 id, bool isWatched, TimePoint now);
    void served(quint64 ticket, quint32 id, TimePoint now);
    void notServed(quint64 ticket, bool isCancelled);
    void takeBack(quint32 id);
    bool cancel(quint64 ticket);
    bool fail(quint64 ticket);

    bool examine(quint32 id);
    std::optional<quint32> nextToExamine();
    void examined(quint32 id, qint64 held, bool isUnfinished);
    Gone evictExamined(quint32 id, Tidepool::EvictionCause cause);
    bool giveBack(quint32 id, bool isGood, bool hasSpoken);
    void leaseEnded(quint32 id);
    Gone expire(TimePoint now);
    TimePoint nextDeadline() const;

    Arrival established(Connection made, bool isNamesakeGone);
    void attemptFailed();
    void setTrouble(bool isTroubled);
    Gone setFatal(bool isFatal);
    int room() const;

    Connection *find(quint32 id);
    int count(Place place) const;
    int parkedCount() const;
    int waiting() const { return static_cast<int>(line.size() + served_.size()); }
    bool isRunning() const { return life == 1; }
    bool isShutDown() const { return life == 0 || life == 3; }
    Tidepool::PoolState state() const;
    static constexpr bool isControl(quint32 id) { return id == 0; }

    Tidepool::CorePolicy policy;
    int life = 0; // 0 stopped, 1 running, 2 draining, 3 closed
    bool isPaused = false;
    bool isUp = false;
    bool hasFailed = false;
    bool isTroubled = false;
    bool isFatal = false;
    quint64 generation = 0;
    int capacity = 0;
    int reservedByServer = 0;
    std::map<quint32, Connection> connections;
    std::vector<Wait> line;
    std::set<quint64> served_;
    Tidepool::PoolStatus counters; // of it, only the counters

private:
    std::vector<Connection *> in(Place place); // oldest first
    std::vector<Connection *> parked(); // without the control connection
    int retiring() const;
    int reserved() const;
    std::optional<Tidepool::EvictionCause> causeToGo(const Connection &connection) const;
    bool isFull() const;
    bool isAwaited(quint32 id, bool byNameOnly = false) const;
    void moveTo(Connection &connection, Place place);
    void evict(quint32 id, Tidepool::EvictionCause cause, Gone &gone);
    void drop(quint32 id, Gone *gone);
    void evictAlone(quint32 id, Tidepool::EvictionCause cause, Gone &gone);
    void evictIdle(Tidepool::EvictionCause cause, Gone &gone);
    void trimEnded(Gone &gone);
    void failAll(Gone &gone);

    quint64 m_order = 0;
};
