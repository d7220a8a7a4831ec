// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dashboardbench.h"
#include "support/resources.h"
#include "wording.h"

#include <QtCore/QDir>
#include <QtCore/QMetaEnum>
#include <QtTest/QSignalSpy>

#include <utility>

using namespace Dashboard;
using namespace std::chrono_literals;
using Tidepool::PoolState;
using Tidepool::PoolStatus;

namespace {

constexpr auto secret = "a secret that is long enough";

} // namespace

/// The dashboard's backend: the lab, the connect form's settings, and the words.
class tst_dashboard_session : public QObject
{
    Q_OBJECT

private slots:
    void labCarriesVisitors();
    void burstMakesCapacityGrow();
    void outageEndsByItself();
    void whatLastsIsExplained();
    void outageLastsUntilTheServerListens();
    void hostileClientsAreThrownOut();
    void stopAndStartAgain();
    void drainedLabStartsAgain();
    void settingsAreKeptButNotTheSecret();
    void mistakesSayWhatToDo_data();
    void mistakesSayWhatToDo();
    void everyStateHasAdvice();

private:
    TestSupport::OwnSettings m_settings;
    const QTemporaryDir m_folder;
};

void tst_dashboard_session::labCarriesVisitors()
{
    Session session;
    QVERIFY(session.startLab());
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
    QVERIFY(session.headline().startsWith(QStringLiteral("Ready: ")));
    QTRY_VERIFY(session.throughput()->downTotal() > 100'000);
    QVERIFY(session.pool()->status().takenTotal > 0);
    QCOMPARE(session.serverPool()->status().failedTotal(), 0);
    QVERIFY(!session.canRetry());
}

void tst_dashboard_session::burstMakesCapacityGrow()
{
    Session session;
    session.lab()->setLoad(0);
    QVERIFY(session.startLab());
    QTRY_COMPARE(session.pool()->active(), 8);
    session.lab()->burst(60);
    QTRY_COMPARE(session.pool()->status().takenTotal, 60);
    QVERIFY(session.pool()->status().servedAfterWait > 0);
    QTRY_VERIFY(session.pool()->capacity() > 8);
}

void tst_dashboard_session::outageEndsByItself()
{
    Session session;
    QVERIFY(session.startLab());
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
    session.lab()->beginOutage(1'500);
    QVERIFY(session.lab()->isOutage());
    QTRY_COMPARE(session.severity(), Session::Severity::Bad);
    QTRY_VERIFY2(session.headline().startsWith(QStringLiteral("Degraded: connection refused, next try in ")),
                 qPrintable(session.headline()));
    QVERIFY(session.advice().contains(QStringLiteral("Is the server running")));
    QVERIFY(session.canRetry());
    QTRY_VERIFY(!session.lab()->isOutage());
    session.retryNow();
    QTRY_COMPARE_WITH_TIMEOUT(session.severity(), Session::Severity::Good, 10'000);
}

void tst_dashboard_session::whatLastsIsExplained()
{
    using Tidepool::Diagnosis;
    const QString refused = QStringLiteral("Connecting failed: refused. Is the server running?");
    Tidepool::PoolStatus status;
    status.state = Tidepool::PoolState::Degraded;
    status.diagnosis = Diagnosis::Refused;
    status.failedInARow = 2;
    QCOMPARE(Wording::advice(status, refused), refused);
    status.failedInARow = 3;
    QCOMPARE(Wording::advice(status, refused),
             QStringLiteral("The server's machine, or a firewall before it, refuses connections: 3 attempts in a row "
                            "failed. ")
                 + refused);
    status.diagnosis = Diagnosis::NoNetwork;
    QCOMPARE(Wording::advice(status, {}),
             QStringLiteral("This machine has no network: nothing is dialled until it is back."));
    status = {};
    status.state = Tidepool::PoolState::Ready;
    status.active = 3;
    QVERIFY(Wording::advice(status, {}).endsWith(QStringLiteral("set.")));
    status.diagnosis = Diagnosis::ClosedWhenIdle;
    status.idleLifetime = std::chrono::seconds(60);
    QVERIFY2(
        Wording::advice(status, {})
            .endsWith(QStringLiteral(
                "set. Connections that are idle for 1 min are closed by the server, or by a firewall on the way.")),
        qPrintable(Wording::advice(status, {})));
}

// What the system refuses for a while must not end the lab without a word.
void tst_dashboard_session::outageLastsUntilTheServerListens()
{
    Session session;
    QVERIFY(session.startLab());
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
    session.lab()->beginOutage(60'000);
    session.lab()->setLoad(0);
    session.pause();
    // A dial or a visitor that ends gives a descriptor back, and the server would listen with it.
    QTRY_COMPARE(session.pool()->active(), 0);
    QTRY_COMPARE(session.pool()->status().connecting, 0);
    const auto isSettled = [before = -1]() mutable {
        const int now = TestSupport::openDescriptors();
        return std::exchange(before, now) == now;
    };
    QVERIFY(QTest::qWaitFor(isSettled));
    QSignalSpy failures(&session, &Session::failed);
    {
        const TestSupport::DescriptorExhaustion exhaustion;
        if (!exhaustion.isActive())
            QSKIP("descriptors cannot be limited here");
        session.lab()->endOutage();
        QVERIFY(session.lab()->isRunning());
        QVERIFY(session.lab()->isOutage());
        QTRY_VERIFY2(session.advice().contains(QStringLiteral("Close other programs")), qPrintable(session.advice()));
        QCOMPARE(session.severity(), Session::Severity::Bad);
        QCOMPARE(failures.count(), 1);
    }
    session.resume();
    QTRY_VERIFY(!session.lab()->isOutage());
    QTRY_COMPARE_WITH_TIMEOUT(session.severity(), Session::Severity::Good, 10'000);
}

void tst_dashboard_session::hostileClientsAreThrownOut()
{
    Session session;
    QVERIFY(session.startLab());
    QTRY_COMPARE(session.severity(), Session::Severity::Good);
    QSignalSpy failures(session.serverPool(), &Tidepool::Pool::attemptFailed);
    session.lab()->attack(6);
    QVERIFY(session.lab()->isHostile());
    QTRY_VERIFY_WITH_TIMEOUT(failures.count() >= 6, 10'000);
    QTRY_VERIFY_WITH_TIMEOUT(!session.lab()->isHostile(), 10'000);
    // The visitors have noticed nothing.
    QCOMPARE(session.pool()->status().takesFailed, 0);
    QCOMPARE(session.pool()->status().failedTotal(), 0);
}

void tst_dashboard_session::stopAndStartAgain()
{
    Session session;
    QVERIFY(session.start());
    QTRY_VERIFY(session.pool()->isReady());
    session.stop();
    QVERIFY(!session.isRunning());
    QTRY_COMPARE(session.headline(), QStringLiteral("Closed"));
    QVERIFY(session.start());
    QTRY_VERIFY(session.pool()->isReady());
    session.pause();
    QTRY_VERIFY(session.isPaused());
    QTRY_COMPARE(session.severity(), Session::Severity::Careful);
    session.resume();
    QTRY_VERIFY(!session.isPaused());
    const auto generation = session.pool()->status().generation;
    session.flush();
    QTRY_VERIFY(session.pool()->status().generation > generation);
}

void tst_dashboard_session::drainedLabStartsAgain()
{
    Session session;
    session.lab()->setLoad(0);
    QVERIFY(session.startLab());
    QTRY_VERIFY(session.pool()->isReady());
    session.drain();
    QTRY_COMPARE(session.pool()->state(), PoolState::Closed);
    QVERIFY(session.start());
    QTRY_VERIFY(session.pool()->isReady());
}

void tst_dashboard_session::settingsAreKeptButNotTheSecret()
{
    {
        ConnectSettings settings;
        settings.setServer(QStringLiteral(" tunnel.example.org:8443 "));
        settings.setTarget(QStringLiteral(":3000"));
        settings.setTlsMode(2);
        settings.setSecret(QStringLiteral("nobody must find this"));
        settings.setMinimum(16);
        settings.setMaximum(200);
    }
    QSettings().sync();
    const ConnectSettings settings;
    QCOMPARE(settings.server(), QStringLiteral("tunnel.example.org:8443"));
    QCOMPARE(settings.target(), QStringLiteral(":3000"));
    QCOMPARE(settings.tlsMode(), 2);
    QCOMPARE(settings.minimum(), 16);
    QCOMPARE(settings.maximum(), 200);
    QCOMPARE(settings.secret(), QString());
    QFile file(QSettings().fileName());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(!file.readAll().contains("nobody must find this"));
}

void tst_dashboard_session::mistakesSayWhatToDo_data()
{
    QTest::addColumn<QString>("property");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("field");
    QTest::addColumn<QString>("remedy");
    const auto row = [](const char *name, const char *property, const QString &value, const char *field,
                        const char *remedy) {
        QTest::newRow(name) << QString::fromLatin1(property) << value << QString::fromLatin1(field)
                            << QString::fromLatin1(remedy);
    };
    const QString noFile = QStringLiteral("/nowhere/file");
    const QString folder = QDir::rootPath();
    const QString shortFile = m_folder.filePath(QStringLiteral("short"));
    row("no server", "server", {}, "serverError", "Enter the server's address");
    row("server without port", "server", QStringLiteral("example.org"), "serverError", "HOST:PORT");
    row("server with bare IPv6", "server", QStringLiteral("::1:80"), "serverError", "HOST:PORT");
    row("no target", "target", {}, "targetError", "Enter the service");
    row("target is a URL", "target", QStringLiteral("http://localhost"), "targetError", "HOST:PORT");
    row("pin is cut", "pin", QStringLiteral("sha256:abcd"), "pinError", "64 hexadecimal digits");
    row("no secret", "secret", {}, "secretError", "Enter the secret");
    row("short secret", "secret", QStringLiteral("short"), "secretError", "at least 16");
    row("no file of the secret", "secretFile", noFile, "secretFileError", "check its name");
    row("folder as file of the secret", "secretFile", folder, "secretFileError", "check its name");
    row("file of a short secret", "secretFile", shortFile, "secretFileError", "openssl rand");
    row("no file of authorities", "authoritiesFile", noFile, "authoritiesError", "check its name");
    row("folder as file of authorities", "authoritiesFile", folder, "authoritiesError", "check its name");
    row("no authorities in the file", "authoritiesFile", shortFile, "authoritiesError", "BEGIN CERTIFICATE");
    row("bounds swapped", "minimum", QStringLiteral("100"), "boundsError", "must not be larger");
    row("bounds out of range", "maximum", QStringLiteral("0"), "boundsError", "from 1 to");
}

void tst_dashboard_session::mistakesSayWhatToDo()
{
    QFETCH(const QString, property);
    QFETCH(const QString, value);
    QFETCH(const QString, field);
    QFETCH(const QString, remedy);
    QFile shortFile(m_folder.filePath(QStringLiteral("short")));
    QVERIFY(shortFile.open(QIODevice::WriteOnly) && shortFile.write("short\n") > 0 && shortFile.flush());
    Session session;
    ConnectSettings &settings = *session.settings();
    settings.setServer(QStringLiteral("127.0.0.1:1"));
    settings.setTarget(QStringLiteral(":3000"));
    settings.setTlsMode(2);
    settings.setPin({});
    settings.setAuthoritiesFile({});
    settings.setSecretFile({});
    settings.setSecret(QString::fromLatin1(secret));
    settings.setMinimum(8);
    settings.setMaximum(64);
    QString error;
    static_cast<void>(settings.toClientSettings(&error));
    QCOMPARE(error, QString());
    QVERIFY(settings.isValid());

    // Whoever types the secret needs no file.
    if (property == QLatin1String("secretFile"))
        settings.setSecret({});
    QVERIFY(settings.setProperty(property.toLatin1().constData(), value));
    QVERIFY(!settings.isValid());
    // It stands under the field that it belongs to, and under no other.
    for (const char *each : {"serverError", "targetError", "pinError", "authoritiesError", "secretError",
                             "secretFileError", "boundsError"})
        QCOMPARE(!settings.property(each).toString().isEmpty(), field == QLatin1String(each));
    QVERIFY(!session.connectTunnel());
    QCOMPARE(session.mistake(), settings.property(field.toLatin1().constData()).toString());
    QVERIFY2(session.mistake().contains(remedy), qPrintable(session.mistake()));
    QCOMPARE(session.kind(), Session::Kind::Lab);
}

void tst_dashboard_session::everyStateHasAdvice()
{
    const auto states = QMetaEnum::fromType<PoolState>();
    for (int i = 0; i < states.keyCount(); ++i) {
        PoolStatus status;
        status.state = static_cast<PoolState>(states.value(i));
        QVERIFY2(!Wording::advice(status, {}).isEmpty(), states.key(i));
    }
}

QTEST_GUILESS_MAIN(tst_dashboard_session)
#include "tst_dashboard_session.moc"
