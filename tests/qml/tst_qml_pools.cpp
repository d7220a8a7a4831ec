// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// ClientPool and ServerPool as QML makes and sets them.

#include "qml/qmlbench.h"
#include "support/poolhelpers.h"

#include <QtCore/QTemporaryFile>
#include <QtNetwork/QTcpServer>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace Tidepool;
using namespace TestSupport;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

class tst_QmlPools : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void methods();
    void settings_data();
    void settings();
    void numbersBeyondTheRange_data();
    void numbersBeyondTheRange();
    void textOfANewState();
    void wrongSettings_data();
    void wrongSettings();
    void tlsFiles();
    void tlsFileMissing();
    void enumerations();
    void expects();
    void levelsAreText();
    void server();
    void serverCannotListen();
};

void tst_QmlPools::methods()
{
    const TestPeer peer;
    QmlBench bench("ClientPool { host: '127.0.0.1'; minimumCapacity: 2; maximumCapacity: 2 }");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    bench.evaluate(u"start()"_s);
    QTRY_COMPARE(pool->active(), 2);
    bench.evaluate(u"pause()"_s);
    QCOMPARE(pool->state(), PoolState::Paused);
    bench.evaluate(u"resume()"_s);
    QCOMPARE(pool->state(), PoolState::Ready);
    bench.evaluate(u"flush()"_s);
    QTRY_COMPARE(pool->status().evictedBy(EvictionCause::Flushed), 2);
    bench.evaluate(u"addError(); addError()"_s);
    QCOMPARE(pool->errorCount(), 2);
    bench.evaluate(u"resetErrorCount()"_s);
    QCOMPARE(pool->errorCount(), 0);
    bench.evaluate(u"retryNow()"_s);

    QTRY_COMPARE(pool->active(), 2);
    TakeResult held = pool->tryTake();
    bench.evaluate(u"drain()"_s);
    QCOMPARE(pool->state(), PoolState::Draining);
    held = {};
    QTRY_COMPARE(pool->state(), PoolState::Closed);
    bench.evaluate(u"start()"_s);
    QTRY_COMPARE(pool->active(), 2);
    held = pool->tryTake();
    bench.evaluate(u"drain(30)"_s); // its deadline ends while the connection is held
    QTRY_COMPARE(pool->state(), PoolState::Closed);
    QVERIFY(held);
    bench.evaluate(u"start(); close()"_s);
    QCOMPARE(pool->state(), PoolState::Closed);
}

