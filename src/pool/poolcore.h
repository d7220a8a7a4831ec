// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/changenotifier.h"
#include "../io/liveness.h"
#include "../io/mutex.h"
#include "../io/watcher.h"
#include "../supply/connectionsink.h"
#include "lease.h"
#include "poolmachine.h"

#include <tidepool/pool.h>

#include <QtCore/QPromise>

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace Tidepool {

class IoThread;
class TakeContext;

/// The parameters of a take.
struct TakeRequest
{
    std::optional<ConnectionId> id;
    std::chrono::milliseconds timeout = Pool::defaultTimeout;
    std::shared_ptr<TakeContext> context = nullptr; ///< takeInto()
};

/// The promise of a waiting take, kept under its ticket.
struct PendingTake
{
    QPromise<TakeResult> promise;
    std::shared_ptr<TakeContext> context; ///< takeInto()
};

/// The core of a pool: holds the mutex that protects PoolMachine, which contains the rules, and carries out the
/// results.
///
/// Thread-safe. Shared by the facade, the I/O thread and every lease. No I/O, no promise and no foreign code runs under
/// the mutex: the core checks a connection out, releases the mutex, does the work, and records the result.
class PoolCore final : public ConnectionSink, public std::enable_shared_from_this<PoolCore>
{
public:
    using Clock = std::chrono::steady_clock;
    /// Functions that make the I/O thread do something.
    struct IoThreadPort
    {
        std::shared_ptr<IoThread> ioThread;
        std::function<void()> wake; ///< Makes the I/O thread check demand and deadlines again.
        /// Called in the I/O thread: call PoolCore::cancel() when this take is cancelled.
        std::function<void(const QFuture<void> &, Waiters::Ticket)> watchForCancel;
    };

    PoolCore();
    ~PoolCore() override;

    // --- The facade's side
    [[nodiscard]] ChangeNotifier &notifier() { return m_notifier; }
    void setPolicy(const CorePolicy &policy);
    /// Returns the new generation.
    [[nodiscard]] quint64 open(IoThreadPort port, int capacity, std::chrono::milliseconds interval);
    /// Returns false and does nothing unless the pool runs.
    [[nodiscard]] bool setPaused(bool paused);
    /// Fails the waiters, evicts the parked connections, and accepts no more takes.
    void startDraining();
    /// True if nothing is left for which close() would have to wait.
    [[nodiscard]] bool isDrained() const;
    /// The work that remains after shutDown().
    struct ShutdownResult
    {
        std::vector<QSslSocket *> sockets; ///< To be closed in the I/O thread.
        std::vector<PendingTake> takes; ///< For failAsClosed().
    };
    /// Does the same as startDraining(), and also closes the pool.
    [[nodiscard]] ShutdownResult shutDown();
    /// Ends the waiting takes. Their continuations can run inside this call and do anything.
    void failAsClosed(ShutdownResult result);
    /// In a forked child: closes the descriptors of the parked connections, and leaves the connections to the parent.
    void abandon();
    /// Starts a generation, and calls @p tell with it before the parked connections are closed. From the call of @p
    /// tell on, new work of the supply belongs to the new generation.
    void flush(const std::function<void(quint64)> &tell) TIDEPOOL_EXCLUDES(m_mutex);
    /// Returns false if no connection with that id is parked or being examined.
    bool evict(ConnectionId id);
    /// Called when settings have changed. Clears an error that only a change of settings ends.
    void forgetFatal();
    /// Fails all waiting takes and all new takes that would wait, until goOn(). goOn() also makes the I/O thread run
    /// its posted tasks.
    void halt(const PoolError &error);
    void goOn();
    [[nodiscard]] PoolStatus status() const;
    [[nodiscard]] PoolError lastError() const;
    [[nodiscard]] QList<EvictionRecord> evictions() const;
    [[nodiscard]] QList<ConnectionRecord> connections(int limit) const;
    [[nodiscard]] std::vector<PoolEvent> takeEvents();
    /// Selects the events to keep for takeEvents().
    void want(PoolEvent::Kind kind);
    void addError();
    void resetErrorCount();
    /// Sets the error that explains why the pool could not start.
    void setStartError(const PoolError &error);

    // --- The takers' side
    [[nodiscard]] QFuture<TakeResult> take(const TakeRequest &request);
    [[nodiscard]] TakeResult tryTake();
    void giveBack(const std::shared_ptr<Lease> &lease);
    void leaseEnded(quint64 token);

    // --- The I/O thread's side
    void setWatcher(std::shared_ptr<Watcher> watcher);
    /// Called when a parked connection is readable or has ended.
    void examineParked(quint64 token);
    void cancel(Waiters::Ticket ticket);
    /// Called when the context of a takeInto() has been destroyed. Any thread.
    void dropContext(Waiters::Ticket ticket);
    /// Ends everything that is due now: waits, lifetimes, lease thresholds.
    void expire();
    /// When to call expire() next. Clock::time_point::max() means never.
    [[nodiscard]] Clock::time_point nextDeadline() const;

    // --- The supply's side: ConnectionSink
    void enter(Step step) override;
    void leave(Step step) override;
    [[nodiscard]] Demand demand() const override;
    void evictSurplus(int keep) override;
    [[nodiscard]] std::vector<Loss> takeLosses() override;
    [[nodiscard]] ConnectionId freshId() const override;
    [[nodiscard]] int room() const override;
    [[nodiscard]] bool reserve() override;
    void unreserve() override;
    [[nodiscard]] bool claimControlId(quint64 generation) override;
    void releaseControlId(quint64 generation) override;
    bool established(Established connection) override;
    void attemptFailed(const PoolError &error) override;
    void setTrouble(const PoolError &error) override;
    void clientRefused() override;
    void clientOverflowed() override;
    void setTarget(int capacity, std::chrono::milliseconds interval) override;
    void setSizing(const SizingReason &reason, std::optional<Clock::time_point> nextBurst) override;
    void setNextAttempt(std::optional<Clock::time_point> when) override;
    void setFatal(const PoolError &error, quint64 generation) override;
    [[nodiscard]] std::optional<quint64> renew(quint64 generation, Renewal cause,
                                               Clock::time_point quietUntil) override;
    void setOffline(bool isOffline) override;

private:
    using PendingTakes = std::vector<PendingTake>;
    /// The work that remains after a call of the machine, with all data that it needs.
    struct Effects
    {
        Actions actions;
        std::shared_ptr<Watcher> watcher = {};
        PendingTakes failed = {}; ///< In the order of Actions::failed.
        int maximumTotal = 0;
    };
    /// What a taker, in any thread, finds out about a connection that it has checked out. The check does not use the
    /// socket.
    struct Look
    {
        bool isKnown = true; ///< If false, the I/O thread must examine the received bytes.
        bool hasBytes = false; ///< Bytes are in the kernel.
        std::optional<EvictionCause> fault = {};
        QString text = {};

        [[nodiscard]] bool isGood() const { return isKnown && !fault; }
    };
    struct WarmTake
    {
        std::shared_ptr<Lease> lease = {}; ///< nullptr if no good connection is parked.
        bool wakesSupply = false;
        bool hasEvents = false;
    };

    // Functions to call under the mutex
    [[nodiscard]] Effects effectsOf(Actions actions) TIDEPOOL_REQUIRES(m_mutex);
    [[nodiscard]] PendingTake pendingTake(Waiters::Ticket ticket) TIDEPOOL_REQUIRES(m_mutex);
    /// Releases the mutex for part of the call.
    [[nodiscard]] WarmTake takeParked(std::optional<ConnectionId> id, Clock::time_point askedAt)
        TIDEPOOL_REQUIRES(m_mutex);
    [[nodiscard]] std::shared_ptr<Lease> makeLease(const Entry &entry, bool isBytesExpected);

    // Functions to call without the mutex
    /// Calls the machine under the mutex, and carries out the result.
    template <typename Call>
    void perform(Call call) TIDEPOOL_EXCLUDES(m_mutex);
    /// The same for a call that only changes the status. If the call returns false, returns false and notifies nobody.
    template <typename Call>
    bool performAndNotify(Call call) TIDEPOOL_EXCLUDES(m_mutex);
    /// The only function that closes sockets, fails takes, wakes the supply and notifies the facade.
    void carryOut(Effects effects) TIDEPOOL_EXCLUDES(m_mutex);
    [[nodiscard]] static Moment momentNow();
    [[nodiscard]] bool isOfAnotherProcess() const;
    [[nodiscard]] static PoolError refusalAfterFork();
    [[nodiscard]] static PoolError contextGone();
    [[nodiscard]] static Look look(const Entry &entry, Unsolicited unsolicited);
    [[nodiscard]] TakeResult afterTake(WarmTake taken, const std::shared_ptr<TakeContext> &context)
        TIDEPOOL_EXCLUDES(m_mutex);
    [[nodiscard]] std::optional<QFuture<TakeResult>> futureOf(Waiters::Ticket ticket);
    [[nodiscard]] static std::unique_ptr<Entry> recordOf(const Established &connection);
    static void unwatch(const std::shared_ptr<Watcher> &watcher, Entry &entry);
    /// Returns the sockets of the entries, to be closed, and stops watching them.
    [[nodiscard]] static std::vector<QSslSocket *> unwatched(const std::vector<std::unique_ptr<Entry>> &entries,
                                                             const std::shared_ptr<Watcher> &watcher);
    void examineLater(quint64 token) TIDEPOOL_EXCLUDES(m_mutex);
    /// Runs in the I/O thread, for the connections that are left to it. The connections take turns, one step each.
    void examineSome() TIDEPOOL_EXCLUDES(m_mutex);
    void postExaminations() TIDEPOOL_EXCLUDES(m_mutex);
    /// If there is an I/O thread, ends @p out.
    void leaveToIoThread(CheckedOut &out) TIDEPOOL_EXCLUDES(m_mutex);
    /// Runs one step for a connection in no thread. When the examination is complete, offers or evicts the connection.
    void examineStep(CheckedOut out) TIDEPOOL_EXCLUDES(m_mutex);
    [[nodiscard]] static Liveness examineSocket(Entry &entry, QString &text);
    /// Gives a connection in no thread to a waiter, or parks it.
    void offer(CheckedOut out) TIDEPOOL_EXCLUDES(m_mutex);
    /// Ends @p out if the waiter gets the connection.
    void serve(Waiters::Ticket ticket, PendingTake take, CheckedOut &out) TIDEPOOL_EXCLUDES(m_mutex);
    void leaveUnserved(Waiters::Ticket ticket, PendingTake take, bool isCancelled) TIDEPOOL_EXCLUDES(m_mutex);
    [[nodiscard]] CheckedOut takeBack(quint64 token) TIDEPOOL_EXCLUDES(m_mutex);
    void giveBackWhenSent(const std::shared_ptr<Lease> &lease);
    void finishGiveBack(const std::shared_ptr<Lease> &lease) TIDEPOOL_EXCLUDES(m_mutex);
    void finish(PendingTake take) TIDEPOOL_EXCLUDES(m_mutex);
    void closeInIoThread(const std::vector<QSslSocket *> &sockets) TIDEPOOL_EXCLUDES(m_mutex);
    void closeSomeLater(IoThread &ioThread);
    void closeSome() TIDEPOOL_EXCLUDES(m_mutex);
    void announce(Actions::Announce what);
    void wakeSupply() TIDEPOOL_EXCLUDES(m_mutex);

    ChangeNotifier m_notifier;
    std::atomic<bool> m_isWakePending = false;
    const quint64 m_forks; // the forkCount() of the process that owns the pool

    mutable Mutex m_mutex;
    PoolMachine m_machine TIDEPOOL_GUARDED_BY(m_mutex);
    IoThreadPort m_port TIDEPOOL_GUARDED_BY(m_mutex);
    std::shared_ptr<Watcher> m_watcher TIDEPOOL_GUARDED_BY(m_mutex);
    std::unordered_map<Waiters::Ticket, PendingTake> m_pending TIDEPOOL_GUARDED_BY(m_mutex);
    // evicted sockets, owned here, which the I/O thread is to close
    std::deque<QSslSocket *> m_closing TIDEPOOL_GUARDED_BY(m_mutex);
    bool m_isExaminationPosted TIDEPOOL_GUARDED_BY(m_mutex) = false;
};

} // namespace Tidepool
