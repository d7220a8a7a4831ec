// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dashboardbench.h"
#include "demo/demotarget.h"
#include "demo/demovisitors.h"
#include "server/tunnelserver.h"

#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtTest/QSignalSpy>

using namespace Dashboard;
using namespace std::chrono_literals;
using Tidepool::PoolState;

namespace {

constexpr auto secret = "a secret that is long enough";

/// The public end of a tunnel.
std::unique_ptr<Tunnel::TunnelServer> makeServer()
{
    Tunnel::ServerSettings settings;
    settings.listenAddress = QHostAddress(QHostAddress::LocalHost);
    settings.exposeAddress = QHostAddress(QHostAddress::LocalHost);
    settings.tls.mode = Tidepool::TlsMode::SelfSigned;
    settings.secret = secret;
    auto server = std::make_unique<Tunnel::TunnelServer>(settings);
    const QString error = server->start();
    if (!error.isEmpty())
        qFatal("%ls", qUtf16Printable(error));
    return server;
}

void fill(ConnectSettings &settings, const Tunnel::TunnelServer &server, quint16 target)
{
    settings.setServer(QStringLiteral("127.0.0.1:%1").arg(server.pool().serverPort()));
    settings.setTarget(QStringLiteral(":%1").arg(target));
    settings.setPin(Tidepool::certificateFingerprint(server.pool().certificate()));
    settings.setSecret(QString::fromLatin1(secret));
}

/// Somebody at the server's exposed port.
std::unique_ptr<QTcpSocket> visit(const Tunnel::TunnelServer &server)
{
    auto visitor = std::make_unique<QTcpSocket>();
    visitor->connectToHost(QHostAddress(QHostAddress::LocalHost), server.exposedPort());
    return visitor;
}

} // namespace

/// A real tunnel in the dashboard: a session that is the private end, and a server as the public one.
class tst_dashboard_tunnel : public QObject
{
    Q_OBJECT

private slots:
    void tunnelCarriesVisitors();
    void wrongSecretSaysWhatToDo();
    void unreachableTargetSaysWhatToDo();
    void drainCountsWhatIsOpen();
    void labComesBackAfterATunnel();
    void whatAPoolLearnedIsKept();

private:
    TestSupport::OwnSettings m_settings;
};

