// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../idle/idlestore.h"
#include "../idle/liveness.h"
#include "../idle/waiters.h"
#include "../idle/watcher.h"
#include "../policy/returnshare.h"
#include "../supply/allowedclients.h"
#include "../supply/sink.h"
#include "announcer.h"
#include "lease.h"

#include <tidepool/pool.h>

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace Tidepool {

class Lane;
class TakeContext;

/// Something that happened, for the facade to signal.
struct PoolEvent
{
    enum class Kind : quint8 { Parked, Taken, Evicted, Spoke, HeldLong, Failed };
    Kind kind = Kind::Parked;
    ConnectionId id;
    EvictionCause cause = EvictionCause::PeerClosed;
    PoolError error;
};

/// What a take asks for.
struct TakeRequest
{
    std::optional<ConnectionId> id;
    std::chrono::milliseconds timeout = Pool::defaultTimeout;
    std::shared_ptr<TakeContext> context = nullptr; ///< takeInto()
};

/// How the core treats connections; a plain value, set by the facade.
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

/// The pool itself: the connections, the takes that wait, the figures, under one mutex.
///
/// Thread-safe. Shared by the facade, the lane and every lease. No I/O, no promise and no foreign code runs under
/// the mutex: an entry is checked out, the mutex released, the work done, and the verdict recorded.
class PoolCore final : public Sink, public std::enable_shared_from_this<PoolCore>
{
public:
    using Clock = std::chrono::steady_clock;
    /// What the lane is asked to do.
    struct LanePort
    {
        std::shared_ptr<Lane> lane;
        std::function<void()> wake; ///< In the lane: look at demand and deadlines again.
        /// In the lane: call PoolCore::cancel() when this take is cancelled.
        std::function<void(const QFuture<TakeResult> &, Waiters::Ticket)> watchForCancel;
    };

    PoolCore();
    ~PoolCore() override;

    // --- The facade's side
    [[nodiscard]] Announcer &announcer() { return m_announcer; }
    void setPolicy(const CorePolicy &policy);
    /// Returns the generation that begins.
    [[nodiscard]] quint64 open(LanePort port, int capacity, std::chrono::milliseconds interval);
    /// False, and without effect, unless the pool runs.
    [[nodiscard]] bool setPaused(bool paused);
    /// Fails the waiters, evicts the parked ones, takes no more.
    void startDraining();
    /// Nothing is left that close() would have to wait for.
    [[nodiscard]] bool isDrained() const;
    /// What shut() leaves to be done.
    struct Remains
    {
        std::vector<QSslSocket *> sockets; ///< To be closed in the lane.
        std::vector<std::unique_ptr<Waiter>> waiters; ///< For failAsClosed().
    };
    /// As startDraining(), for good.
    [[nodiscard]] Remains shut();
    /// Ends the waits. Their continuations may run inside this call and do anything.
    void failAsClosed(Remains remains);
    /// In a forked child: closes the descriptors of what is parked, and leaves the connections to the parent.
    void abandon();
    /// Returns the generation that begins. What the supply begins belongs to it from when the supply is told.
    [[nodiscard]] quint64 flush();
    /// Settings have changed: an error that nothing else ends is ended.
    void forgetFatal();
    [[nodiscard]] PoolStatus status() const;
    [[nodiscard]] PoolError lastError() const;
    [[nodiscard]] QList<EvictionRecord> evictions() const;
    [[nodiscard]] QList<ConnectionRecord> connections(int limit) const;
    [[nodiscard]] std::vector<PoolEvent> takeEvents();
    /// Which events to keep for takeEvents().
    void want(PoolEvent::Kind kind) { m_wanted |= bit(kind); }
    void addError();
    void resetErrorCount();
    /// Shows why the pool could not start.
    void setStartError(const PoolError &error);

    // --- The takers' side
    [[nodiscard]] QFuture<TakeResult> take(const TakeRequest &request);
    [[nodiscard]] TakeResult tryTake();
    void giveBack(const std::shared_ptr<Lease> &lease);
    void leaseEnded(quint64 token);

    // --- The lane's side
    void setWatcher(std::shared_ptr<Watcher> watcher);
    /// A parked connection is readable or has ended.
    void examineParked(quint64 token);
    void cancel(Waiters::Ticket ticket);
    /// The context of takeInto() has gone. Any thread.
    void dropContext(Waiters::Ticket ticket);
    /// Ends what is due now: waits, lifetimes, patience with leases.
    void expire();
    /// When expire() is to be called next; Clock::time_point::max() for never.
    [[nodiscard]] Clock::time_point nextDeadline() const;

    // --- The supply's side: Sink
    void enter(Step step) override;
    void leave(Step step) override;
    [[nodiscard]] Demand demand() const override;
    [[nodiscard]] std::vector<Loss> takeLosses() override;
    [[nodiscard]] ConnectionId freshId() const override;
    [[nodiscard]] int room() const override;
    [[nodiscard]] bool reserve() override;
    void unreserve() override;
    [[nodiscard]] bool claimControlId(quint64 generation) override;
    void releaseControlId() override;
    bool established(Established connection) override;
    void attemptFailed(const PoolError &error) override;
    void setTrouble(const PoolError &error) override;
    void clientRefused() override;
    void clientOverflowed() override;
    void setTarget(int capacity, std::chrono::milliseconds interval) override;
    void setNextAttempt(std::optional<Clock::time_point> when) override;
    void setFatal(const PoolError &error, quint64 generation) override;

private:
    enum class Life : quint8 { Stopped, Running, Draining, Closed };
    using Lock = std::unique_lock<std::mutex>;
    using WaiterList = std::vector<std::unique_ptr<Waiter>>;
    /// Now, by both clocks.
    struct Moment
    {
        Clock::time_point steady = Clock::now();
        QDateTime utc = QDateTime::currentDateTimeUtc();
    };
    /// Parked connections evicted together. What takes time follows without the mutex: unwatched().
    struct Swept
    {
        EvictionCause cause;
        std::vector<std::unique_ptr<Entry>> entries = {};
        std::shared_ptr<Watcher> watcher = {};
    };
    static constexpr size_t ledgerSize = 64;

    static constexpr unsigned bit(PoolEvent::Kind kind) { return 1U << static_cast<unsigned>(kind); }

    // Under the mutex
    [[nodiscard]] PoolState state() const;
    [[nodiscard]] PoolStatus statusLocked() const;
    [[nodiscard]] PoolError refusal() const;
    void record(PoolEvent::Kind kind, ConnectionId id, EvictionCause cause = {}, const PoolError &error = {});
    void recordEviction(const Entry &entry, EvictionCause cause, const QString &text);
    void writeLedger(const Entry &entry, EvictionCause cause, const QString &text, const Moment &now);
    QSslSocket *evict(Entry *entry, EvictionCause cause, const QString &text = {});
    /// Adds a parked one; recordSwept() is to follow.
    void sweep(Swept &swept, Entry *entry);
    void recordSwept(Swept &swept);
    void sweepParked(Swept &swept);
    void sweepNotAllowed(Swept &swept);
    void noteOutage();
    void noteLoss(const Entry &entry, EvictionCause cause);
    QSslSocket *drop(Entry *entry);
    void countParked(Entry *entry);
    [[nodiscard]] Expiry freshExpiry(const Entry &entry) const;
    void renewExpiries();
    void examineLater(quint64 token);
    /// Hands a connection in state Checking to the lane, which looks at what has arrived.
    void leaveToLane(Entry &entry);
    void keepPlace(Entry &entry);
    void postExaminations();
    void trimEnded(Swept &swept);
    [[nodiscard]] Clock::time_point endOf(const Entry &ended) const;
    [[nodiscard]] std::unique_ptr<Waiter> nextWaiter(const Entry &entry);
    void countWarm(Entry *entry, Clock::time_point askedAt, Clock::time_point now);
    void countServed(Clock::duration waited, Entry *entry, Clock::time_point now);
    [[nodiscard]] std::optional<EvictionCause> staleness(const Entry &entry, quint64 generation) const;
    [[nodiscard]] bool isReplaced() const;
    [[nodiscard]] bool isFull() const;
    [[nodiscard]] bool isTooMuch() const;
    [[nodiscard]] int expectedBack() const;
    void countEndOfLease(const Entry &entry, bool isReturned);
    [[nodiscard]] int roomLocked() const;
    void releasePlace(Entry &entry);
    [[nodiscard]] QSslSocket *vacate(ConnectionId id);
    [[nodiscard]] bool needsWakeAfterTake() const;
    [[nodiscard]] QSslSocket *checkOutAndEvict(Entry *entry, EvictionCause cause);

    // Without it
    [[nodiscard]] bool isOfAnotherProcess() const;
    [[nodiscard]] static PoolError refusalAfterFork();
    [[nodiscard]] static PoolError contextGone();
    /// Their sockets, to be closed.
    [[nodiscard]] static std::vector<QSslSocket *> unwatched(const Swept &swept);
    [[nodiscard]] bool makeRoomFor(ConnectionId id);
    /// Takes and counts a parked connection, and releases @p lock. nullptr if there is none, and @p lock is held.
    [[nodiscard]] std::shared_ptr<Lease> takeParked(Lock &lock, const TakeRequest &request, Clock::time_point askedAt);
    /// What a taker, in any thread, sees of a connection that it has checked out. It touches no socket.
    struct Look
    {
        bool isKnown = true; ///< Else it is for the lane to find out what has arrived.
        bool hasBytes = false; ///< In the kernel.
        std::optional<EvictionCause> fault = {};
        QString text = {};
    };
    [[nodiscard]] static Look look(const Entry &entry, Unsolicited unsolicited);
    /// Evicts it while @p lock is released.
    void evictFound(Lock &lock, Entry *entry, const Look &seen);
    static void unwatch(const std::shared_ptr<Watcher> &watcher, Entry &entry);
    /// In the lane, for the connections left to it: each gets one step after the other.
    void examineSome();
    /// One step of a connection in state Checking and in no thread; offers or evicts it when all is known.
    void examineStep(Entry *entry);
    [[nodiscard]] Liveness examineSocket(Entry &entry, QString &text);
    void evictExamined(Entry *entry, EvictionCause cause, const QString &text);
    /// Serves a waiter with a connection in state Checking and in no thread, or parks it.
    void offer(Entry *entry, quint64 generation);
    [[nodiscard]] bool serve(std::unique_ptr<Waiter> waiter, Entry *entry);
    void giveBackWhenSent(const std::shared_ptr<Lease> &lease);
    void finishGiveBack(const std::shared_ptr<Lease> &lease);
    void finish(std::unique_ptr<Waiter> waiter);
    void fail(WaiterList waiters, const PoolError &error);
    void failAsTimedOut(WaiterList waiters);
    void closeInLane(const std::vector<QSslSocket *> &sockets);
    void closeSomeLater(Lane &lane);
    void closeSome();
    void changed();
    void figuresChanged();
    void wakeSupply();
    /// Releases @p lock on the way.
    [[nodiscard]] PoolError withStatus(PoolError error, Lock &lock) const;

    Announcer m_announcer;
    std::atomic<unsigned> m_wanted = 0;
    std::atomic<bool> m_hasEvents = false;
    std::atomic<bool> m_isWakePending = false;
    const quint64 m_forks; // forkCount() of the process that it belongs to

    mutable std::mutex m_mutex; // everything below
    Life m_life = Life::Stopped;
    CorePolicy m_policy;
    LanePort m_port;
    std::shared_ptr<Watcher> m_watcher;
    IdleStore m_store;
    std::deque<QSslSocket *> m_closing; // evicted, owned, to be closed in the lane
    std::deque<quint64> m_toExamine; // tokens of connections in state Checking that are the lane's
    bool m_isExaminationPosted = false;
    Waiters m_waiters;
    ReturnShare m_returns;
    PoolStatus m_figures; // counters, and the gauges that nothing else holds
    std::vector<Loss> m_losses; // for takeLosses()
    quint64 m_openGeneration = 0; // of the last start
    quint64 m_controlGeneration = 0; // in which the control id was last given
    int m_reserved = 0; // places kept for connections that know their id and are not parked yet
    int m_serving = 0; // waiters out of m_waiters, being served
    bool m_isPaused = false;
    bool m_isUp = false; // a connection came up since the start or the last outage
    bool m_hasFailed = false; // the last attempt did
    std::optional<Clock::time_point> m_nextAttempt; // the end of the supply's backoff
    PoolError m_lastError;
    PoolError m_fatal;
    PoolError m_trouble; // see setTrouble()
    std::deque<EvictionRecord> m_ledger;
    std::vector<PoolEvent> m_events;
};

} // namespace Tidepool
