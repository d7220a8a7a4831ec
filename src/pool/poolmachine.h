// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../idle/idlestore.h"
#include "../idle/waiters.h"
#include "../policy/idlelifetime.h"
#include "../policy/outagealarm.h"
#include "../policy/returnshare.h"
#include "../supply/allowedclients.h"
#include "../supply/demand.h"
#include "actions.h"
#include "checkedout.h"
#include "eventqueue.h"
#include "evictionlog.h"

#include <tidepool/connectionrecord.h>
#include <tidepool/poolerror.h>
#include <tidepool/poolstatus.h>
#include <tidepool/timeouts.h>

#include <array>
#include <atomic>
#include <deque>
#include <optional>
#include <random>
#include <vector>

namespace Tidepool {

/// How the pool treats connections; a plain value, set by the facade.
struct CorePolicy
{
    TakeOrder order = TakeOrder::NewestFirst;
    Unsolicited unsolicited = Unsolicited::Keep;
    Overflow overflow = Overflow::Refuse;
    Lifetimes lifetimes;
    std::chrono::milliseconds takeTimeout{10'000};
    std::chrono::milliseconds leaseThreshold{0};
    int maximumWaiting = 10'000;
    int limit = 64; ///< Parked connections at most.
    int maximumTotal = 0; ///< Client: parked, taken and being made together; 0: without limit.
    bool isServer = false;
    AllowedClients allowedClients; ///< Of a server.
};

/// The rules of a pool: its connections, the takes that wait, its counters, as a state machine.
///
/// It has no mutex, uses no socket, reads no clock and finishes no promise: every call takes the time, and returns what
/// is to be done outside. Not thread-safe: PoolCore is the mutex around it, and carries the actions out.
class PoolMachine
{
public:
    using Clock = std::chrono::steady_clock;
    using Ticket = Waiter::Ticket;

    /// @p hasArrived: see IdleStore. @p seed: of the jitter of lifetimes.
    /// @p probe: asks silent peers; nullptr where nobody can.
    explicit PoolMachine(IdleStore::ArrivalProbe hasArrived = nullptr, quint32 seed = 1,
                         const PeerProbe *probe = nullptr);
    ~PoolMachine();
    Q_DISABLE_COPY_MOVE(PoolMachine)

    // --- The pool's life
    [[nodiscard]] Actions setPolicy(const CorePolicy &policy, const Moment &now);
    [[nodiscard]] const CorePolicy &policy() const { return m_policy; }
    /// Returns the generation that begins.
    [[nodiscard]] quint64 open(int capacity, std::chrono::milliseconds interval);
    /// False, and without effect, unless the pool runs.
    [[nodiscard]] bool setPaused(bool paused);
    /// Fails the waiters, evicts the parked ones, takes no more.
    [[nodiscard]] Actions drain(const Moment &now);
    /// As drain(), for good; also from a drain. Without effect if the pool is not open.
    [[nodiscard]] Actions shutDown(const Moment &now);
    /// Evicts the parked ones. What was begun in an older generation is dropped from now on.
    [[nodiscard]] Actions flush(const Moment &now);
    /// Evicts the one of that name that is parked, or is to be parked as soon as it has been looked at. Nothing if
    /// there is none.
    [[nodiscard]] std::optional<Actions> evictNamed(ConnectionId id, const Moment &now);
    [[nodiscard]] quint64 generation() const { return m_generation; }
    [[nodiscard]] bool isRunning() const { return m_life == Life::Running; }
    /// A drain has nothing left to wait for in here.
    [[nodiscard]] bool isDrained() const { return m_life == Life::Draining && m_store.leasedCount() == 0; }
    [[nodiscard]] bool isDraining() const { return m_life == Life::Draining; }

