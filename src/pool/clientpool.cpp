// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/log.h"
#include "../supply/connector.h"
#include "../types/durations.h"
#include "pool_p.h"

#include <tidepool/clientpool.h>

#include <algorithm>
#include <optional>

namespace Tidepool {

class ClientPoolPrivate final : public PoolPrivate
{
    Q_OBJECT

public:
    ClientPoolPrivate() : PoolPrivate(false) { policy.limit = settings.bounds.maximumCapacity; }

    void applySettings(bool isNewEndpoint) override
    {
        settings.tls = tls;
        settings.idFormat = idFormat;
        settings.timeouts = timeouts;
        settings.keepAlive = keepAlive;
        if (!isRunning())
            return;
        const auto tell = [this](std::optional<quint64> newGeneration) {
            inIoThread<Connector>([settings = settings, newGeneration](Connector &supply) {
                supply.setSettings(settings, newGeneration);
            });
        };
        if (isNewEndpoint) {
            core->forgetFatal();
            core->flush(tell);
        } else {
            tell({});
        }
    }

    template <typename T>
    void set(T &setting, const T &value, bool isNewEndpoint)
    {
        if (assign(setting, value))
            applySettings(isNewEndpoint);
    }

    void setBounds(const Bounds &bounds)
    {
        if (!assign(settings.bounds, bounds))
            return;
        policy.limit = bounds.corrected().maximumCapacity;
        if (!isRunning())
            return; // the bounds are set one after another and can be right when the pool starts
        warnIfCorrected();
        applyPolicy();
        applySettings(false);
    }

    void warnIfCorrected()
    {
        const Bounds effective = settings.bounds.corrected();
        if (effective == settings.bounds || warnedOf == settings.bounds)
            return;
        warnedOf = settings.bounds;
        qCWarning(lcTidepool,
                  "The bounds capacity %d..%d, interval %lld..%lld ms cannot be used as they are; in force are "
                  "capacity %d..%d, interval %lld..%lld ms.",
                  settings.bounds.minimumCapacity, settings.bounds.maximumCapacity,
                  static_cast<long long>(settings.bounds.minimumInterval.count()),
                  static_cast<long long>(settings.bounds.maximumInterval.count()), effective.minimumCapacity,
                  effective.maximumCapacity, static_cast<long long>(effective.minimumInterval.count()),
                  static_cast<long long>(effective.maximumInterval.count()));
    }

