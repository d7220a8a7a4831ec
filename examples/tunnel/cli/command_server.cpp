// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../log.h"
#include "../metrics/metrics.h"
#include "../metrics/metricspage.h"
#include "../server/tunnelserver.h"
#include "commands.h"
#include "console.h"
#include "secret.h"
#include "shutdownsignals.h"
#include "statusline.h"
#include "tlssetup.h"

#include <QtCore/QCoreApplication>
#include <QtNetwork/QHostInfo>
#include <QtNetwork/QNetworkInterface>

#include <algorithm>

namespace Tunnel {

namespace {

constexpr QLatin1String serverCommand("server");

ServerSettings makeSettings(const ServerOptions &options, const Tidepool::TlsOptions &tls, const QByteArray &secret)
{
    ServerSettings settings;
    settings.listenAddress = listenAddress(options.listen).value_or(QHostAddress(QHostAddress::Any));
    settings.listenPort = options.listen.port;
    settings.exposeAddress = listenAddress(options.expose).value_or(QHostAddress(QHostAddress::Any));
    settings.exposePort = options.expose.port;
    settings.allowedClients = options.allowed;
    settings.tls = tls;
    settings.secret = secret;
    settings.heartbeat = options.heartbeat;
    settings.idleTimeout = options.idleTimeout;
    settings.visitorPatience = options.visitorPatience;
    settings.maximumWaiting = options.maximumWaiting;
    settings.fitInto(raiseFileLimit());
    return settings;
}

/// The address at which clients on other machines can reach this machine.
QString reachableHost(const QHostAddress &address)
{
    if (address.protocol() != QAbstractSocket::AnyIPProtocol && address != QHostAddress(QHostAddress::AnyIPv4)
        && address != QHostAddress(QHostAddress::AnyIPv6))
        return address.toString();
    for (const QHostAddress &own : QNetworkInterface::allAddresses()) {
        if (own.isGlobal() && own.protocol() == QAbstractSocket::IPv4Protocol)
            return own.toString();
    }
    return QHostInfo::localHostName();
}

/// The client's option for the name in @p certificate. Empty if the name is @p host, to which the client connects.
QString serverNameOption(const QSslCertificate &certificate, const QString &host)
{
    const auto names = certificate.subjectAlternativeNames();
    if (names.contains(QSsl::IpAddressEntry, host) || names.contains(QSsl::DnsEntry, host))
        return {};
    const QStringList dnsNames = names.values(QSsl::DnsEntry);
    const auto found = std::find_if(dnsNames.begin(), dnsNames.end(),
                                    [](const QString &name) { return !name.contains(QLatin1Char('*')); });
    return QStringLiteral(" --server-name ") + (found == dnsNames.end() ? QStringLiteral("NAME") : *found);
}

/// Writes the command line for a client to stdout. This is the only place that shows a secret, and only a secret that
/// this run generated.
void printClientCommand(const ServerOptions &options, const TunnelServer &server, const QByteArray &secret)
{
    const Endpoint endpoint{reachableHost(server.pool().serverAddress()), server.pool().serverPort()};
    const QSslCertificate certificate = server.pool().certificate();
    QString command = QStringLiteral("TIDEPOOL_SECRET=%1 tidepool client --server %2")
                          .arg(QString::fromLatin1(secret), endpoint.toString());
    // The command also contains the pin of a verified certificate. The server cannot know whether the client's machine
    // trusts the issuer, and for this run the pin is as reliable as the secret.
    if (options.tls.mode == Tidepool::TlsMode::None)
        command += QStringLiteral(" --tls none");
    else
        command += QStringLiteral(" --pin %1").arg(Tidepool::certificateFingerprint(certificate));
    Console::print(QStringLiteral("\nNo secret was given, so here is one for this run. Start the client with:\n\n"
                                  "  %1 --target HOST:PORT\n\n"
                                  "and the address of your service in the place of HOST:PORT.\n\n")
                       .arg(command));
    if (options.tls.mode == Tidepool::TlsMode::Verified)
        Console::print(
            QStringLiteral(
                "To have the certificate's authority checked, write this in the place of --pin and its value:\n\n"
                "  --tls verified%1 --ca FILE\n\n"
                "with the authority's certificate as FILE; without --ca, the client asks the "
                "authorities that its system trusts.\n\n")
                .arg(serverNameOption(certificate, endpoint.host)));
}

void logStart(const ServerOptions &options, const TunnelServer &server)
{
    const QString listening = formatAddress(server.pool().serverAddress(), server.pool().serverPort());
    qCInfo(lcTunnel).noquote().nospace() << "listening on " << listening << " (tls " << modeName(options.tls.mode)
                                         << ")";
    qCInfo(lcTunnel).noquote() << "exposed on" << formatAddress(server.exposedAddress(), server.exposedPort());
    if (options.tls.mode != Tidepool::TlsMode::None)
        qCInfo(lcTunnel).noquote() << "pin" << Tidepool::certificateFingerprint(server.pool().certificate());
    else
        qCWarning(lcTunnel) << "without TLS everybody on the way can read, and change, what is carried; give both ends "
                               "--tls self-signed";
}

/// The error that this program reports contains the library's message.
QString startQuietly(TunnelServer &server)
{
    const Console::LibraryMuted muted;
    return server.start();
}

QString statusText(const TunnelServer &server, Rate &rate)
{
    const RelayRegistry::Totals totals = server.relays().totals();
    const QString client =
        server.isClientConnected() ? QStringLiteral("client connected") : QStringLiteral("waiting for a client");
    return QStringLiteral("%1 | warm %2 | waiting %3 | relays %4 of %5 | %6 MB/s | %7 carried")
        .arg(client)
        .arg(server.metrics().ready.load())
        .arg(server.waitingVisitors())
        .arg(totals.active)
        .arg(totals.started)
        .arg(rate.look(totals.fromTunnel + totals.intoTunnel), 0, 'f', 1)
        .arg(formatBytes(totals.fromTunnel + totals.intoTunnel));
}

} // namespace

int runServer(const ServerOptions &options)
{
    Secret secret = loadSecret(options.secretFile);
    if (!secret.error.isEmpty())
        return reportFailure(serverCommand, secret.error);
    const bool madeUp = secret.value.isEmpty();
    if (madeUp)
        secret.value = makeSecret();
    const TlsSetup tls = serverTls(options.tls);
    if (!tls.error.isEmpty())
        return reportFailure(serverCommand, tls.error);
    if (!tls.notice.isEmpty())
        qCInfo(lcTunnel).noquote() << tls.notice;

    setIoThreads(options.ioThreads);
    TunnelServer server(makeSettings(options, tls.options, secret.value));
    if (const QString error = startQuietly(server); !error.isEmpty())
        return reportFailure(serverCommand, error);
    MetricsPage metrics;
    if (options.metrics) {
        const MetricsSources sources{QByteArrayLiteral("server"), server.pool(), server.relays(), server.metrics()};
        const QString error = metrics.start(*options.metrics, [sources] { return metricsText(sources); });
        if (!error.isEmpty())
            return reportFailure(serverCommand, error);
        qCInfo(lcTunnel).noquote() << "metrics on" << metrics.url();
    }
    logStart(options, server);
    if (madeUp)
        printClientCommand(options, server, secret.value);

    Rate rate;
    StatusLine statusLine([&] { return statusText(server, rate); });
    ShutdownSignals shutdown;
    QObject::connect(&shutdown, &ShutdownSignals::requested, &server, [&] {
        qCInfo(lcTunnel) << "closing: no more visitors," << server.relays().totals().active << "to finish";
        server.drain(drainTime);
    });
    // Queued, because a drain with nothing to wait for ends before the event loop starts.
    QObject::connect(&server, &TunnelServer::drained, qApp, &QCoreApplication::quit, Qt::QueuedConnection);
    statusLine.start();
    const int status = QCoreApplication::exec();
    statusLine.stop();
    qCInfo(lcTunnel) << "closed";
    return status;
}

} // namespace Tunnel
