// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/bounds.h>
#include <tidepool/pool.h>
#include <tidepool/recovery.h>
#include <tidepool/sizinglevels.h>

#include <QtNetwork/QHostAddress>
#include <QtNetwork/QNetworkProxy>

#include <functional>

namespace Tidepool {

class ClientPoolPrivate;

/// Keeps connections to one server ready to be taken: connected, handshake done, id known.
///
/// See Pool for threads. Every setting can be changed while the pool runs. A change to what a connection is (host, TLS,
/// proxy, ...) flushes the pool.
class TIDEPOOL_EXPORT ClientPool : public Tidepool::Pool
{
    Q_OBJECT
    Q_PROPERTY(QString host READ host WRITE setHost NOTIFY settingsChanged)
    Q_PROPERTY(quint16 port READ port WRITE setPort NOTIFY settingsChanged)
    Q_PROPERTY(int minimumCapacity READ minimumCapacity WRITE setMinimumCapacity NOTIFY settingsChanged)
    Q_PROPERTY(int maximumCapacity READ maximumCapacity WRITE setMaximumCapacity NOTIFY settingsChanged)
    Q_PROPERTY(int minimumInterval READ minimumIntervalMs WRITE setMinimumIntervalMs NOTIFY settingsChanged)
    Q_PROPERTY(int maximumInterval READ maximumIntervalMs WRITE setMaximumIntervalMs NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Bounds effectiveBounds READ effectiveBounds NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::SizingPolicy sizingPolicy READ sizingPolicy WRITE setSizingPolicy NOTIFY settingsChanged)
    Q_PROPERTY(int spareWindowMs READ spareWindowMs WRITE setSpareWindowMs NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Identity identity READ identity WRITE setIdentity NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Refill refill READ refill WRITE setRefill NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Backoff backoff READ backoff WRITE setBackoff NOTIFY settingsChanged)
    Q_PROPERTY(Tidepool::Recovery recovery READ recovery WRITE setRecovery NOTIFY settingsChanged)
    Q_PROPERTY(int maximumParallelDials READ maximumParallelDials WRITE setMaximumParallelDials NOTIFY settingsChanged)
    Q_PROPERTY(int maximumTotal READ maximumTotal WRITE setMaximumTotal NOTIFY settingsChanged)

public:
    /// Dials a connection. The pool calls the dialer in an I/O thread with a new socket. The dialer starts the connect
    /// on that socket and returns at once.
    using Dialer = std::function<void(QSslSocket &)>;

    explicit ClientPool(QObject *parent = nullptr);
    ClientPool(const QString &host, quint16 port, QObject *parent = nullptr);
    ~ClientPool() override;