    // --- Takes
    /// Why nothing is handed out, by the pool's life.
    [[nodiscard]] PoolError refusal() const;
    /// The parked connection that a take is to look at; empty if there is none.
    [[nodiscard]] CheckedOut checkOut(std::optional<ConnectionId> id);
    /// Ends @p out: it is taken. False, and without effect, if it must not be handed out any more.
    [[nodiscard]] bool leaseWarm(CheckedOut &out, Clock::time_point askedAt, Clock::time_point now);
    /// Ends @p out, which is not handed out: it is evicted for @p fault, or, without one, left to the I/O thread.
    [[nodiscard]] Actions putAside(CheckedOut out, std::optional<EvictionCause> fault, const QString &text,
                                   const Moment &now);
    /// True if a take has to wake the supply: for a refill, or to watch over the lease.
    [[nodiscard]] bool needsWakeAfterTake() const;
    [[nodiscard]] bool hasEvents() const { return !m_events.isEmpty(); }
    struct Wait
    {
        Ticket ticket = 0; ///< 0 if it may not wait.
        PoolError error; ///< Why.
    };
    /// A take for which nothing is parked gets in line. @p timeout: negative for the policy's.
    [[nodiscard]] Wait startWaiting(std::optional<ConnectionId> id, std::chrono::milliseconds timeout,
                                    Clock::time_point askedAt);
    /// Counts a tryTake() that got nothing, and says why.
    [[nodiscard]] PoolError refuseTry();

    // --- Offers, to those who wait
    struct Offer
    {
        enum class Next : quint8 {
            Serve, ///< Hand it to the waiter: served() or notServed() is to follow.
            Watch, ///< Nobody wants it: watch it, and offer it again as watched, in case somebody came meanwhile.
            Done, ///< It is parked, or has left.
        };
        Next next = Next::Done;
        Ticket ticket = 0;
        Actions actions = {};
    };
    /// Hands @p out, found to be good, to who waits for it, or parks it. It has ended if this returns Done.
    [[nodiscard]] Offer offer(CheckedOut &out, bool isWatched, const Moment &now);
    /// Ends @p out: the waiter has it.
    [[nodiscard]] Actions served(Ticket ticket, CheckedOut out, Clock::time_point now);
    /// The waiter has gone; the connection is to be offered again. @p error: its end, if it was not cancelled.
    [[nodiscard]] Actions notServed(Ticket ticket, const std::optional<PoolError> &error, Clock::time_point now);
    /// The take was cancelled when it had been served already: it counts as given back. Empty if it is not known.
    [[nodiscard]] CheckedOut takeBack(quint64 token);
    /// True if it was in line.
    [[nodiscard]] bool cancel(Ticket ticket);
    /// Fails a waiter in line.
    [[nodiscard]] Actions fail(Ticket ticket, const PoolError &error, Clock::time_point now);

    // --- Examinations
    /// The parked connection that was reported; empty if it is somebody else's now.
    [[nodiscard]] CheckedOut examine(quint64 token);
    /// To be looked at in the I/O thread; see nextToExamine().
    void leaveToIoThread(CheckedOut out);
    [[nodiscard]] CheckedOut nextToExamine();
    [[nodiscard]] bool hasToExamine() const { return !m_toExamine.empty(); }
    /// How many bytes the next examination may leave in a socket.
    [[nodiscard]] qint64 readRoom() const;
    /// Records what one step found: the bytes held, whether the peer spoke for the first time, and whether a further
    /// step is needed. If that is still of use, @p out is left to the I/O thread again, and ends here.
    void examined(CheckedOut &out, qint64 held, bool isNews, bool isUnfinished);
    /// Ends @p out.
    [[nodiscard]] Actions evictExamined(CheckedOut out, EvictionCause cause, const QString &text, const Moment &now);

    // --- Ends of leases
    /// Its user has given it back; giveBack() or leaseEnded() is to follow.
    void announceGiveBack(quint64 token);
    /// To be offered; empty if nobody wants it. @p isGood: it can be used again; @p hasSpoken: bytes of its peer wait.
    [[nodiscard]] CheckedOut giveBack(quint64 token, bool isGood, bool hasSpoken, Clock::time_point now);
    [[nodiscard]] Actions leaseEnded(quint64 token, Clock::time_point now);

