// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/backoff.h>
#include <tidepool/connectionid.h>
#include <tidepool/connectionrecord.h>
#include <tidepool/enums.h>
#include <tidepool/keepalive.h>
#include <tidepool/poolerror.h>
#include <tidepool/poolstatus.h>
#include <tidepool/takeresult.h>
#include <tidepool/timeouts.h>
#include <tidepool/tlsoptions.h>

#include <QtCore/QFuture>
#include <QtCore/QObject>

#include <chrono>
#include <memory>

namespace Tidepool {

class PoolPrivate;

/// What ClientPool and ServerPool have in common: parked connections, taking them, and the metrics.
///
/// A Pool lives in its user's thread and does no I/O there. take(), tryTake(), giveBack(), evict(), addError(),
/// resetErrorCount() and every getter of a live metric may be called from any thread; everything else belongs to the
/// pool's thread. Signals are emitted in the pool's thread only, at most one change of each kind for
/// each turn of its event loop. Destroying a pool closes it; connections already taken live on.
///
/// Everything here needs a QCoreApplication. Without one a pool does not start (see lastError()), and a take fails at
/// once with ErrorKind::Closed. When the application object goes, the takes that wait end so; what is parked by then
/// can still be taken.
class TIDEPOOL_EXPORT Pool : public QObject
{
    Q_OBJECT
    Q_PROPERTY(Tidepool::TlsOptions tls READ tls WRITE setTls NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::IdFormat idFormat READ idFormat WRITE setIdFormat NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Timeouts timeouts READ timeouts WRITE setTimeouts NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::KeepAlive keepAlive READ keepAlive WRITE setKeepAlive NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Lifetimes lifetimes READ lifetimes WRITE setLifetimes NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::TakeOrder takeOrder READ takeOrder WRITE setTakeOrder NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Unsolicited unsolicited READ unsolicited WRITE setUnsolicited NOTIFY settingsChanged)
    Q_PROPERTY(int maximumWaiting READ maximumWaiting WRITE setMaximumWaiting NOTIFY settingsChanged)
    Q_PROPERTY(bool flushesOnErrors READ flushesOnErrors WRITE setFlushesOnErrors NOTIFY settingsChanged)
    Q_PROPERTY(bool usesCallerThread READ usesCallerThread WRITE setUsesCallerThread NOTIFY settingsChanged)

    Q_PROPERTY(bool ready READ isReady NOTIFY readyChanged)
    Q_PROPERTY(int active READ active NOTIFY activeChanged)
    Q_PROPERTY(int idle READ idle NOTIFY activeChanged)
    Q_PROPERTY(int capacity READ capacity NOTIFY capacityChanged)
    Q_PROPERTY(int interval READ intervalMs NOTIFY intervalChanged)
    Q_PROPERTY(Tidepool::PoolState state READ state NOTIFY stateChanged)
    Q_PROPERTY(int waiting READ waiting NOTIFY waitingChanged)
    Q_PROPERTY(int errorCount READ errorCount NOTIFY errorCountChanged)
    Q_PROPERTY(Tidepool::PoolStatus status READ status NOTIFY statusChanged)

public:
    ~Pool() override;

