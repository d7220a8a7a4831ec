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

/// How the pool treats connections. A plain value, set by the facade.
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

/// The rules of a pool (its connections, its waiting takes, its counters) as a state machine.
///
/// The machine has no mutex, uses no socket, reads no clock and finishes no promise. Every call takes the time as a
/// parameter, and returns the work that remains. Not thread-safe: PoolCore protects the machine with a mutex and
/// carries out the actions.
class PoolMachine
{
public:
    using Clock = std::chrono::steady_clock;
    using Ticket = Waiter::Ticket;

    /// @p hasArrived: see IdleStore. @p seed: the seed for the jitter of lifetimes. @p probe: probes silent peers.
    /// nullptr where the platform does not support this.
    explicit PoolMachine(IdleStore::ArrivalProbe hasArrived = nullptr, quint32 seed = 1,
                         const PeerProbe *probe = nullptr);
    ~PoolMachine();
    Q_DISABLE_COPY_MOVE(PoolMachine)

    // --- The pool's life
    [[nodiscard]] Actions setPolicy(const CorePolicy &policy, const Moment &now);
    [[nodiscard]] const CorePolicy &policy() const { return m_policy; }
    /// Returns the new generation.
    [[nodiscard]] quint64 open(int capacity, std::chrono::milliseconds interval);
    /// Returns false and does nothing unless the pool runs.
    [[nodiscard]] bool setPaused(bool paused);
    /// Fails the waiters, evicts the parked connections, and accepts no more takes.
    [[nodiscard]] Actions drain(const Moment &now);
    /// Does the same as drain(), and also closes the pool. Also allowed during a drain. Has no effect if the pool is
    /// not open.
    [[nodiscard]] Actions shutDown(const Moment &now);
    /// Evicts the parked connections. From now on, connections in progress of an older generation are dropped.
    [[nodiscard]] Actions flush(const Moment &now);
    /// Evicts the connection with that id if it is parked, or if it is being examined to be parked. Returns
    /// std::nullopt if there is no such connection.
    [[nodiscard]] std::optional<Actions> evictNamed(ConnectionId id, const Moment &now);
    [[nodiscard]] quint64 generation() const { return m_generation; }
    [[nodiscard]] bool isRunning() const { return m_life == Life::Running; }
    /// True if a drain has nothing left in the machine to wait for.
    [[nodiscard]] bool isDrained() const { return m_life == Life::Draining && m_store.leasedCount() == 0; }
    [[nodiscard]] bool isDraining() const { return m_life == Life::Draining; }

    // --- Takes
    /// The reason why the state of the pool does not allow takes.
    [[nodiscard]] PoolError refusal() const;
    /// The parked connection that a take is to check. Empty if there is none.
    [[nodiscard]] CheckedOut checkOut(std::optional<ConnectionId> id);
    /// Ends @p out: the connection is taken. Returns false and does nothing if the connection must not be handed out
    /// any more.
    [[nodiscard]] bool leaseWarm(CheckedOut &out, Clock::time_point askedAt, Clock::time_point now);
    /// Ends @p out, which is not handed out. The connection is evicted with the cause @p fault. Without a fault, it is
    /// left to the I/O thread.
    [[nodiscard]] Actions putAside(CheckedOut out, std::optional<EvictionCause> fault, const QString &text,
                                   const Moment &now);
    /// True if a take must wake the supply, for a refill or for the lease threshold.
    [[nodiscard]] bool needsWakeAfterTake() const;
    [[nodiscard]] bool hasEvents() const { return !m_events.isEmpty(); }
    struct Wait
    {
        Ticket ticket = 0; ///< 0 if it may not wait.
        PoolError error; ///< Why.
    };
    /// Adds a take for which nothing is parked to the line. @p timeout: if negative, the policy's timeout applies.
    [[nodiscard]] Wait startWaiting(std::optional<ConnectionId> id, std::chrono::milliseconds timeout,
                                    Clock::time_point askedAt);
    /// Counts a tryTake() that failed, and returns the reason.
    [[nodiscard]] PoolError refuseTry();