    ConnectorSettings settings;
    const std::shared_ptr<LearnedShelf> shelf = std::make_shared<LearnedShelf>();
    Bounds warnedOf;
};

ClientPool::ClientPool(QObject *parent) : Pool(std::make_unique<ClientPoolPrivate>(), parent) {}

ClientPool::ClientPool(const QString &host, quint16 port, QObject *parent) : ClientPool(parent)
{
    dd()->settings.host = host;
    dd()->settings.port = port;
}

ClientPool::~ClientPool() = default;

ClientPoolPrivate *ClientPool::dd() const
{
    return static_cast<ClientPoolPrivate *>(d.get());
}

QString ClientPool::host() const
{
    return dd()->settings.host;
}

void ClientPool::setHost(const QString &host)
{
    dd()->set(dd()->settings.host, host, true);
}

quint16 ClientPool::port() const
{
    return dd()->settings.port;
}

void ClientPool::setPort(quint16 port)
{
    dd()->set(dd()->settings.port, port, true);
}

int ClientPool::minimumCapacity() const
{
    return dd()->settings.bounds.minimumCapacity;
}

void ClientPool::setMinimumCapacity(int connections)
{
    Bounds bounds = dd()->settings.bounds;
    bounds.minimumCapacity = connections;
    dd()->setBounds(bounds);
}

int ClientPool::maximumCapacity() const
{
    return dd()->settings.bounds.maximumCapacity;
}

void ClientPool::setMaximumCapacity(int connections)
{
    Bounds bounds = dd()->settings.bounds;
    bounds.maximumCapacity = connections;
    dd()->setBounds(bounds);
}

std::chrono::milliseconds ClientPool::minimumInterval() const
{
    return dd()->settings.bounds.minimumInterval;
}

void ClientPool::setMinimumInterval(std::chrono::milliseconds interval)
{
    Bounds bounds = dd()->settings.bounds;
    bounds.minimumInterval = interval;
    dd()->setBounds(bounds);
}

int ClientPool::minimumIntervalMs() const
{
    return dd()->settings.bounds.minimumIntervalMs();
}

void ClientPool::setMinimumIntervalMs(int milliseconds)
{
    setMinimumInterval(std::chrono::milliseconds(milliseconds));
}

std::chrono::milliseconds ClientPool::maximumInterval() const
{
    return dd()->settings.bounds.maximumInterval;
}

void ClientPool::setMaximumInterval(std::chrono::milliseconds interval)
{
    Bounds bounds = dd()->settings.bounds;
    bounds.maximumInterval = interval;
    dd()->setBounds(bounds);
}

int ClientPool::maximumIntervalMs() const
{
    return dd()->settings.bounds.maximumIntervalMs();
}

void ClientPool::setMaximumIntervalMs(int milliseconds)
{
    setMaximumInterval(std::chrono::milliseconds(milliseconds));
}

Bounds ClientPool::effectiveBounds() const
{
    return dd()->settings.bounds.corrected();
}

SizingPolicy ClientPool::sizingPolicy() const
{
    return dd()->settings.sizingPolicy;
}

void ClientPool::setSizingPolicy(SizingPolicy policy)
{
    dd()->set(dd()->settings.sizingPolicy, policy, false);
}

std::chrono::milliseconds ClientPool::spareWindow() const
{
    return dd()->settings.spareWindow;
}

void ClientPool::setSpareWindow(std::chrono::milliseconds window)
{
    dd()->set(dd()->settings.spareWindow, clampedDuration(window, std::chrono::milliseconds(100)), false);
}

int ClientPool::spareWindowMs() const
{
    return static_cast<int>(spareWindow().count());
}

void ClientPool::setSpareWindowMs(int milliseconds)
{
    setSpareWindow(std::chrono::milliseconds(milliseconds));
}

Identity ClientPool::identity() const
{
    return dd()->settings.identity;
}

void ClientPool::setIdentity(Identity identity)
{
    dd()->set(dd()->settings.identity, identity, true);
}

Refill ClientPool::refill() const
{
    return dd()->settings.refill;
}

void ClientPool::setRefill(Refill refill)
{
    dd()->set(dd()->settings.refill, refill, false);
}

Backoff ClientPool::backoff() const
{
    return dd()->settings.backoff;
}

void ClientPool::setBackoff(const Backoff &backoff)
{
    dd()->set(dd()->settings.backoff, backoff.corrected(), false);
}

Recovery ClientPool::recovery() const
{
    return dd()->settings.recovery;
}

void ClientPool::setRecovery(const Recovery &recovery)
{
    dd()->set(dd()->settings.recovery, recovery.corrected(), false);
}

int ClientPool::maximumParallelDials() const
{
    return dd()->settings.maximumParallelDials;
}

void ClientPool::setMaximumParallelDials(int dials)
{
    dd()->set(dd()->settings.maximumParallelDials, std::clamp(dials, 1, 1'024), false);
}

int ClientPool::maximumTotal() const
{
    return dd()->policy.maximumTotal;
}

void ClientPool::setMaximumTotal(int connections)
{
    if (dd()->assign(dd()->policy.maximumTotal, std::max(0, connections)))
        dd()->applyPolicy();
}

QNetworkProxy ClientPool::proxy() const
{
    return dd()->settings.proxy;
}

void ClientPool::setProxy(const QNetworkProxy &proxy)
{
    dd()->set(dd()->settings.proxy, proxy, true);
}

QHostAddress ClientPool::sourceAddress() const
{
    return dd()->settings.sourceAddress;
}

void ClientPool::setSourceAddress(const QHostAddress &address)
{
    dd()->set(dd()->settings.sourceAddress, address, true);
}

void ClientPool::setDialer(Dialer dialer)
{
    dd()->settings.dialer = std::move(dialer);
    dd()->applySettings(true);
}

void ClientPool::start()
{
    if (dd()->isRunning() || !dd()->canStart())
        return;
    dd()->warnIfCorrected();
    dd()->applySettings(false);
    if (!dd()->acquireIoThread())
        return;
    dd()->open(std::make_unique<Connector>(*dd()->core, dd()->settings, dd()->shelf), effectiveBounds().minimumCapacity,
               effectiveBounds().minimumInterval);
}

void ClientPool::expect(int connections, std::chrono::milliseconds within)
{
    const auto until = std::chrono::steady_clock::now() + clampedDuration(within, std::chrono::milliseconds(0));
    dd()->inIoThread<Connector>([connections, until](Connector &supply) { supply.expect(connections, until); });
}

SizingLevels ClientPool::levels() const
{
    return toSizingLevels(dd()->shelf->latest().learned, std::chrono::steady_clock::now(),
                          QDateTime::currentDateTimeUtc());
}

void ClientPool::setLevels(const SizingLevels &levels)
{
    dd()->shelf->replace(fromSizingLevels(levels, std::chrono::steady_clock::now(), QDateTime::currentDateTimeUtc()));
    dd()->inIoThread<Connector>([](Connector &supply) { supply.learn(); });
}

void ClientPool::retryNow()
{
    dd()->core->forgetFatal();
    dd()->inIoThread<Connector>([](Connector &supply) { supply.retryNow(); });
}

} // namespace Tidepool

#include "clientpool.moc"