    /// Default: TlsMode::None. A change while running flushes the pool.
    [[nodiscard]] TlsOptions tls() const;
    void setTls(const TlsOptions &tls);
    /// Must be the peer's. Default: Hex8. A change while running flushes the pool.
    [[nodiscard]] IdFormat idFormat() const;
    void setIdFormat(IdFormat format);
    [[nodiscard]] Timeouts timeouts() const;
    void setTimeouts(const Timeouts &timeouts);
    [[nodiscard]] KeepAlive keepAlive() const;
    void setKeepAlive(const KeepAlive &keepAlive);
    /// A change while running holds for what is parked, too. Default: no limits.
    [[nodiscard]] Lifetimes lifetimes() const;
    void setLifetimes(const Lifetimes &lifetimes);
    /// Default: NewestFirst.
    [[nodiscard]] TakeOrder takeOrder() const;
    void setTakeOrder(TakeOrder order);
    /// Default: Keep.
    [[nodiscard]] Unsolicited unsolicited() const;
    void setUnsolicited(Unsolicited policy);
    /// How many takes may wait; one more fails at once with ErrorKind::Limit. Default: 10,000. Range: 0 and up.
    [[nodiscard]] int maximumWaiting() const;
    void setMaximumWaiting(int maximum);
    /// Report a taken connection that is held longer than this, once, with connectionHeldLong(). Default: 0, never.
    /// Range: 0 to 24 days.
    [[nodiscard]] std::chrono::milliseconds leaseThreshold() const;
    void setLeaseThreshold(std::chrono::milliseconds threshold);
    /// Flush the pool when the errors reported with addError() are more than half of active(): what the application
    /// sees fail is probably true of what is parked, too. The error count begins anew, and for 10 s the pool does not
    /// flush for errors again, nor while it is paused. The rule is the Go package's. Default: true.
    [[nodiscard]] bool flushesOnErrors() const;
    void setFlushesOnErrors(bool flushes);
    /// Run all I/O in the pool's own thread instead of an I/O thread: for programs with a single loop. Set it
    /// before start() or listen(). Nothing happens while that thread blocks, so do not block there for a take of this
    /// pool, in result() or otherwise. The pool closes when the thread ends. Default: false.
    [[nodiscard]] bool usesCallerThread() const;
    void setUsesCallerThread(bool uses);