    /// Name or address of the server. Required unless a dialer is set.
    [[nodiscard]] QString host() const;
    void setHost(const QString &host);
    /// 1 to 65535. Required unless a dialer is set.
    [[nodiscard]] quint16 port() const;
    void setPort(quint16 port);
    /// The value as set. effectiveBounds() returns the value in force. Default: 8.
    [[nodiscard]] int minimumCapacity() const;
    void setMinimumCapacity(int connections);
    /// The value as set. Default: 64.
    [[nodiscard]] int maximumCapacity() const;
    void setMaximumCapacity(int connections);
    /// The value as set. Default: 500 ms.
    [[nodiscard]] std::chrono::milliseconds minimumInterval() const;
    void setMinimumInterval(std::chrono::milliseconds interval);
    /// minimumInterval() for QML, in milliseconds.
    [[nodiscard]] int minimumIntervalMs() const;
    void setMinimumIntervalMs(int milliseconds);
    /// The value as set. Default: 5 s.
    [[nodiscard]] std::chrono::milliseconds maximumInterval() const;
    void setMaximumInterval(std::chrono::milliseconds interval);
    /// maximumInterval() for QML, in milliseconds.
    [[nodiscard]] int maximumIntervalMs() const;
    void setMaximumIntervalMs(int milliseconds);
    /// The bounds in force: the four values above, corrected by Bounds::corrected(). The pool logs a correction once.
    [[nodiscard]] Bounds effectiveBounds() const;
    /// Default: Predictive. When the policy changes, the pool discards what it has learned and starts to learn again.
    [[nodiscard]] SizingPolicy sizingPolicy() const;
    void setSizingPolicy(SizingPolicy policy);
    /// SizingPolicy::Predictive keeps a spare connection as long as the connection was needed at least once within this
    /// time. Default: 60 s. Range: 100 ms to 24 days.
    [[nodiscard]] std::chrono::milliseconds spareWindow() const;
    void setSpareWindow(std::chrono::milliseconds window);
    /// spareWindow() for QML, in milliseconds.
    [[nodiscard]] int spareWindowMs() const;
    void setSpareWindowMs(int milliseconds);
    /// Default: FromServer.
    [[nodiscard]] Identity identity() const;
    void setIdentity(Identity identity);
    /// Default: AtTake.
    [[nodiscard]] Refill refill() const;
    void setRefill(Refill refill);
    [[nodiscard]] Backoff backoff() const;
    void setBackoff(const Backoff &backoff);
    /// Default: all on.
    [[nodiscard]] Recovery recovery() const;
    void setRecovery(const Recovery &recovery);
    /// The maximum number of dials in progress at once. The pool uses fewer while dials fail or take much longer than a
    /// single dial. Default: 64. Range: 1 to 1,024.
    [[nodiscard]] int maximumParallelDials() const;
    void setMaximumParallelDials(int dials);
    /// The maximum number of connections at once: parked, taken and being made. At the maximum, a take waits until a
    /// taken connection is given back or closed. Default: 0, no limit. Range: 0 and up. A ServerPool has no such limit:
    /// its clients decide how many connections they make, and maximumCapacity() limits the connections that are not
    /// taken.
    [[nodiscard]] int maximumTotal() const;
    void setMaximumTotal(int connections);
    /// Default: QNetworkProxy::NoProxy. The pool never uses the application's proxy unless it is set here.
    [[nodiscard]] QNetworkProxy proxy() const;
    void setProxy(const QNetworkProxy &proxy);
    /// The local address to connect from. Default: null, the system chooses the address.
    [[nodiscard]] QHostAddress sourceAddress() const;
    void setSourceAddress(const QHostAddress &address);
    /// Default: none. Without a dialer, the pool connects to host() and port().
    void setDialer(Dialer dialer);

    void start() override;

    /// Announces @p connections takes within the time @p within, for example because a page is about to load. Until
    /// that time has passed, the capacity is at least @p connections, within the bounds. The pool dials these
    /// connections at once (with Refill::AtRound, at the next round). Each take reduces the announced number by one. If
    /// several announcements are in force, the largest one counts. Has no effect unless the pool runs. Range of @p
    /// within: 0 to 24 days.
    void expect(int connections, std::chrono::milliseconds within);

    /// What SizingPolicy::Predictive has learned from the takes. Takes since the last round can be missing. Empty with
    /// another policy. If the pool does not run, this returns the levels with which the pool will start: the levels
    /// from the last close, or the levels that setLevels() set.
    [[nodiscard]] SizingLevels levels() const;
    /// Makes the pool continue from @p levels, corrected, as if the pool had never stopped. Levels that have become too
    /// old since they were saved do not count. The pool forgets what it has learned itself. An empty value only makes
    /// the pool forget. If bursts came at regular intervals, the pool is ready for a burst at once. It reduces its
    /// capacity between bursts after the first burst that comes at the expected time. Levels from another program do no
    /// harm, because the bounds still apply.
    void setLevels(const SizingLevels &levels);

public Q_SLOTS:
    /// Dials again at once: ends a backoff, and clears a fatal error.
    void retryNow();

private:
    ClientPoolPrivate *dd() const;
};

} // namespace Tidepool