    // --- Offers to waiting takes
    struct Offer
    {
        enum class Next : quint8 {
            Serve, ///< Hand it to the waiter: served() or notServed() is to follow.
            Watch, ///< No take waits: watch it, and offer it again, because a take can have arrived.
            Done, ///< It is parked, or has left.
        };
        Next next = Next::Done;
        Ticket ticket = 0;
        Actions actions = {};
    };
    /// Offers @p out, which is known to be good, to a waiter, or parks it. If this returns Done, @p out has ended.
    [[nodiscard]] Offer offer(CheckedOut &out, bool isWatched, const Moment &now);
    /// Ends @p out: the waiter has the connection.
    [[nodiscard]] Actions served(Ticket ticket, CheckedOut out, Clock::time_point now);
    /// Called when the waiter does not exist any more. The connection must be offered again. @p error: the waiter's
    /// error, if it was not cancelled.
    [[nodiscard]] Actions notServed(Ticket ticket, const std::optional<PoolError> &error, Clock::time_point now);
    /// Called when a take was cancelled after it had been served. The connection counts as given back. Empty if the
    /// connection is not known.
    [[nodiscard]] CheckedOut takeBack(quint64 token);
    /// Returns true if the waiter was in line.
    [[nodiscard]] bool cancel(Ticket ticket);
    /// Fails a waiter in line.
    [[nodiscard]] Actions fail(Ticket ticket, const PoolError &error, Clock::time_point now);

    // --- Examinations
    /// Returns the reported parked connection. Empty if it is taken or checked out now.
    [[nodiscard]] CheckedOut examine(quint64 token);
    /// Leaves the connection to the I/O thread, which examines it. See nextToExamine().
    void leaveToIoThread(CheckedOut out);
    [[nodiscard]] CheckedOut nextToExamine();
    [[nodiscard]] bool hasToExamine() const { return !m_toExamine.empty(); }
    /// The number of bytes that the next examination can leave in a socket.
    [[nodiscard]] qint64 readRoom() const;
    /// Records the result of one step: the bytes held, whether the peer sent bytes for the first time, and whether a
    /// further step is needed. If a further step is useful, leaves @p out to the I/O thread again, and @p out ends.
    void examined(CheckedOut &out, qint64 held, bool isNews, bool isUnfinished);
    /// Ends @p out.
    [[nodiscard]] Actions evictExamined(CheckedOut out, EvictionCause cause, const QString &text, const Moment &now);

    // --- Ends of leases
    /// Called when the user has given a connection back. giveBack() or leaseEnded() must follow.
    void announceGiveBack(quint64 token);
    /// Returns the connection, to be offered. Empty if it is not needed. @p isGood: the connection can be used again.
    /// @p hasSpoken: bytes from the peer are waiting.
    [[nodiscard]] CheckedOut giveBack(quint64 token, bool isGood, bool hasSpoken, Clock::time_point now);
    [[nodiscard]] Actions leaseEnded(quint64 token, Clock::time_point now);