    // --- Deadlines
    /// Ends what is due: waits, lifetimes, patience with leases.
    [[nodiscard]] Actions expire(const Moment &now);
    /// When expire() is to be called next; Clock::time_point::max() for never.
    [[nodiscard]] Clock::time_point nextDeadline() const;
    /// What a waiter is told whose time is up; @p status: the pool then.
    [[nodiscard]] static PoolError timeoutOf(const Waiter &waiter, const PoolStatus &status, int maximumTotal);

    // --- The supply: see ConnectionSink
    void enter(MakingStep step) { ++gaugeOf(step); }
    void leave(MakingStep step) { --gaugeOf(step); }
    [[nodiscard]] Demand demand(Clock::time_point now) const;
    [[nodiscard]] std::vector<Loss> takeLosses() { return std::exchange(m_losses, {}); }
    [[nodiscard]] bool isInUse(ConnectionId id) const { return m_store.contains(id); }
    [[nodiscard]] int room() const;
    [[nodiscard]] bool reserve();
    void unreserve() { --m_reserved; }
    [[nodiscard]] bool claimControlId(quint64 generation, Clock::time_point now);
    void releaseControlId() { m_controlGeneration = 0; }
    /// A client's parked connection of that name. If its peer has gone, a new one of the same name replaces it.
    [[nodiscard]] const Entry *parkedNamed(ConnectionId id) const;
    struct Arrival
    {
        CheckedOut out; ///< To be offered; empty if it is not wanted.
        bool isBadIdentity = false;
        Actions actions = {};
    };
    /// A connection has come up. Its record is complete, but for the serial number. @p isNamesakeGone: the peer of
    /// parkedNamed() has gone.
    [[nodiscard]] Arrival established(std::unique_ptr<Entry> made, Clock::time_point begunAt, bool isNamesakeGone,
                                      const Moment &now);
    /// True if it is a sign that what is parked may be dead, too: expire() is to be called.
    bool attemptFailed(const PoolError &error);
    void setTrouble(const PoolError &error);
    void countRefused() { ++m_counters.refused; }
    void countOverflowed() { ++m_counters.overflowed; }
    /// False if nothing changed.
    [[nodiscard]] bool setTarget(int capacity, std::chrono::milliseconds interval);
    [[nodiscard]] Actions setSizing(const SizingReason &reason, std::optional<Clock::time_point> nextBurst);
    /// Client: evicts the oldest parked connections that are more than @p keep.
    [[nodiscard]] Actions evictSurplusOf(int keep, const Moment &now);
    [[nodiscard]] bool setNextAttempt(std::optional<Clock::time_point> when);
    [[nodiscard]] Actions setFatal(const PoolError &error, quint64 generation, Clock::time_point now);
    void forgetFatal() { m_health.fatal = {}; }
    /// Fails the takes that wait, and those that would, until goOn().
    [[nodiscard]] Actions halt(const PoolError &error, Clock::time_point now);
    void goOn() { m_health.halted = {}; }
    struct Renewed
    {
        std::optional<quint64> generation; ///< See ConnectionSink::renew().
        Actions actions = {};
    };
    [[nodiscard]] Renewed renew(quint64 generation, Renewal cause, Clock::time_point quietUntil, const Moment &now);
    /// False if nothing changed.
    [[nodiscard]] bool setOffline(bool isOffline);