    /// Running, and a take can be expected to succeed: a connection came up since the start or the last outage.
    [[nodiscard]] bool isReady() const;
    /// Connections parked now: those that a take gets at once. Taken ones do not count, although the Go package's word
    /// for it is "active".
    [[nodiscard]] int active() const;
    /// The same by the name that most pools give it.
    [[nodiscard]] int idle() const { return active(); }
    /// Parked connections the pool aims at now (client), or admits (server).
    [[nodiscard]] int capacity() const;
    /// Time between two rounds now; 0 for a server.
    [[nodiscard]] std::chrono::milliseconds interval() const;
    /// interval() for QML, in milliseconds.
    [[nodiscard]] int intervalMs() const;
    [[nodiscard]] PoolState state() const;
    /// Takes that wait now.
    [[nodiscard]] int waiting() const;
    /// Errors the application reported with addError(), since resetErrorCount() or a flush for their sake.
    [[nodiscard]] int errorCount() const;
    /// All metrics of one moment.
    [[nodiscard]] PoolStatus status() const;
    /// The last dial or accept error; no error after a success.
    [[nodiscard]] PoolError lastError() const;
    /// The last 64 connections that left the pool untaken, oldest first.
    [[nodiscard]] QList<EvictionRecord> evictions() const;
    /// The connections parked now, then those taken and still held, newest first in both; @p limit lines at most, of
    /// which those taken have half if need be. The pool stands still meanwhile, about 0.1 us for each line: for
    /// people's eyes, a few times a second. Any thread.
    [[nodiscard]] QList<ConnectionRecord> connections(int limit = 1'000) const;

    /// Takes a connection: a parked one at once, else the next one to come. Any thread.
    ///
    /// Waiters are served first come, first served. The future always finishes: with a connection, or with an error of
    /// Phase::Wait: Timeout after @p timeout (default, and if negative: timeouts().take; at most 24 days), Closed,
    /// Limit, or the fatal error that keeps the pool from dialling. If you have cancelled it, it has no result: look at
    /// isCanceled() before result(), or use onCanceled().
    /// Use QFuture::then() with a context object, QFutureWatcher, QCoro, or result() in a thread that may block.
    /// A continuation without a context runs in the calling thread if a connection was parked, else in a thread of the
    /// library's that has no event loop: there it may block, but not use sockets by their signals. With
    /// usesCallerThread() and in close() it runs in the pool's thread.
    /// See Connection for the thread in which the socket arrives.
    [[nodiscard]] QFuture<TakeResult> take(std::chrono::milliseconds timeout = defaultTimeout);
    /// The same for the connection named @p id, which may be asked for before it is there. Any thread.
    [[nodiscard]] QFuture<TakeResult> take(ConnectionId id, std::chrono::milliseconds timeout = defaultTimeout);
    /// As take(), and the socket arrives in the thread of @p context. If that object is destroyed first, or its thread
    /// ends or has ended, the take fails with ErrorKind::Closed. A thread that has not started yet finds the socket
    /// there when it does. Any thread.
    [[nodiscard]] QFuture<TakeResult> takeInto(QObject *context, std::chrono::milliseconds timeout = defaultTimeout);
    QFuture<TakeResult> takeInto(QThread *, std::chrono::milliseconds = defaultTimeout) = delete; ///< Name an object.
    /// Takes a parked connection or fails at once with ErrorKind::Empty. Any thread.
    [[nodiscard]] TakeResult tryTake();
    /// Returns a taken connection that is still good, to be taken again under the same id.
    ///
    /// All handles to it become empty, its signals are disconnected. A connection that is not good
    /// (closed, unread bytes with Unsolicited::Evict, flushed since) is closed instead and counted. Any thread. If the
    /// socket lives in a thread with an event loop, it is parked at the next turn of that loop. If it lives in a thread
    /// without one, call this in that thread: in any other it closes the connection.
    void giveBack(Connection connection);

    /// Closes the parked connection named @p id and removes it from the pool (EvictionCause::Requested); a client pool
    /// dials another, and if all that it makes are evicted, more and more slowly. False, and without effect, if the
    /// pool has none of that name, or it is taken. One that is handed to a waiting take in that moment is taken after
    /// all. Any thread.
    bool evict(ConnectionId id);

    /// Counts an error that the application had with a connection of this pool; see flushesOnErrors(). Any thread.
    Q_INVOKABLE void addError();
    /// Any thread.
    Q_INVOKABLE void resetErrorCount();

    /// Starts making or accepting connections. Without effect unless the pool is Stopped or Closed.
    Q_INVOKABLE virtual void start() = 0;

    /// "As long as timeouts() says".
    static constexpr std::chrono::milliseconds defaultTimeout{-1};

public Q_SLOTS:
    /// Evicts all parked connections; those being made are dropped when they are done.
    void flush();
    /// Stops making connections; parked ones stay and can be taken. Without effect unless the pool runs.
    void pause();
    /// Ends a pause(). Without effect unless the pool runs.
    void resume();
    /// Takes no new takes, listens no more (a client that connects is refused), evicts the parked ones, and waits until
    /// every taken connection is let go, at most @p deadline (0 to 24 days); then closes. Returns at once; closed()
    /// tells the end, at the next turn of the event loop if the pool does not run.
    void drain(std::chrono::milliseconds deadline = std::chrono::seconds(5));
    /// Ends everything: waiters fail with ErrorKind::Closed, parked connections close. When it returns, all futures
    /// have finished, and the pool neither dials nor listens; it may wait for what an I/O thread is doing just now,
    /// mostly under a millisecond. The parked connections are closed by the I/O thread right afterwards, some at a time
    /// (a TLS connection takes some tenths of a millisecond), and the thread ends when that is done; the end of the
    /// application object waits for it. A pool that usesCallerThread() needs that thread's event loop for it, or else
    /// closes them here. Taken connections live on. The pool can be started again.
    ///
    /// In a forked child, close() and the destructor leave the parent's connections alone.
    void close();

Q_SIGNALS:
    /// A connection was parked, or handed straight to a take that waited.
    void connectionParked(Tidepool::ConnectionId id);
    /// A connection was handed out.
    void connectionTaken(Tidepool::ConnectionId id);
    /// A parked connection left untaken.
    void connectionEvicted(Tidepool::ConnectionId id, Tidepool::EvictionCause cause);
    /// The peer of a parked connection has sent bytes. Once for each parking. They wait for whoever takes it.
    void connectionReadable(Tidepool::ConnectionId id);
    /// A taken connection is held longer than leaseThreshold().
    void connectionHeldLong(Tidepool::ConnectionId id);
    /// An attempt to make a connection failed. A repeated failure is signalled each time, but logged once.
    void attemptFailed(const Tidepool::PoolError &error);
    /// close() or drain() is done.
    void closed();

    void settingsChanged();
    void readyChanged(bool ready);
    void activeChanged(int active);
    void capacityChanged(int capacity);
    void intervalChanged(int milliseconds);
    void stateChanged(Tidepool::PoolState state);
    void waitingChanged(int waiting);
    void errorCountChanged(int errorCount);
    void statusChanged();

protected:
    Pool(std::unique_ptr<PoolPrivate> d, QObject *parent);
    void connectNotify(const QMetaMethod &signal) override;

    std::unique_ptr<PoolPrivate> d;
};

} // namespace Tidepool
