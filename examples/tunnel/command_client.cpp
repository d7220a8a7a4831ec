// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "commands.h"
#include "log.h"
#include "metrics.h"
#include "metricspage.h"
#include "secret.h"
#include "shutdownsignals.h"
#include "statusline.h"
#include "tlssetup.h"
#include "tunnelclient.h"

#include <QtCore/QCoreApplication>

namespace Tunnel {

namespace {

constexpr QLatin1String clientCommand("client");

ClientSettings makeSettings(const ClientOptions &options, const Tidepool::TlsOptions &tls, const QByteArray &secret)
{
    ClientSettings settings;
    settings.server = options.server;
    settings.target = options.target;
    settings.bounds = options.bounds;
    settings.tls = tls;
    settings.secret = secret;
    settings.heartbeat = options.heartbeat;
    settings.idleTimeout = options.idleTimeout;
    return settings;
}

QString statusText(const TunnelClient &client, Rate &rate)
{
    const RelayBook::Totals totals = client.relays().totals();
    const auto carried = totals.fromTunnel + totals.intoTunnel;
    const double megabytes = rate.look(carried);
    if (!client.link().isUp()) {
        const QString trouble = client.link().trouble();
        return QStringLiteral("connecting | %1").arg(trouble.isEmpty() ? QStringLiteral("no answer yet") : trouble);
    }
    return QStringLiteral("tunnel up | warm %1 of %2 | every %3 ms | relays %4 of %5 | %6 MB/s | %7 carried")
        .arg(client.pool().active())
        .arg(client.pool().capacity())
        .arg(client.pool().intervalMs())
        .arg(totals.active)
        .arg(totals.started)
        .arg(megabytes, 0, 'f', 1)
        .arg(formatBytes(carried));
}

} // namespace

int runClient(const ClientOptions &options)
{
    const Secret secret = loadSecret(options.secretFile);
    if (!secret.error.isEmpty())
        return reportFailure(clientCommand, secret.error);
    if (secret.value.isEmpty()) {
        static_cast<void>(reportFailure(
            clientCommand,
            QStringLiteral("the server's secret is missing; give --secret-file FILE, or set TIDEPOOL_SECRET. A server "
                           "that was started without one prints it.\nSee: tidepool client --help")));
        return 2;
    }
    const TlsSetup tls = clientTls(options.tls);
    if (!tls.error.isEmpty())
        return reportFailure(clientCommand, tls.error);

    static_cast<void>(raiseFileLimit());
    setLanes(options.lanes);
    TunnelClient client(makeSettings(options, tls.options, secret.value));
    MetricsPage metrics;
    if (options.metrics) {
        const MetricsSources sources{QByteArrayLiteral("client"), client.pool(), client.relays(), client.figures()};
        const QString error = metrics.start(*options.metrics, [sources] { return metricsText(sources); });
        if (!error.isEmpty())
            return reportFailure(clientCommand, error);
        qCInfo(lcTunnel).noquote() << "metrics on" << metrics.url();
    }
    qCInfo(lcTunnel).noquote() << "connecting" << options.target.toString() << "with the server"
                               << options.server.toString();
    client.start();

    Rate rate;
    StatusLine statusLine([&] { return statusText(client, rate); });
    ShutdownSignals shutdown;
    QObject::connect(&shutdown, &ShutdownSignals::requested, &client, [&] {
        qCInfo(lcTunnel) << "closing: no more visitors," << client.relays().totals().active << "to finish";
        client.drain(drainTime);
    });
    QObject::connect(&client, &TunnelClient::drained, qApp, &QCoreApplication::quit, Qt::QueuedConnection);
    statusLine.start();
    const int status = QCoreApplication::exec();
    statusLine.stop();
    qCInfo(lcTunnel) << "closed";
    return status;
}

} // namespace Tunnel