    // --- Readings
    [[nodiscard]] PoolStatus status(Clock::time_point now) const;
    [[nodiscard]] const PoolError &lastError() const { return m_health.lastError; }
    void setStartError(const PoolError &error)
    {
        m_health.lastError = error;
        m_health.hasStartFailed = true;
    }
    [[nodiscard]] QList<EvictionRecord> evictions() const { return m_log.records(); }
    [[nodiscard]] QList<ConnectionRecord> connections(int limit, Clock::time_point now) const;
    void want(PoolEvent::Kind kind) { m_events.want(kind); }
    [[nodiscard]] std::vector<PoolEvent> takeEvents() { return m_events.takeAll(); }
    void addError() { ++m_errorCount; }
    void resetErrorCount() { m_errorCount = 0; }
    /// The connections that belong to the pool and to nobody who examines them just now.
    [[nodiscard]] std::vector<const Entry *> held() const;
    /// The rule that is broken, for tests; empty if none is. Takes time in proportion to the number of connections.
    [[nodiscard]] QString violation() const;

private:
    friend class CheckedOut;

    enum class Life : quint8 { Stopped, Running, Draining, Closed };
    /// They only go up; see PoolStatus.
    struct Counters
    {
        qint64 established = 0;
        qint64 dropped = 0;
        qint64 parkedTotal = 0;
        qint64 takenTotal = 0;
        qint64 givenBack = 0;
        qint64 overflowed = 0;
        qint64 refused = 0;
        std::array<qint64, phaseCount> failed{};
        std::array<qint64, evictionCauseCount> evicted{};
        qint64 takesAsked = 0;
        qint64 servedWarm = 0;
        qint64 servedAfterWait = 0;
        qint64 takesFailed = 0;
        qint64 takesCancelled = 0;
        std::array<qint64, renewalCount> renewals{};
        Distribution dialTime;
        Distribution waitTime;
    };
    /// Whether connections come up, and what went wrong last.
    struct Health
    {
        bool isUp = false; ///< A connection came up since the start or the last outage.
        bool hasFailed = false; ///< The last attempt did.
        PoolError lastError;
        int failedInARow = 0; ///< Attempts since the last success.
        PoolError fatal;
        PoolError halted; ///< Why no take may wait just now. Not a fault of the connections.
        PoolError trouble; ///< See ConnectionSink::setTrouble().
        std::optional<Clock::time_point> nextAttempt; ///< The end of the supply's backoff.
        std::optional<Clock::time_point> wakingUntil; ///< The machine has slept.
        bool isOffline = false; ///< There is no network.
        bool hasStartFailed = false; ///< lastError is why.
    };
    /// Parked connections evicted together.
    struct EvictedBatch
    {
        EvictionCause cause;
        std::vector<std::unique_ptr<Entry>> entries = {};
    };
    /// In debug builds, compares counters and gauges at the end of a call.
    class CounterCheck;

    void beginGeneration();
    [[nodiscard]] static Actions announcing();
    [[nodiscard]] Actions metricsChanged() const;
    [[nodiscard]] PoolState state() const;
    [[nodiscard]] Diagnosis diagnosis() const;
    [[nodiscard]] QString counterViolation() const;
    [[nodiscard]] QString entryViolation(const Entry &entry) const;
    int &gaugeOf(MakingStep step) { return m_making[static_cast<size_t>(step)]; }

    // The ends of a connection that is out
    [[nodiscard]] Entry *finish(CheckedOut &out);
    void park(CheckedOut out, const Moment &now, Actions &actions);
    void lease(CheckedOut out, Clock::time_point now);
    [[nodiscard]] std::unique_ptr<Entry> evict(CheckedOut out, EvictionCause cause, const QString &text,
                                               const Moment &now);
    [[nodiscard]] std::unique_ptr<Entry> drop(CheckedOut out);

    [[nodiscard]] CheckedOut out(Entry *entry) { return {this, entry}; }
    void forget(Entry *entry);
    void evictForgotten(const Moment &now, Actions &actions);
    void countAsParked(Entry &entry, Clock::time_point now);
    [[nodiscard]] std::optional<EvictionCause> objectionTo(const Entry &entry, bool isWatched) const;
    [[nodiscard]] std::optional<EvictionCause> causeToGo(const Entry &entry) const;
    [[nodiscard]] std::unique_ptr<Entry> letGo(CheckedOut out, EvictionCause cause, const Moment &now);