void tst_dashboard_tunnel::tunnelCarriesVisitors()
{
    const Tunnel::DemoData data(50'000);
    Tunnel::DemoTarget target(data);
    QVERIFY(target.listen(QHostAddress(QHostAddress::LocalHost)));
    const auto server = makeServer();
    Session session;
    fill(*session.settings(), *server, target.serverPort());
    QSignalSpy poolChanges(&session, &Session::poolChanged);
    QVERIFY2(session.connectTunnel(), qPrintable(session.mistake()));
    QCOMPARE(session.kind(), Session::Kind::Tunnel);
    QCOMPARE(poolChanges.count(), 1);
    QVERIFY(!session.serverPool());
    QCOMPARE(session.title(),
             QStringLiteral("127.0.0.1:%1 to 127.0.0.1:%2").arg(server->pool().serverPort()).arg(target.serverPort()));
    QTRY_VERIFY(server->isClientConnected());
    QTRY_COMPARE(session.severity(), Session::Severity::Good);

    Tunnel::DemoVisitors visitors(data, {server->exposedPort(), 4, 100ms});
    QSignalSpy finished(&visitors, &Tunnel::DemoVisitors::finished);
    visitors.start();
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 10'000);
    QVERIFY(visitors.results().right > 0);
    QCOMPARE(visitors.results().broken, 0);
    QTRY_VERIFY(session.throughput()->downTotal() > 100'000);

    session.stop();
    QTRY_VERIFY(!session.isRunning());
    QTRY_VERIFY(!server->isClientConnected());
    QVERIFY(session.start());
    QTRY_VERIFY(server->isClientConnected());
    session.drain();
    QTRY_COMPARE(session.pool()->state(), PoolState::Closed);
}

void tst_dashboard_tunnel::wrongSecretSaysWhatToDo()
{
    const auto server = makeServer();
    Session session;
    fill(*session.settings(), *server, 9);
    session.settings()->setSecret(QStringLiteral("another secret, long enough"));
    QVERIFY(session.connectTunnel());
    QTRY_VERIFY2(session.advice().contains(QStringLiteral("give both ends the same secret")),
                 qPrintable(session.advice()));
    QCOMPARE(session.severity(), Session::Severity::Bad);
    QCOMPARE(session.headline(), QStringLiteral("Not connected"));
    QVERIFY(session.canRetry());
    session.retryNow();
    QTRY_VERIFY(server->metrics().turnedAway >= 2);
}

void tst_dashboard_tunnel::unreachableTargetSaysWhatToDo()
{
    QTcpServer target;
    QVERIFY(target.listen(QHostAddress(QHostAddress::LocalHost)));
    const quint16 port = target.serverPort();
    target.close();
    const auto server = makeServer();
    Session session;
    fill(*session.settings(), *server, port);
    QVERIFY(session.connectTunnel());
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
    QSignalSpy failures(&session, &Session::failed);

    const QString sentence =
        QStringLiteral("Cannot reach the target 127.0.0.1:%1: connection refused. Is the service running?").arg(port);
    const auto first = visit(*server);
    QTRY_COMPARE(session.advice(), sentence);
    QCOMPARE(session.severity(), Session::Severity::Bad);
    const auto second = visit(*server);
    QTRY_COMPARE(second->state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(session.advice(), sentence);
    QCOMPARE(failures.count(), 1); // the cause is the same
    QCOMPARE(failures.constFirst().constFirst().toString(), sentence);

    // The service is there again, and the next visitor gets through.
    QVERIFY(target.listen(QHostAddress(QHostAddress::LocalHost), port));
    const auto third = visit(*server);
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
    QVERIFY(!session.advice().contains(QStringLiteral("target")));
    QCOMPARE(failures.count(), 1);
    target.close();
    const auto fourth = visit(*server);
    QTRY_COMPARE(failures.count(), 2);
    QCOMPARE(session.advice(), sentence);
}

void tst_dashboard_tunnel::drainCountsWhatIsOpen()
{
    QTcpServer target;
    QVERIFY(target.listen(QHostAddress(QHostAddress::LocalHost)));
    const auto server = makeServer();
    Session session;
    fill(*session.settings(), *server, target.serverPort());
    QVERIFY(session.connectTunnel());
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
    auto first = visit(*server);
    auto second = visit(*server);
    QTRY_COMPARE(server->relays().active(), 2);

    session.drain();
    QTRY_COMPARE(session.headline(), QStringLiteral("Draining: 2 connections still open"));
    QVERIFY(!session.isPaused());
    QVERIFY(session.isRunning());
    QCOMPARE(session.severity(), Session::Severity::Careful);
    first.reset();
    QTRY_COMPARE(session.headline(), QStringLiteral("Draining: 1 connection still open"));
    second.reset();
    QTRY_COMPARE(session.headline(), QStringLiteral("Closed"));
}

void tst_dashboard_tunnel::labComesBackAfterATunnel()
{
    const auto server = makeServer();
    Session session;
    fill(*session.settings(), *server, 9);
    QVERIFY(session.startLab());
    QTRY_VERIFY(session.pool()->isReady());
    QVERIFY(session.connectTunnel());
    QVERIFY(!session.lab()->isRunning());
    QTRY_VERIFY(session.pool()->isReady());
    QVERIFY(session.startLab());
    QCOMPARE(session.kind(), Session::Kind::Lab);
    QTRY_VERIFY(session.pool()->isReady());
    QTRY_VERIFY(!server->isClientConnected());
}

void tst_dashboard_tunnel::whatAPoolLearnedIsKept()
{
    const auto server = makeServer();
    Tidepool::SizingLevels levels;
    levels.savedAt = QDateTime::currentDateTimeUtc();
    levels.levels = {{29, 1s}};
    QString title;
    {
        Session session;
        fill(*session.settings(), *server, 9);
        QVERIFY(session.connectTunnel());
        title = session.title();
        qobject_cast<Tidepool::ClientPool *>(session.pool())->setLevels(levels);
        QTRY_COMPARE(session.pool()->active(), 30);
    }
    QSettings().sync();
    {
        Session session;
        fill(*session.settings(), *server, 9);
        QVERIFY(session.connectTunnel());
        QTRY_COMPARE(session.pool()->active(), 30);
        QVERIFY(session.startLab()); // keeps it, too
        QString problem;
        QCOMPARE(session.settings()->levels(title, &problem).levels.constFirst().connections, 29);
        QVERIFY(session.settings()->levels(QStringLiteral("another"), &problem).isEmpty());
        QCOMPARE(problem, QString());
        // Another tunnel begins anew.
        session.settings()->setTarget(QStringLiteral(":10"));
        QVERIFY(session.connectTunnel());
        QTRY_COMPARE(session.severity(), Session::Severity::Good);
        QCOMPARE(session.pool()->capacity(), session.settings()->minimum());
    }
    QSettings().setValue(QStringLiteral("connect/levels"), QStringLiteral("rubbish"));
    QSettings().setValue(QStringLiteral("connect/levelsOf"), title);
    Session session;
    fill(*session.settings(), *server, 9);
    const QSignalSpy failures(&session, &Session::failed);
    QVERIFY(session.connectTunnel());
    QVERIFY(failures.count() > 0);
    QVERIFY(failures.at(0).at(0).toString().contains(QStringLiteral("is not used: it is not JSON")));
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
}

QTEST_GUILESS_MAIN(tst_dashboard_tunnel)
#include "tst_dashboard_tunnel.moc"
