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

/// The common part of ClientPool and ServerPool: parked connections, takes and metrics.
///
/// A Pool lives in its user's thread and does no I/O in that thread. take(), tryTake(), giveBack(), evict(),
/// addError(), resetErrorCount() and every getter of a live metric can be called from any thread. Call everything else
/// in the pool's thread. Signals are emitted only in the pool's thread, with at most one change of each kind in each
/// turn of its event loop. The destructor closes the pool. Connections that are already taken stay open.
///
/// A pool needs a QCoreApplication. Without one, the pool does not start (see lastError()), and a take fails at once
/// with ErrorKind::Closed. When the application object is destroyed, waiting takes fail with the same error.
/// Connections that are parked at that time can still be taken.
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

    /// Default: TlsMode::None. A change while the pool runs flushes the pool.
    [[nodiscard]] TlsOptions tls() const;
    void setTls(const TlsOptions &tls);
    /// Must be the same at both ends. Default: Hex8. A change while the pool runs flushes the pool.
    [[nodiscard]] IdFormat idFormat() const;
    void setIdFormat(IdFormat format);
    [[nodiscard]] Timeouts timeouts() const;
    void setTimeouts(const Timeouts &timeouts);
    [[nodiscard]] KeepAlive keepAlive() const;
    void setKeepAlive(const KeepAlive &keepAlive);
    /// A change while the pool runs also applies to parked connections. Default: no limits.
    [[nodiscard]] Lifetimes lifetimes() const;
    void setLifetimes(const Lifetimes &lifetimes);
    /// Default: NewestFirst.
    [[nodiscard]] TakeOrder takeOrder() const;
    void setTakeOrder(TakeOrder order);
    /// Default: Keep.
    [[nodiscard]] Unsolicited unsolicited() const;
    void setUnsolicited(Unsolicited policy);
    /// The maximum number of waiting takes. A further take fails at once with ErrorKind::Limit. Default: 10,000. Range:
    /// 0 and up.
    [[nodiscard]] int maximumWaiting() const;
    void setMaximumWaiting(int maximum);
    /// If a taken connection is held longer than this, the pool emits connectionHeldLong() once. Default: 0, never.
    /// Range: 0 to 24 days.
    [[nodiscard]] std::chrono::milliseconds leaseThreshold() const;
    void setLeaseThreshold(std::chrono::milliseconds threshold);
    /// Flush the pool when the errors reported with addError() exceed half of active(). The reason: if taken
    /// connections fail, parked connections have probably failed too. The flush resets the error count, and for the
    /// next 10 s the pool does not flush because of errors again. A paused pool does not flush because of errors
    /// either. The rule is the Go package's. Default: true.
    [[nodiscard]] bool flushesOnErrors() const;
    void setFlushesOnErrors(bool flushes);
    /// Run all I/O in the pool's own thread instead of an I/O thread. This is for programs with a single event loop.
    /// Set this before start() or listen(). While that thread blocks, the pool does nothing. Therefore never wait in
    /// that thread for a take of this pool, with result() or otherwise. The pool closes when the thread ends. Default:
    /// false.
    [[nodiscard]] bool usesCallerThread() const;
    void setUsesCallerThread(bool uses);

    /// True if the pool runs and a take is expected to succeed: a connection was established since the start or the
    /// last outage.
    [[nodiscard]] bool isReady() const;
    /// The number of parked connections, which a take gets at once. Taken connections do not count, although the Go
    /// package calls the parked connections "active".
    [[nodiscard]] int active() const;
    /// The same as active(), by the name that most pools use.
    [[nodiscard]] int idle() const { return active(); }
    /// The number of parked connections that a client pool aims at now, or that a server pool admits.
    [[nodiscard]] int capacity() const;
    /// The current time between two rounds. 0 for a server.
    [[nodiscard]] std::chrono::milliseconds interval() const;
    /// interval() for QML, in milliseconds.
    [[nodiscard]] int intervalMs() const;
    [[nodiscard]] PoolState state() const;
    /// The number of waiting takes.
    [[nodiscard]] int waiting() const;
    /// The number of errors that the application reported with addError() since resetErrorCount() or since the last
    /// flush because of errors.
    [[nodiscard]] int errorCount() const;
    /// All metrics, read at one moment.
    [[nodiscard]] PoolStatus status() const;
    /// The last dial or accept error. A success clears the error.
    [[nodiscard]] PoolError lastError() const;
    /// The last 64 connections that left the pool without being taken, oldest first.
    [[nodiscard]] QList<EvictionRecord> evictions() const;
    /// The parked connections, then the connections that are taken and still held, newest first in both groups. Returns
    /// at most @p limit records. If there are more, up to half of the records are taken connections. The call holds the
    /// pool's mutex for about 0.1 us for each record, so call it for display only, a few times a second. Any thread.
    [[nodiscard]] QList<ConnectionRecord> connections(int limit = 1'000) const;

    /// Takes a connection: a parked one at once, otherwise the next one that becomes available. Any thread.
    ///
    /// Waiting takes are served in the order of their calls. The future always finishes: with a connection, or with an
    /// error of Phase::Wait. The error is Timeout after @p timeout (default, and if negative: timeouts().take; at most
    /// 24 days), Closed, Limit, or the fatal error that stops the pool from dialling. A cancelled future has no result:
    /// check isCanceled() before result(), or use onCanceled(). Use QFuture::then() with a context object,
    /// QFutureWatcher, QCoro, or result() in a thread that may block. A continuation without a context runs in the
    /// calling thread if a connection was parked. Otherwise it runs in a thread of the library that has no event loop.
    /// In that thread, the continuation may block, but cannot use the signals of sockets. With usesCallerThread() and
    /// in close(), the continuation runs in the pool's thread. See Connection for the thread of the socket.
    [[nodiscard]] QFuture<TakeResult> take(std::chrono::milliseconds timeout = defaultTimeout);
    /// Takes the connection with the id @p id. The take can start before the connection exists. Any thread.
    [[nodiscard]] QFuture<TakeResult> take(ConnectionId id, std::chrono::milliseconds timeout = defaultTimeout);
    /// The same as take(), but the pool moves the socket to the thread of @p context. If @p context is destroyed first,
    /// or its thread ends or has ended, the take fails with ErrorKind::Closed. If the thread has not started yet, the
    /// socket is in the thread when the thread starts. Any thread.
    [[nodiscard]] QFuture<TakeResult> takeInto(QObject *context, std::chrono::milliseconds timeout = defaultTimeout);
    QFuture<TakeResult> takeInto(QThread *, std::chrono::milliseconds = defaultTimeout) = delete; ///< Name an object.
    /// Takes a parked connection or fails at once with ErrorKind::Empty. Any thread.
    [[nodiscard]] TakeResult tryTake();
    /// Returns a taken connection that is still good to the pool. The connection can then be taken again under the same
    /// id.
    ///
    /// All handles to the connection become empty, and the socket's signals are disconnected. If the connection is not
    /// good (closed, unread bytes with Unsolicited::Evict, flushed since), the pool closes and counts it instead. Any
    /// thread. If the socket lives in a thread with an event loop, the connection is parked in the next turn of that
    /// loop. If the socket lives in a thread without an event loop, call this in that thread. A call in any other
    /// thread closes the connection.
    void giveBack(Connection connection);

    /// Closes the parked connection with the id @p id and removes it from the pool (EvictionCause::Requested). A client
    /// pool dials a replacement. If all new connections are evicted too, the client pool dials more and more slowly.
    /// Returns false and does nothing if the pool has no connection with that id, or if the connection is taken. A
    /// connection that is being handed to a waiting take at the same moment is taken, not evicted. Any thread.
    bool evict(ConnectionId id);

    /// Counts an error that the application had with a connection of this pool. See flushesOnErrors(). Any thread.
    Q_INVOKABLE void addError();
    /// Any thread.
    Q_INVOKABLE void resetErrorCount();

    /// Starts to make or accept connections. Has no effect unless the pool is Stopped or Closed.
    Q_INVOKABLE virtual void start() = 0;

    /// Selects the value of timeouts().
    static constexpr std::chrono::milliseconds defaultTimeout{-1};

public Q_SLOTS:
    /// Evicts all parked connections. Connections in progress are dropped when they are established.
    void flush();
    /// Stops making connections. Parked connections stay and can be taken. Has no effect unless the pool runs.
    void pause();
    /// Ends a pause(). Has no effect unless the pool runs.
    void resume();
    /// Accepts no new takes, stops listening (clients that connect are refused), and evicts the parked connections.
    /// Then waits until every taken connection is closed or given back, at most @p deadline (0 to 24 days), and closes
    /// the pool. Returns at once. closed() reports the end. If the pool does not run, closed() follows in the next turn
    /// of the event loop.
    void drain(std::chrono::milliseconds deadline = std::chrono::seconds(5));
    /// Ends everything: waiting takes fail with ErrorKind::Closed, and parked connections close. When close() returns,
    /// all futures have finished, and the pool neither dials nor listens. close() can wait for the current task of an
    /// I/O thread, mostly for less than a millisecond. After close(), the I/O thread closes the parked connections, a
    /// few at a time (a TLS connection takes some tenths of a millisecond). The I/O thread ends when all of them are
    /// closed. The destructor of the application object waits for this. A pool with usesCallerThread() needs the event
    /// loop of that thread for this. Without an event loop, close() itself closes the parked connections. Taken
    /// connections stay open. The pool can be started again.
    ///
    /// In a forked child, close() and the destructor do not change the parent's connections.
    void close();

Q_SIGNALS:
    /// A connection was parked, or given directly to a waiting take.
    void connectionParked(Tidepool::ConnectionId id);
    /// A connection was taken.
    void connectionTaken(Tidepool::ConnectionId id);
    /// A parked connection left the pool without being taken.
    void connectionEvicted(Tidepool::ConnectionId id, Tidepool::EvictionCause cause);
    /// The peer of a parked connection has sent bytes. Emitted once each time the connection is parked. The bytes stay
    /// readable for the next taker.
    void connectionReadable(Tidepool::ConnectionId id);
    /// A taken connection is held for longer than leaseThreshold().
    void connectionHeldLong(Tidepool::ConnectionId id);
    /// An attempt to make a connection failed. Emitted for each failure, but a repeated failure is logged only once.
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