    void addTo(EvictedBatch &batch, Entry *entry);
    void finishBatch(EvictedBatch batch, const Moment &now, Actions &actions);
    void evictIdle(EvictionCause cause, const Moment &now, Actions &actions);
    void evictNotAllowed(const Moment &now, Actions &actions);
    void evictSurplus(const Moment &now, Actions &actions);
    void trimEnded(const Moment &now, Actions &actions);
    void noteOutage();
    void noteLoss(const Entry &entry, EvictionCause cause, Clock::time_point now);
    void learnFromDeath(const Entry &entry, Clock::time_point now);

    void noteSign();
    void noteDeath(EvictionCause cause, Clock::time_point now);
    [[nodiscard]] bool suspectAll(Clock::time_point now);
    void trust(Entry *entry);
    [[nodiscard]] bool hasAnswered(const Entry &suspect, Clock::time_point now) const;
    [[nodiscard]] bool lookAt(Entry *suspect, const Moment &now, Actions &actions);
    [[nodiscard]] bool lookAtSuspects(const Moment &now, Actions &actions);
    [[nodiscard]] Clock::time_point nextLook() const;

    void failAll(std::vector<Waiter> waiters, const PoolError &error, Clock::time_point now, Actions &actions);
    void expireWaiters(Clock::time_point now, Actions &actions);
    [[nodiscard]] bool expireLifetimes(const Moment &now, Actions &actions);
    [[nodiscard]] bool expireEnded(const Moment &now, Actions &actions);
    [[nodiscard]] bool reportLeases(Clock::time_point now);
    [[nodiscard]] Clock::time_point endOf(const Entry &ended) const;
    [[nodiscard]] Expiry freshExpiry(const Entry &entry);
    void renewExpiries();
    [[nodiscard]] bool isReplaced() const;

    /// One more than is wanted is dialled, to see whether the network works.
    [[nodiscard]] int scoutCount() const { return m_store.overdueCount() > 0 ? 1 : 0; }
    [[nodiscard]] bool isFull() const;
    [[nodiscard]] bool isTooMuch() const;
    [[nodiscard]] bool makeRoomFor(ConnectionId id, const Moment &now, Actions &actions);
    [[nodiscard]] bool replaceExamined(const Moment &now, Actions &actions);
    void vacate(ConnectionId id, bool isGone, const Moment &now, Actions &actions);
    [[nodiscard]] int expectedBack(Clock::time_point now) const;
    void endLease(Entry *entry, bool isReturned, Clock::time_point now);

    Life m_life = Life::Stopped;
    bool m_isPaused = false;
    CorePolicy m_policy;
    quint64 m_generation = 0;
    quint64 m_openGeneration = 0; // of the last start
    quint64 m_controlGeneration = 0; // in which the control id was last given
    int m_capacity = 0;
    std::chrono::milliseconds m_interval{0};
    SizingReason m_sizing; // but for nextBurst
    std::optional<Clock::time_point> m_nextBurst; // that the sizing expects

    IdleStore m_store;
    std::deque<CheckedOut> m_toExamine; // left to the I/O thread
    std::atomic<Entry *> m_forgotten = nullptr; // see ~CheckedOut(); a list through Entry::nextForgotten
    Waiters m_waiters;
    ReturnShare m_returns;
    IdleLifetime m_idleLifetime;
    const PeerProbe *const m_probe;
    OutageAlarm m_alarm;
    Clock::time_point m_nextLook; // at the suspects, if there are any
    int m_reserved = 0; // places kept for connections that know their id and are not parked yet
    std::array<int, 2> m_making{};
    std::minstd_rand m_random;

    Health m_health;
    Counters m_counters;
    int m_errorCount = 0;
    std::vector<Loss> m_losses; // for takeLosses()
    EvictionLog m_log;
    EventQueue m_events;
};

} // namespace Tidepool