    // --- Deadlines
    /// Ends everything that is due: waits, lifetimes, lease thresholds.
    [[nodiscard]] Actions expire(const Moment &now);
    /// When to call expire() next. Clock::time_point::max() means never.
    [[nodiscard]] Clock::time_point nextDeadline() const;
    /// The error for a waiter whose timeout is over. @p status: the status of the pool at that time.
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
    void releaseControlId(quint64 generation);
    /// Returns a client's parked connection with that id. If its peer has closed it, a new connection with the same id
    /// replaces it.
    [[nodiscard]] const Entry *parkedNamed(ConnectionId id) const;
    struct Arrival
    {
        CheckedOut out; ///< To be offered; empty if it is not wanted.
        bool isBadIdentity = false;
        Actions actions = {};
    };
    /// Called when a connection is established. Its record is complete except for the serial number. @p isNamesakeGone:
    /// true if the peer of parkedNamed() has closed that connection.
    [[nodiscard]] Arrival established(std::unique_ptr<Entry> made, Clock::time_point begunAt, bool isNamesakeGone,
                                      const Moment &now);
    /// Returns true if the failure is a sign that parked connections may be dead too. Then call expire().
    bool attemptFailed(const PoolError &error);
    void setTrouble(const PoolError &error);
    void countRefused() { ++m_counters.refused; }
    void countOverflowed() { ++m_counters.overflowed; }
    /// Returns false if nothing changed.
    [[nodiscard]] bool setTarget(int capacity, std::chrono::milliseconds interval);
    [[nodiscard]] Actions setSizing(const SizingReason &reason, std::optional<Clock::time_point> nextBurst);
    /// Client: if more than @p keep connections are parked, evicts the oldest of them.
    [[nodiscard]] Actions evictSurplusOf(int keep, const Moment &now);
    [[nodiscard]] bool setNextAttempt(std::optional<Clock::time_point> when);
    [[nodiscard]] Actions setFatal(const PoolError &error, quint64 generation, Clock::time_point now);
    void forgetFatal() { m_health.fatal = {}; }
    /// Fails all waiting takes and all new takes that would wait, until goOn().
    [[nodiscard]] Actions halt(const PoolError &error, Clock::time_point now);
    void goOn() { m_health.halted = {}; }
    struct Renewed
    {
        std::optional<quint64> generation; ///< See ConnectionSink::renew().
        Actions actions = {};
    };
    [[nodiscard]] Renewed renew(quint64 generation, Renewal cause, Clock::time_point quietUntil, const Moment &now);
    /// Returns false if nothing changed.
    [[nodiscard]] bool setOffline(bool isOffline);

    // --- Status
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
    /// The connections that belong to the pool and are not checked out at the moment.
    [[nodiscard]] std::vector<const Entry *> held() const;
    /// For tests: the invariant that is broken. Empty if none is broken. Takes time in proportion to the number of
    /// connections.
    [[nodiscard]] QString violation() const;

private:
    friend class CheckedOut;

    enum class Life : quint8 { Stopped, Running, Draining, Closed };
    /// These counters only increase. See PoolStatus.
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
    /// Whether connections are being established, and the last errors.
    struct Health
    {
        bool isUp = false; ///< A connection was established since the start or the last outage.
        bool hasFailed = false; ///< The last attempt failed.
        PoolError lastError;
        int failedInARow = 0; ///< Attempts since the last success.
        PoolError fatal;
        PoolError halted; ///< Why no take can wait at the moment. Not a fault of the connections.
        PoolError trouble; ///< See ConnectionSink::setTrouble().
        std::optional<Clock::time_point> nextAttempt; ///< The end of the supply's backoff.
        std::optional<Clock::time_point> wakingUntil; ///< The machine has slept.
        bool isOffline = false; ///< There is no network.
        bool hasStartFailed = false; ///< lastError has the reason.
    };
    /// Parked connections that are evicted together.
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

    // The ends of a checkout
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

    /// One extra connection is dialled, to find out whether the network works.
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
    quint64 m_openGeneration = 0; // the generation of the last start
    quint64 m_controlGeneration = 0; // the generation in which the control id was last given
    int m_capacity = 0;
    std::chrono::milliseconds m_interval{0};
    SizingReason m_sizing; // all fields except nextBurst
    std::optional<Clock::time_point> m_nextBurst; // the next burst that the sizing expects

    IdleStore m_store;
    std::deque<CheckedOut> m_toExamine; // the connections that are left to the I/O thread
    std::atomic<Entry *> m_forgotten = nullptr; // see ~CheckedOut(), a list through Entry::nextForgotten
    Waiters m_waiters;
    ReturnShare m_returns;
    IdleLifetime m_idleLifetime;
    const PeerProbe *const m_probe;
    OutageAlarm m_alarm;
    Clock::time_point m_nextLook; // at the suspects, if there are any
    int m_reserved = 0; // the number of places reserved for connections that know their id and are not parked yet
    std::array<int, 2> m_making{};
    std::minstd_rand m_random;

    Health m_health;
    Counters m_counters;
    int m_errorCount = 0;
    std::vector<Loss> m_losses; // the losses for takeLosses()
    EvictionLog m_log;
    EventQueue m_events;
};

} // namespace Tidepool
