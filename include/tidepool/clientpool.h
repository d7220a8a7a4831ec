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

/// Keeps connections to one server dialled, handshaken and identified, ready to be taken.
///
/// See Pool for threads. Every setting may be changed while the pool runs; one that changes what a connection is
/// (host, TLS, proxy, ...) flushes the pool.
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
    /// Dials a connection: called in an I/O thread with a fresh socket, it starts the connect on it and returns at
    /// once.
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
    /// As set; see effectiveBounds() for what is in force. Default: 8.
    [[nodiscard]] int minimumCapacity() const;
    void setMinimumCapacity(int connections);
    /// As set. Default: 64.
    [[nodiscard]] int maximumCapacity() const;
    void setMaximumCapacity(int connections);
    /// As set. Default: 500 ms.
    [[nodiscard]] std::chrono::milliseconds minimumInterval() const;
    void setMinimumInterval(std::chrono::milliseconds interval);
    /// minimumInterval() for QML, in milliseconds.
    [[nodiscard]] int minimumIntervalMs() const;
    void setMinimumIntervalMs(int milliseconds);
    /// As set. Default: 5 s.
    [[nodiscard]] std::chrono::milliseconds maximumInterval() const;
    void setMaximumInterval(std::chrono::milliseconds interval);
    /// maximumInterval() for QML, in milliseconds.
    [[nodiscard]] int maximumIntervalMs() const;
    void setMaximumIntervalMs(int milliseconds);
    /// The bounds in force: the four above, corrected by Bounds::corrected(). A correction is logged once.
    [[nodiscard]] Bounds effectiveBounds() const;
    /// Default: Predictive. When it changes, the pool begins to learn anew.
    [[nodiscard]] SizingPolicy sizingPolicy() const;
    void setSizingPolicy(SizingPolicy policy);
    /// SizingPolicy::Predictive keeps a spare connection for as long as it was needed once within this time. Default:
    /// 60 s. Range: 100 ms to 24 days.
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
    /// Dials under way at once, at most: fewer while they fail or take much longer than single ones. Default: 64.
    /// Range: 1 to 1,024.
    [[nodiscard]] int maximumParallelDials() const;
    void setMaximumParallelDials(int dials);
    /// Connections that may exist at once: parked, taken and being made. When they do, a take waits until one is given
    /// back or let go. Default: 0, without limit. Range: 0 and up. A ServerPool has no such limit: its clients decide
    /// how many they make, and maximumCapacity() bounds those that nobody has taken.
    [[nodiscard]] int maximumTotal() const;
    void setMaximumTotal(int connections);
    /// Default: QNetworkProxy::NoProxy; the application's proxy is never used unless set here.
    [[nodiscard]] QNetworkProxy proxy() const;
    void setProxy(const QNetworkProxy &proxy);
    /// The local address to connect from. Default: null, the system chooses.
    [[nodiscard]] QHostAddress sourceAddress() const;
    void setSourceAddress(const QHostAddress &address);
    /// Default: none, the pool connects to host() and port().
    void setDialer(Dialer dialer);

    void start() override;

    /// Announces that @p connections takes are to come @p within this time: a page is about to load, visitors wait. The
    /// capacity is at least that, within the bounds, and they are dialled at once (with Refill::AtRound, at the next
    /// round). Each take counts for the announcement, which ends by itself when its time is up. Of several
    /// announcements, the largest counts. Without effect unless the pool runs. Range of @p within: 0 to 24 days.
    void expect(int connections, std::chrono::milliseconds within);

    /// What SizingPolicy::Predictive has learned of the takes; those since the last round may be missing. Empty with
    /// another policy. A pool that does not run returns what it will begin with: what it had learned when it closed, or
    /// what setLevels() said.
    [[nodiscard]] SizingLevels levels() const;
    /// Makes the pool go on from @p levels, corrected, as though it had never stopped: what has become too old since
    /// they were saved counts no more. It forgets what it has learned itself; an empty value just makes it forget.
    /// If bursts came regularly, the pool is ready for one now, and rests between them from the first that comes in
    /// time. Another program's levels do no harm: the bounds hold.
    void setLevels(const SizingLevels &levels);

public Q_SLOTS:
    /// Dials again now: ends a backoff, and clears a fatal error.
    void retryNow();

private:
    ClientPoolPrivate *dd() const;
};

} // namespace Tidepool
