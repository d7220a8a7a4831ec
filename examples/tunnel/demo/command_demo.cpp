// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../cli/commands.h"
#include "../cli/console.h"
#include "../cli/secret.h"
#include "../cli/shutdownsignals.h"
#include "../cli/statusline.h"
#include "../client/tunnelclient.h"
#include "../log.h"
#include "../server/tunnelserver.h"
#include "demoreport.h"
#include "demotarget.h"
#include "demovisitors.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>

#include <algorithm>
#include <optional>

namespace Tunnel {

namespace {

using DemoClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr QLatin1String demoCommand("demo");
constexpr auto warmUpLimit = 10s;
constexpr auto warmUpLimitOfEach = 50ms; // in addition, because only a few connections are made at once
constexpr auto warmUpInterval = 10ms;
constexpr auto lookInterval = 200ms;
// The server gets this part of the files. Every connection takes three files of the server, and as many of the client,
// the visitor and the target, and all of them are in this process.
constexpr int serversShare = 2;

/// The number of warm connections is the number of visitors that come at once, if the server admits them. The intervals
/// are short, so that the user sees the pool adapt within a few seconds.
Tidepool::Bounds boundsFor(int connections, const Tidepool::ServerPool &server)
{
    const int warm = std::min(std::max(connections, 8), server.maximumCapacity());
    return {warm, std::min(2 * warm, server.maximumCapacity()), 100ms, 1'000ms};
}

/// The processors of this machine do the work of both ends of a dial. More dials at once would only wait for each
/// other, and the server would end their slow handshakes.
int parallelDials(const Tidepool::ServerPool &server)
{
    constexpr int perProcessor = 2;
    return std::min(perProcessor * std::max(QThread::idealThreadCount(), 2), server.maximumHandshakes());
}

double millisecondsSince(DemoClock::time_point start)
{
    return std::chrono::duration<double, std::milli>(DemoClock::now() - start).count();
}

/// The thread of the target or of the visitors. These threads simulate other machines, and must not slow down the
/// tunnel's event loop.
class Elsewhere
{
public:
    Elsewhere() { m_thread.start(); }
    ~Elsewhere()
    {
        m_thread.quit();
        m_thread.wait();
    }
    Elsewhere(const Elsewhere &) = delete;
    Elsewhere &operator=(const Elsewhere &) = delete;

    void adopt(QObject *object)
    {
        object->moveToThread(&m_thread);
        QObject::connect(&m_thread, &QThread::finished, object, &QObject::deleteLater);
    }

private:
    QThread m_thread;
};

/// Both ends, the visitors and the target, and the steps from warm-up to summary.
class Demo : public QObject
{
public:
    explicit Demo(const DemoOptions &options)
        : m_options(options)
        , m_report(Console::hasColours(), Console::hasUnicode())
        , m_data(qint64(options.megabytes) * 1'000'000)
    {
        m_limit.setSingleShot(true);
        connect(&m_limit, &QTimer::timeout, this, [this] {
            const QString reason = m_client ? m_client->link().trouble() : QString();
            fail(QStringLiteral("warm-up"),
                 QStringLiteral("took more than %1 s. %2").arg(m_limit.interval() / 1000).arg(reason));
        });
        connect(&m_warmUp, &QTimer::timeout, this, &Demo::beginWhenWarm);
        connect(&m_look, &QTimer::timeout, this, &Demo::look);
    }

    /// Returns an error that prevents the start. Returns an empty string on success.
    [[nodiscard]] QString start()
    {
        Console::print(m_report.title());
        m_start = DemoClock::now();
        const QByteArray secret = makeSecret();
        if (QString error = startServer(secret); !error.isEmpty())
            return error;
        const QString pin = Tidepool::certificateFingerprint(m_server->pool().certificate());
        sayDone(QStringLiteral("server listens"), QStringLiteral("certificate %1... made in memory").arg(pin.left(19)));
        if (QString error = startTarget(); !error.isEmpty())
            return error;
        startClient(secret, pin);
        m_limit.start(warmUpLimit + m_options.connections * warmUpLimitOfEach);
        return {};
    }

    void interrupt() { fail(QStringLiteral("interrupted"), QStringLiteral("nothing is proven")); }

private:
    void sayDone(const QString &what, const QString &detail) { Console::print(m_report.done(what, detail)); }

    QString startServer(const QByteArray &secret)
    {
        ServerSettings settings;
        settings.listenAddress = QHostAddress(QHostAddress::LocalHost);
        settings.exposeAddress = QHostAddress(QHostAddress::LocalHost);
        settings.tls.mode = Tidepool::TlsMode::SelfSigned;
        settings.secret = secret;
        settings.maximumWaiting = m_options.connections + 1;
        const int files = raiseFileLimit();
        settings.fitInto(files / serversShare);
        settings.maximumUnauthenticated =
            settings.maximumParked; // before the client announces them, all its connections are unauthenticated
        // a visitor that leaves can still exist when the next one arrives
        const int most = settings.maximumVisitors / 2;
        if (m_options.connections > most)
            return QStringLiteral(
                       "--connections %1 are too many for the %2 files that this process may open; raise that "
                       "limit (ulimit -n), or try %3.")
                .arg(m_options.connections)
                .arg(files)
                .arg(most);
        m_server = std::make_unique<TunnelServer>(settings);
        return m_server->start();
    }

    QString startTarget()
    {
        auto *target = new DemoTarget(m_data);
        const bool listens = target->listen(QHostAddress(QHostAddress::LocalHost));
        const QString error = target->errorString();
        m_targetPort = target->serverPort();
        m_targetThread.adopt(target);
        return listens ? QString() : QStringLiteral("cannot listen on the loopback: %1").arg(error);
    }

    void startClient(const QByteArray &secret, const QString &pin)
    {
        ClientSettings settings;
        settings.server = {QStringLiteral("127.0.0.1"), m_server->pool().serverPort()};
        settings.target = {QStringLiteral("127.0.0.1"), m_targetPort};
        settings.bounds = boundsFor(m_options.connections, m_server->pool());
        settings.tls.mode = Tidepool::TlsMode::SelfSigned;
        settings.tls.pins = {pin};
        settings.secret = secret;
        m_client = std::make_unique<TunnelClient>(settings);
        connect(m_client.get(), &TunnelClient::connected, this, [this] {
            sayDone(QStringLiteral("both ends proven"),
                    QStringLiteral("pin checked, secret shown by neither; %1 ms after the start")
                        .arg(millisecondsSince(m_start), 0, 'f', 0));
        });
        m_client->pool().setMaximumParallelDials(parallelDials(m_server->pool()));
        m_client->start();
        m_warmUp.start(warmUpInterval);
    }

    void beginWhenWarm()
    {
        const bool isWarm = m_client->link().isUp() && m_server->metrics().ready >= m_client->pool().minimumCapacity();
        if (!isWarm)
            return;
        m_warmUp.stop();
        m_limit.stop();
        sayDone(QStringLiteral("pool warm"),
                QStringLiteral("%1 connections parked; %2 ms after the start")
                    .arg(m_client->pool().active())
                    .arg(millisecondsSince(m_start), 0, 'f', 0));
        Console::print(QStringLiteral("\n  %1 connections at once, %2 MB each way through every one, for %3 s\n\n")
                           .arg(m_options.connections)
                           .arg(m_options.megabytes)
                           .arg(m_options.seconds));
        m_visitors = new DemoVisitors(
            m_data, {m_server->exposedPort(), m_options.connections, std::chrono::seconds(m_options.seconds)});
        m_visitorThread.adopt(m_visitors);
        connect(m_visitors, &DemoVisitors::finished, this, &Demo::finish);
        m_start = DemoClock::now();
        QMetaObject::invokeMethod(m_visitors, &DemoVisitors::start, Qt::QueuedConnection);
        m_look.start(lookInterval);
    }

    void look()
    {
        const RelayRegistry::Totals totals = m_server->relays().totals();
        const double rate = m_rate.look(totals.fromTunnel + totals.intoTunnel);
        const Tidepool::PoolStatus status = m_client->pool().status();
        m_bestRate = std::max(m_bestRate, rate);
        m_highestCapacity = std::max(m_highestCapacity, status.capacity);
        const double share = millisecondsSince(m_start) / 1000 / m_options.seconds;
        const QString line =
            m_report.progress({share, m_visitors->results().underWay, status.active, status.capacity,
                               static_cast<int>(status.interval.count()), m_server->waitingVisitors(), rate});
        if (Console::stderrIsTerminal())
            Console::setStatusLine(line);
        else if (++m_looks % 5 == 0)
            Console::print(line + QLatin1Char('\n'));
    }

    void finish()
    {
        const auto time = DemoClock::now() - m_start;
        m_look.stop();
        look();
        Console::setStatusLine({});
        m_afterwards.emplace();
        const DemoResults &results = m_visitors->results();
        Console::print(m_report.summary(
            {results, m_client->pool().status(), m_server->metrics(), time, m_bestRate, m_highestCapacity}));
        QCoreApplication::exit(DemoReport::isRight(results) ? 0 : 1);
    }

    void fail(const QString &what, const QString &detail)
    {
        m_warmUp.stop();
        m_look.stop();
        Console::setStatusLine({});
        m_afterwards.emplace();
        Console::print(m_report.failed(what, detail));
        QCoreApplication::exit(1);
    }

    const DemoOptions m_options;
    const DemoReport m_report;
    const DemoData m_data;
    std::optional<Console::LibraryMuted> m_afterwards; // errors from closing everything are expected
    std::unique_ptr<TunnelServer> m_server;
    std::unique_ptr<TunnelClient> m_client;
    Elsewhere m_targetThread;
    Elsewhere m_visitorThread;
    quint16 m_targetPort = 0;
    DemoVisitors *m_visitors = nullptr; // lives in its thread, and is deleted in that thread
    DemoClock::time_point m_start;
    QTimer m_limit;
    QTimer m_warmUp; // the server learns of the last connections a little later than the client
    QTimer m_look;
    Rate m_rate;
    double m_bestRate = 0;
    int m_highestCapacity = 0;
    int m_looks = 0;
};

} // namespace

int runDemo(const DemoOptions &options)
{
    // Log messages of both ends would disturb the display.
    if (!options.verbose)
        QLoggingCategory::setFilterRules(QStringLiteral("tidepool*.info=false"));
    setIoThreads(0);
    Demo demo(options);
    ShutdownSignals shutdown;
    QObject::connect(&shutdown, &ShutdownSignals::requested, &demo, [&] { demo.interrupt(); });
    if (const QString error = demo.start(); !error.isEmpty())
        return reportFailure(demoCommand, error);
    return QCoreApplication::exec();
}

} // namespace Tunnel
