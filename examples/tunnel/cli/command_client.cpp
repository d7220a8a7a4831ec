// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../client/tunnelclient.h"
#include "../log.h"
#include "../metrics/metrics.h"
#include "../metrics/metricspage.h"
#include "../statefile.h"
#include "../tracefile.h"
#include "commands.h"
#include "console.h"
#include "secret.h"
#include "shutdownsignals.h"
#include "statusline.h"
#include "tlssetup.h"

#include <QtCore/QCoreApplication>

#include <memory>
#include <optional>

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
    settings.retriesForever = options.retriesForever;
    return settings;
}

QString statusText(const TunnelClient &client, Rate &rate)
{
    const RelayRegistry::Totals totals = client.relays().totals();
    const auto carried = totals.fromTunnel + totals.intoTunnel;
    const double megabytes = rate.look(carried);
    if (!client.link().isUp()) {
        const QString trouble = client.link().trouble();
        return QStringLiteral("connecting | %1").arg(trouble.isEmpty() ? QStringLiteral("no answer yet") : trouble);
    }
    return QStringLiteral(
               "tunnel up | warm %1 of %2 | every %3 ms | relays %4 of %5 | %6 MB/s | %7 carried | capacity %8")
        .arg(client.pool().active())
        .arg(client.pool().capacity())
        .arg(client.pool().intervalMs())
        .arg(totals.active)
        .arg(totals.started)
        .arg(megabytes, 0, 'f', 1)
        .arg(formatBytes(carried), client.pool().status().sizingText());
}

/// Logs what the user should know about the chosen encryption.
void logEncryption(const TlsChoice &tls)
{
    if (tls.mode == Tidepool::TlsMode::None)
        qCWarning(lcTunnel) << "without TLS everybody on the way can read, and change, what is carried; give both ends "
                               "--tls self-signed";
    else if (tls.mode == Tidepool::TlsMode::SelfSigned && tls.pins.isEmpty())
        qCWarning(lcTunnel)
            << "without --pin only the secret tells the server from somebody in between, who can try to "
               "guess it; give --pin sha256:..., which the server logs when it starts";
}

/// Restores what the last run of the program learned, and saves what this run learns.
std::unique_ptr<StateFile> openStateFile(const QString &fileName, TunnelClient &client)
{
    if (fileName.isEmpty())
        return nullptr;
    auto state = std::make_unique<StateFile>(client.pool(), fileName);
    QObject::connect(state.get(), &StateFile::failed, &client,
                     [](const QString &problem) { qCWarning(lcTunnel).noquote() << problem; });
    const QString problem = state->restore();
    if (!problem.isEmpty())
        qCWarning(lcTunnel).noquote() << problem;
    state->start();
    return state;
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

    // The control link reports the problems with the server.
    std::optional<Console::LibraryMuted> muted;
    if (!options.verbose)
        muted.emplace();
    static_cast<void>(raiseFileLimit());
    setIoThreads(options.ioThreads);
    TunnelClient client(makeSettings(options, tls.options, secret.value));
    MetricsPage metrics;
    if (options.metrics) {
        const MetricsSources sources{QByteArrayLiteral("client"), client.pool(), client.relays(), client.metrics()};
        const QString error = metrics.start(*options.metrics, [sources] { return metricsText(sources); });
        if (!error.isEmpty())
            return reportFailure(clientCommand, error);
        qCInfo(lcTunnel).noquote() << "metrics on" << metrics.url();
    }
    qCInfo(lcTunnel).noquote() << "connecting" << options.target.toString() << "with the server"
                               << options.server.toString();
    logEncryption(options.tls);
    const auto stateFile = openStateFile(options.stateFile, client);
    TraceFile trace(options.traceFile);
    if (!options.traceFile.isEmpty()) {
        const QString problem = trace.start();
        if (!problem.isEmpty())
            return reportFailure(clientCommand, problem);
        QObject::connect(&client, &TunnelClient::visitorCame, &trace, [&] { trace.add(TraceFile::Clock::now()); });
        QObject::connect(&trace, &TraceFile::failed, &client,
                         [](const QString &end) { qCWarning(lcTunnel).noquote() << end; });
    }
    client.start();

    Rate rate;
    StatusLine statusLine([&] { return statusText(client, rate); });
    ShutdownSignals shutdown;
    QObject::connect(&shutdown, &ShutdownSignals::requested, &client, [&] {
        qCInfo(lcTunnel) << "closing: no more visitors," << client.relays().totals().active << "to finish";
        client.drain(drainTime);
    });
    int gaveUp = 0;
    QObject::connect(&client, &TunnelClient::gaveUp, &client, [&](ControlLink::Rejection rejection) {
        gaveUp = rejection == ControlLink::Rejection::Certificate ? wrongCertificate : wrongSecret;
        client.drain(drainTime);
    });
    QObject::connect(&client, &TunnelClient::drained, qApp, &QCoreApplication::quit, Qt::QueuedConnection);
    statusLine.start();
    const int status = QCoreApplication::exec();
    statusLine.stop();
    if (stateFile) {
        client.pool().close(); // up to this point, the learned levels are complete
        stateFile->finish();
    }
    trace.finish();
    qCInfo(lcTunnel) << "closed";
    return gaveUp != 0 ? gaveUp : status;
}

} // namespace Tunnel