void tst_QmlPools::settings_data()
{
    QTest::addColumn<QString>("property");
    QTest::addColumn<QVariant>("initial");
    QTest::addColumn<QString>("text"); // as it stands in QML
    QTest::addColumn<QVariant>("value");
    const auto row = [](const char *property, const QVariant &initial, const QString &text, const QVariant &value) {
        QTest::newRow(property) << QString::fromLatin1(property) << initial << text << value;
    };
    row("timeouts.takeMs", 10'000, u"123"_s, 123);
    row("timeouts.resolveMs", 5'000, u"123"_s, 123);
    row("timeouts.dialMs", 5'000, u"123"_s, 123);
    row("timeouts.handshakeMs", 5'000, u"123"_s, 123);
    row("timeouts.identifyMs", 5'000, u"123"_s, 123);
    row("lifetimes.maximumLifetimeMs", 0, u"60000"_s, 60'000);
    row("lifetimes.maximumIdleMs", 0, u"60000"_s, 60'000);
    row("lifetimes.learnsIdle", true, u"false"_s, false);
    row("lifetimes.jitter", 0.025, u"0.1"_s, 0.1);
    row("keepAlive.enabled", true, u"false"_s, false);
    row("keepAlive.idleMs", 15'000, u"2500"_s, 3'000);
    row("keepAlive.intervalMs", 5'000, u"1000"_s, 1'000);
    row("keepAlive.count", 3, u"7"_s, 7);
    row("keepAlive.userTimeoutMs", 30'000, u"1500"_s, 1'500);
    row("backoff.baseMs", 200, u"50"_s, 50);
    row("backoff.capMs", 10'000, u"700"_s, 700);
    row("backoff.factor", 2.0, u"1.5"_s, 1.5);
    row("recovery.noticesSleep", true, u"false"_s, false);
    row("recovery.followsNetwork", true, u"false"_s, false);
    row("recovery.quietTimeMs", 5'000, u"1500"_s, 1'500);
    row("tls.mode", 0, u"Tidepool.TlsMode.Verified"_s, 2);
    row("tls.hostName", u""_s, u"'example.org'"_s, u"example.org"_s);
    row("tls.pins", QVariantList(), u"['sha256:00']"_s, QVariantList{u"sha256:00"_s});
    row("tls.minimumProtocol", 1, u"Tidepool.TlsProtocol.Tls12"_s, 0);
    row("tls.groups", QVariantList{u"X25519"_s, u"P-256"_s, u"P-384"_s}, u"['P-384']"_s, QVariantList{u"P-384"_s});
    row("host", u""_s, u"'example.org'"_s, u"example.org"_s);
    row("port", 0, u"65535"_s, 65'535);
    row("minimumCapacity", 8, u"2"_s, 2);
    row("maximumCapacity", 64, u"9"_s, 9);
    row("minimumInterval", 500, u"300"_s, 300);
    row("maximumInterval", 5'000, u"900"_s, 900);
    row("effectiveBounds.minimumInterval", 500, QString(), 500);
    row("identity", 0, u"Tidepool.Identity.Local"_s, 1);
    row("idFormat", 0, u"Tidepool.IdFormat.Raw4"_s, 1);
    row("sizingPolicy", 0, u"Tidepool.SizingPolicy.Classic"_s, 1);
    row("spareWindowMs", 60'000, u"5000"_s, 5'000);
    row("refill", 0, u"Tidepool.Refill.AtRound"_s, 1);
    row("takeOrder", 0, u"Tidepool.TakeOrder.OldestFirst"_s, 1);
    row("unsolicited", 0, u"Tidepool.Unsolicited.Evict"_s, 1);
    row("maximumParallelDials", 64, u"5"_s, 5);
    row("maximumTotal", 0, u"7"_s, 7);
    row("maximumWaiting", 10'000, u"3"_s, 3);
    row("leaseThresholdMs", 0, u"1500"_s, 1'500);
    row("usesCallerThread", false, u"true"_s, true);
    row("proxyUrl", QUrl(), u"'socks5://me:secret@localhost:1081'"_s, QUrl(u"socks5://me@localhost:1081"_s));
    row("localAddress", u""_s, u"'127.0.0.2'"_s, u"127.0.0.2"_s);
}

void tst_QmlPools::settings()
{
    QFETCH(QString, property);
    QFETCH(QVariant, initial);
    QFETCH(QString, text);
    QFETCH(QVariant, value);
    const auto read = [&](QmlBench &bench) {
        QVariant result = bench.evaluate(property);
        if (result.userType() == qMetaTypeId<QJSValue>())
            result = result.value<QJSValue>().toVariant();
        return result.userType() == QMetaType::QStringList ? result.toList() : result;
    };
    QmlBench untouched("ClientPool {}");
    QCOMPARE(read(untouched).toString(), initial.toString());
    QCOMPARE(read(untouched).toList(), initial.toList());
    if (text.isEmpty())
        return;

    QmlBench words("QtObject {}");
    if (property == u"unsolicited"_s && !words.evaluate(text).isValid())
        QSKIP("Tidepool.Unsolicited is hidden by an enumerator of that name.");

    // As a declaration, and as an assignment that a binding follows.
    QmlBench declared("ClientPool { " + property.toUtf8() + ": " + text.toUtf8() + " }");
    QVERIFY2(declared.object(), qPrintable(declared.errors()));
    QCOMPARE(read(declared).toString(), value.toString());
    QCOMPARE(read(declared).toList(), value.toList());
    QmlBench assigned("ClientPool { property string bound: String(" + property.toUtf8() + ") }");
    assigned.evaluate(property + u" = "_s + text);
    QCOMPARE(read(assigned).toString(), value.toString());
    QCOMPARE(assigned.get("bound"), assigned.evaluate(u"String(%1)"_s.arg(property)));
}

void tst_QmlPools::numbersBeyondTheRange_data()
{
    QTest::addColumn<QString>("property");
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("value");
    const int longest = 24 * 24 * 3'600 * 1'000; // 24 days
    const auto row = [](const char *property, const char *text, int value) {
        QTest::addRow("%s = %s", property, text) << QString::fromLatin1(property) << QString::fromLatin1(text) << value;
    };
    row("timeouts.takeMs", "99999999999", longest);
    row("timeouts.takeMs", "Infinity", longest);
    row("timeouts.takeMs", "-99999999999", 1);
    row("timeouts.takeMs", "NaN", 1);
    row("timeouts.dialMs", "4294967296", longest);
    row("lifetimes.maximumIdleMs", "99999999999", longest);
    row("backoff.capMs", "99999999999", longest);
    row("leaseThresholdMs", "99999999999", longest);
    row("keepAlive.userTimeoutMs", "99999999999", longest);
}

// The nearest that can be had, as in C++.
void tst_QmlPools::numbersBeyondTheRange()
{
    QFETCH(QString, property);
    QFETCH(QString, text);
    QmlBench bench("ClientPool {}");
    bench.evaluate(property + u" = "_s + text);
    QTEST(bench.evaluate(property).toInt(), "value");
}

// onStateChanged reads the text of the new state.
void tst_QmlPools::textOfANewState()
{
    const TestPeer peer;
    QmlBench bench(R"(ClientPool { host: "127.0.0.1"; minimumCapacity: 1; maximumCapacity: 1; property var seen: []
                                   onStateChanged: seen.push(stateText) })");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    pool->start();
    QTRY_COMPARE(pool->active(), 1);
    pool->pause();
    QTRY_COMPARE(pool->state(), PoolState::Paused);
    const auto last = [&] { return bench.evaluate(u"seen[seen.length - 1]"_s).toString(); };
    QTRY_VERIFY2(last().startsWith(u"Paused"_s), qPrintable(last()));
    pool->close();
    QTRY_VERIFY2(last().startsWith(u"Closed"_s), qPrintable(last()));
}

void tst_QmlPools::wrongSettings_data()
{
    QTest::addColumn<QString>("assignment");
    QTest::addColumn<QString>("warning");
    QTest::newRow("port") << u"port = 70000"_s << u"port must be 1 to 65535, not 70000"_s;
    QTest::newRow("proxy") << u"proxyUrl = 'ftp://a:b@c'"_s << u"proxyUrl must be .*, not ftp://c"_s;
    QTest::newRow("address") << u"localAddress = 'here'"_s << u"localAddress must be an IP address, not here"_s;
}

void tst_QmlPools::wrongSettings()
{
    QFETCH(QString, assignment);
    QFETCH(QString, warning);
    QmlBench bench("ClientPool { port: 1 }");
    QSignalSpy changes(qobject_cast<Pool *>(bench.object()), &Pool::settingsChanged);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(warning));
    bench.evaluate(assignment);
    QCOMPARE(changes.count(), 0);
}

void tst_QmlPools::tlsFiles()
{
    const Credentials credentials = selfSigned();
    QTemporaryFile certificate;
    QVERIFY(certificate.open());
    certificate.write(credentials.chain.constFirst().toPem());
    QVERIFY(certificate.flush());

    // The server's from text, the client's authority from a file.
    QmlBench server(R"(ServerPool { tls.mode: Tidepool.TlsMode.Verified })");
    auto *pool = qobject_cast<ServerPool *>(server.object());
    const auto literal = [](const QByteArray &pem) -> QString {
        return u'\'' + QString::fromLatin1(pem).replace(u'\n', u"\\n"_s) + u'\'';
    };
    server.evaluate(u"tls.certificate = "_s + literal(credentials.chain.constFirst().toPem()));
    server.evaluate(u"tls.privateKey = "_s + literal(credentials.key.toPem()));
    QCOMPARE(pool->tls().certificateChain, credentials.chain);
    QVERIFY(!pool->tls().privateKey.isNull());
    QCOMPARE(server.evaluate(u"tls.privateKey"_s).toString(), QString());
    QCOMPARE(server.evaluate(u"tls.certificate"_s).toString().toLatin1(), credentials.chain.constFirst().toPem());
    QmlBench client("ClientPool {}");
    client.evaluate(u"tls.authorities = '%1'"_s.arg(certificate.fileName()));
    QCOMPARE(qobject_cast<Pool *>(client.object())->tls().certificateAuthorities, credentials.chain);
    client.evaluate(u"tls.authorities = '%1'"_s.arg(QUrl::fromLocalFile(certificate.fileName()).toString()));
    QCOMPARE(qobject_cast<Pool *>(client.object())->tls().certificateAuthorities, credentials.chain);
    client.evaluate(u"tls.authorities = ''"_s);
    QVERIFY(qobject_cast<Pool *>(client.object())->tls().certificateAuthorities.isEmpty());
}

// A missing file must never make the pool trust the system's roots instead.
void tst_QmlPools::tlsFileMissing()
{
    const TestPeer peer(PeerScript::overTls(selfSigned()));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"Cannot read /none/ca.pem"_s));
    QmlBench bench(R"(ClientPool { host: "127.0.0.1"; tls.mode: Tidepool.TlsMode.Verified
                                   tls.authorities: "/none/ca.pem" })");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    QVERIFY(!pool->tls().certificateAuthorities.isEmpty());
    pool->start();
    QTRY_VERIFY(pool->lastError().isFatal());
    QCOMPARE(pool->status().established, 0);
}

void tst_QmlPools::enumerations()
{
    QmlBench bench("QtObject {}");
    QCOMPARE(bench.evaluate(u"Tidepool.PoolState.Degraded"_s).toInt(), static_cast<int>(PoolState::Degraded));
    QCOMPARE(bench.evaluate(u"Tidepool.PoolState.Closed"_s).toInt(), static_cast<int>(PoolState::Closed));
    QCOMPARE(bench.evaluate(u"Tidepool.ErrorKind.Closed"_s).toInt(), static_cast<int>(ErrorKind::Closed));
    QCOMPARE(bench.evaluate(u"Tidepool.EvictionCause.Replaced"_s).toInt(), static_cast<int>(EvictionCause::Replaced));
    QCOMPARE(bench.evaluate(u"Tidepool.Phase.Accept"_s).toInt(), static_cast<int>(Phase::Accept));
    QCOMPARE(bench.evaluate(u"Tidepool.Overflow.ReplaceOldest"_s).toInt(), static_cast<int>(Overflow::ReplaceOldest));
    QCOMPARE(bench.evaluate(u"Relay.FirstFailed"_s).toInt(), static_cast<int>(Relay::Reason::FirstFailed));
}

void tst_QmlPools::expects()
{
    const TestPeer peer;
    QmlBench bench("ClientPool { host: '127.0.0.1'; minimumCapacity: 2; maximumCapacity: 20 }");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    bench.evaluate(u"start()"_s);
    QTRY_COMPARE(pool->active(), 2);
    bench.evaluate(u"expect(8, 60000)"_s);
    QTRY_COMPARE(pool->active(), 8);
    QCOMPARE(bench.evaluate(u"status.sizing.announced"_s).toInt(), 8);
    QVERIFY(bench.evaluate(u"status.sizing.cause === Tidepool.SizingCause.Announced"_s).toBool());
    QCOMPARE(bench.evaluate(u"status.sizingText"_s).toString(), u"8: 8 takes are announced"_s);
}

void tst_QmlPools::levelsAreText()
{
    QmlBench bench("ClientPool { minimumCapacity: 2 }");
    const auto *pool = qobject_cast<ClientPool *>(bench.object());
    SizingLevels levels;
    levels.savedAt = QDateTime::currentDateTimeUtc();
    levels.levels = {{9, 5s}};
    QVERIFY(bench.evaluate(u"setLevelsText('%1')"_s.arg(QString::fromUtf8(levels.toText()))).toBool());
    QCOMPARE(pool->levels().levels.constFirst().connections, 9);
    QVERIFY(bench.evaluate(u"setLevelsText(levelsText())"_s).toBool());
    QCOMPARE(pool->levels().levels.constFirst().connections, 9);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"is not what levelsText\\(\\) was: it is not JSON"_s));
    QVERIFY(!bench.evaluate(u"setLevelsText('rubbish')"_s).toBool());
    QCOMPARE(pool->levels().levels.constFirst().connections, 9);
    QVERIFY(bench.evaluate(u"setLevelsText('')"_s).toBool());
    QVERIFY(pool->levels().isEmpty());
}

void tst_QmlPools::server()
{
    QmlBench bench(R"(ServerPool { running: true; maximumCapacity: 10; overflow: Tidepool.Overflow.ReplaceOldest
                                   allowedClients: ["127.0.0.0/8"]; maximumHandshakes: 5
                                   property int boundPort: serverPort })");
    auto *server = qobject_cast<ServerPool *>(bench.object());
    QVERIFY(server && server->isListening());
    QCOMPARE(server->serverAddress(), QHostAddress(QHostAddress::LocalHost));
    QCOMPARE(bench.get("boundPort").toInt(), server->serverPort());
    QCOMPARE(server->maximumHandshakes(), 5);
    QCOMPARE(server->overflow(), Overflow::ReplaceOldest);
    ClientPool client(u"127.0.0.1"_s, server->serverPort());
    client.start();
    QTRY_VERIFY(bench.get("active").toInt() > 0);
    bench.evaluate(u"running = false"_s);
    QCOMPARE(bench.get("boundPort").toInt(), 0);
    QVERIFY(!server->isListening());
}

void tst_QmlPools::serverCannotListen()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    QmlBench bench("ServerPool { listenPort: " + QByteArray::number(other.serverPort()) + " }");
    bench.evaluate(u"running = true"_s);
    QCOMPARE(bench.get("running").toBool(), false);
    QVERIFY(!bench.get("lastErrorText").toString().isEmpty());

    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"listenAddress must be an IP address, not \"here\""_s));
    bench.evaluate(u"listenAddress = 'here'; running = true"_s);
    QCOMPARE(bench.get("running").toBool(), false);
    QVERIFY(bench.get("lastErrorText").toString().startsWith(u"listenAddress"_s));
    bench.evaluate(u"listenAddress = '127.0.0.1'; listenPort = 0; running = true"_s);
    QCOMPARE(bench.get("running").toBool(), true);
    QVERIFY(bench.get("lastErrorText").toString().isEmpty());
}

QTEST_MAIN(tst_QmlPools)
#include "tst_qml_pools.moc"
