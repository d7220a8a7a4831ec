// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/messagerecorder.h"
#include "support/poolhelpers.h"

#include <QtCore/QMetaMethod>
#include <QtCore/QMetaProperty>

#include <functional>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {
using Change = std::function<void(ClientPool &)>;
}

class tst_ClientPoolSettings : public QObject
{
    Q_OBJECT

private slots:
    void defaults();
    void bounds_data();
    void bounds();
    void correctionIsLoggedOnce();
    void clampedSetters();
    void changesNotifyOnce_data();
    void changesNotifyOnce();
    void propertiesNotify_data();
    void propertiesNotify();
    void propertiesAsQmlWritesThem();
    void endpointChangeFlushes_data();
    void endpointChangeFlushes();
    void takesBehindANewEndpointGetIt();
};

void tst_ClientPoolSettings::defaults()
{
    const ClientPool pool;
    QCOMPARE(pool.host(), QString());
    QCOMPARE(pool.port(), quint16(0));
    QCOMPARE(pool.minimumCapacity(), 8);
    QCOMPARE(pool.maximumCapacity(), 64);
    QCOMPARE(pool.minimumInterval(), 500ms);
    QCOMPARE(pool.maximumInterval(), 5s);
    QCOMPARE(pool.identity(), Tidepool::Identity::FromServer);
    QCOMPARE(pool.refill(), Refill::AtTake);
    QCOMPARE(pool.maximumParallelDials(), 64);
    QCOMPARE(pool.maximumTotal(), 0);
    QCOMPARE(pool.proxy().type(), QNetworkProxy::NoProxy);
    QVERIFY(pool.sourceAddress().isNull());
    QCOMPARE(pool.tls().mode, TlsMode::None);
    QCOMPARE(pool.idFormat(), IdFormat::Hex8);
    QCOMPARE(pool.takeOrder(), TakeOrder::NewestFirst);
    QCOMPARE(pool.unsolicited(), Unsolicited::Keep);
    QCOMPARE(pool.maximumWaiting(), 10'000);
    QCOMPARE(pool.leaseThreshold(), 0ms);
    QVERIFY(!pool.usesCallerThread());
    QVERIFY(pool.backoff() == Backoff());
    QVERIFY(pool.timeouts() == Timeouts());
    QVERIFY(pool.keepAlive() == KeepAlive());
    QVERIFY(pool.lifetimes() == Lifetimes());
    QVERIFY(pool.effectiveBounds() == Bounds());
    QVERIFY(!pool.lastError());
    QCOMPARE(pool.state(), PoolState::Stopped);

    const ClientPool named(u"example.com"_s, 443);
    QCOMPARE(named.host(), u"example.com"_s);
    QCOMPARE(named.port(), quint16(443));
}

void tst_ClientPoolSettings::bounds_data()
{
    QTest::addColumn<QList<int>>("set"); // minimum and maximum capacity, minimum and maximum interval
    QTest::addColumn<QList<int>>("inForce");
    QTest::newRow("as they are") << QList{2, 9, 100, 200} << QList{2, 9, 100, 200};
    QTest::newRow("zero capacities") << QList{0, 0, 100, 200} << QList{1, 1, 100, 200};
    QTest::newRow("negative capacities") << QList{-3, -1, 100, 200} << QList{1, 1, 100, 200};
    QTest::newRow("swapped capacities") << QList{9, 2, 100, 200} << QList{2, 9, 100, 200};
    QTest::newRow("no maximum capacity") << QList{9, 0, 100, 200} << QList{1, 9, 100, 200};
    QTest::newRow("zero intervals") << QList{2, 9, 0, 0} << QList{2, 9, 1'000, 1'000};
    QTest::newRow("negative interval") << QList{2, 9, -1, 5'000} << QList{2, 9, 1'000, 5'000};
    QTest::newRow("swapped intervals") << QList{2, 9, 200, 100} << QList{2, 9, 100, 200};
    QTest::newRow("corrected, then swapped") << QList{2, 9, 0, 200} << QList{2, 9, 200, 1'000};
    QTest::newRow("equal") << QList{5, 5, 300, 300} << QList{5, 5, 300, 300};
}

void tst_ClientPoolSettings::bounds()
{
    QFETCH(QList<int>, set);
    QFETCH(QList<int>, inForce);
    const MessageRecorder quiet;
    ClientPool pool;
    pool.setMinimumCapacity(set.at(0));
    pool.setMaximumCapacity(set.at(1));
    pool.setMinimumInterval(std::chrono::milliseconds(set.at(2)));
    pool.setMaximumIntervalMs(set.at(3));

    QCOMPARE(pool.minimumCapacity(), set.at(0));
    QCOMPARE(pool.maximumCapacity(), set.at(1));
    QCOMPARE(pool.minimumIntervalMs(), set.at(2));
    QCOMPARE(pool.maximumInterval().count(), set.at(3));
    const Bounds effective = pool.effectiveBounds();
    QCOMPARE(effective.minimumCapacity, inForce.at(0));
    QCOMPARE(effective.maximumCapacity, inForce.at(1));
    QCOMPARE(effective.minimumIntervalMs(), inForce.at(2));
    QCOMPARE(effective.maximumIntervalMs(), inForce.at(3));
    QVERIFY(effective.corrected() == effective);
}

void tst_ClientPoolSettings::correctionIsLoggedOnce()
{
    TestPeer peer;
    const MessageRecorder recorder;
    ClientPool pool;
    configure(pool, peer, 2);
    QCOMPARE(recorder.warnings(), QStringList());
    pool.setMinimumCapacity(0);
    pool.start();
    QTRY_VERIFY(pool.active() >= 1);
    QCOMPARE(pool.effectiveBounds().minimumCapacity, 1);
    pool.close();
    pool.start();
    QCOMPARE(recorder.warnings().size(), 1);
}

void tst_ClientPoolSettings::clampedSetters()
{
    const MessageRecorder quiet;
    ClientPool pool;
    pool.setMaximumParallelDials(0);
    QCOMPARE(pool.maximumParallelDials(), 1);
    pool.setMaximumParallelDials(5'000);
    QCOMPARE(pool.maximumParallelDials(), 1'024);
    pool.setMaximumTotal(-1);
    QCOMPARE(pool.maximumTotal(), 0);
    pool.setMaximumWaiting(-1);
    QCOMPARE(pool.maximumWaiting(), 0);
    pool.setLeaseThreshold(-1s);
    QCOMPARE(pool.leaseThreshold(), 0ms);

    pool.setBackoff({0ms, -5ms, 0.5});
    QCOMPARE(pool.backoff().base, 1ms);
    QVERIFY(pool.backoff().cap >= pool.backoff().base);
    QCOMPARE(pool.backoff().factor, 1.0);
    pool.setBackoff({200ms, 100ms, 99.0});
    QVERIFY(pool.backoff().cap >= pool.backoff().base);
    QCOMPARE(pool.backoff().factor, 10.0);

    pool.setTimeouts({0ms, -1ms, 0ms, 0ms, 0ms});
    QCOMPARE(pool.timeouts().take, 1ms);
    QCOMPARE(pool.timeouts().resolve, 1ms);
    QCOMPARE(pool.timeouts().dial, 1ms);
    QCOMPARE(pool.timeouts().handshake, 1ms);
    QCOMPARE(pool.timeouts().identify, 1ms);

    pool.setLifetimes({-1s, -1s, 0.9});
    QCOMPARE(pool.lifetimes().maximumLifetime, 0ms);
    QCOMPARE(pool.lifetimes().maximumIdle, 0ms);
    QCOMPARE(pool.lifetimes().jitter, 0.5);
    pool.setLifetimes({1s, 1s, -0.1});
    QCOMPARE(pool.lifetimes().jitter, 0.0);

    pool.setKeepAlive({true, 0s, 0s, 0, -1ms});
    QCOMPARE(pool.keepAlive().idle, 1s);
    QCOMPARE(pool.keepAlive().interval, 1s);
    QCOMPARE(pool.keepAlive().count, 1);
    QCOMPARE(pool.keepAlive().userTimeout, 0ms);
    pool.setKeepAlive({true, 1s, 1s, 500, 1ms});
    QCOMPARE(pool.keepAlive().count, 127);
}

void tst_ClientPoolSettings::changesNotifyOnce_data()
{
    QTest::addColumn<Change>("change");
    const auto row = [](const char *name, const Change &change) { QTest::newRow(name) << change; };
    row("host", [](ClientPool &p) { p.setHost(u"elsewhere"_s); });
    row("port", [](ClientPool &p) { p.setPort(7); });
    row("minimumCapacity", [](ClientPool &p) { p.setMinimumCapacity(3); });
    row("maximumCapacity", [](ClientPool &p) { p.setMaximumCapacity(33); });
    row("minimumInterval", [](ClientPool &p) { p.setMinimumInterval(123ms); });
    row("maximumInterval", [](ClientPool &p) { p.setMaximumInterval(12'345ms); });
    row("identity", [](ClientPool &p) { p.setIdentity(Tidepool::Identity::Local); });
    row("refill", [](ClientPool &p) { p.setRefill(Refill::AtRound); });
    row("backoff", [](ClientPool &p) { p.setBackoff({1ms, 2ms, 3.0}); });
    row("maximumParallelDials", [](ClientPool &p) { p.setMaximumParallelDials(3); });
    row("maximumTotal", [](ClientPool &p) { p.setMaximumTotal(3); });
    row("idFormat", [](ClientPool &p) { p.setIdFormat(IdFormat::Raw4); });
    row("timeouts", [](ClientPool &p) { p.setTimeouts({1s, 1s, 1s, 1s, 1s}); });
    row("keepAlive", [](ClientPool &p) { p.setKeepAlive({false, 1s, 1s, 1, 1ms}); });
    row("lifetimes", [](ClientPool &p) { p.setLifetimes({1s, 1s, 0.0}); });
    row("takeOrder", [](ClientPool &p) { p.setTakeOrder(TakeOrder::OldestFirst); });
    row("unsolicited", [](ClientPool &p) { p.setUnsolicited(Unsolicited::Evict); });
    row("maximumWaiting", [](ClientPool &p) { p.setMaximumWaiting(5); });
    row("usesCallerThread", [](ClientPool &p) { p.setUsesCallerThread(true); });
}

void tst_ClientPoolSettings::changesNotifyOnce()
{
    QFETCH(Change, change);
    ClientPool pool;
    QSignalSpy changed(&pool, &Pool::settingsChanged);
    change(pool);
    QTRY_COMPARE(changed.size(), 1);
    change(pool);
    QVERIFY(!QTest::qWaitFor([&] { return changed.size() > 1; }, 50));
}

void tst_ClientPoolSettings::propertiesNotify_data()
{
    QTest::addColumn<QByteArray>("property");
    const QMetaObject &meta = ClientPool::staticMetaObject;
    for (int i = QObject::staticMetaObject.propertyCount(); i < meta.propertyCount(); ++i)
        QTest::newRow(meta.property(i).name()) << QByteArray(meta.property(i).name());
}

void tst_ClientPoolSettings::propertiesNotify()
{
    QFETCH(QByteArray, property);
    const ClientPool pool;
    const QMetaObject *meta = pool.metaObject();
    const QMetaProperty found = meta->property(meta->indexOfProperty(property.constData()));
    QVERIFY(found.hasNotifySignal());
    QVERIFY(found.isReadable());
    QVERIFY(found.metaType().isValid());
    QVERIFY(found.read(&pool).isValid());
    const bool isSetting = found.notifySignal().name() == "settingsChanged";
    QCOMPARE(found.isWritable(), isSetting && property != "effectiveBounds");
    if (found.notifySignal().parameterCount() == 1)
        QCOMPARE(found.notifySignal().parameterMetaType(0), found.metaType());
}

void tst_ClientPoolSettings::propertiesAsQmlWritesThem()
{
    ClientPool pool;
    QVERIFY(pool.setProperty("minimumInterval", 250));
    QCOMPARE(pool.minimumInterval(), 250ms);
    QVERIFY(pool.setProperty("identity", QVariant::fromValue(Tidepool::Identity::Local)));
    QCOMPARE(pool.identity(), Tidepool::Identity::Local);
    QCOMPARE(pool.property("interval").typeId(), QMetaType::Int);
    QCOMPARE(pool.property("active").toInt(), 0);
}

void tst_ClientPoolSettings::endpointChangeFlushes_data()
{
    QTest::addColumn<Change>("change");
    const auto row = [](const char *name, const Change &change) { QTest::newRow(name) << change; };
    row("host", [](ClientPool &p) { p.setHost(u"127.0.0.2"_s); });
    row("TLS", [](ClientPool &p) { p.setTls(tlsMode(TlsMode::SelfSigned)); });
    row("proxy", [](ClientPool &p) { p.setProxy(QNetworkProxy(QNetworkProxy::Socks5Proxy, u"127.0.0.1"_s, 1)); });
    row("id format", [](ClientPool &p) { p.setIdFormat(IdFormat::Raw4); });
    row("source address", [](ClientPool &p) { p.setSourceAddress(QHostAddress(u"127.0.0.3"_s)); });
}

void tst_ClientPoolSettings::endpointChangeFlushes()
{
    QFETCH(Change, change);
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    makeImpatient(pool);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    const QList<ConnectionId> old = peer.ids();
    const quint64 generation = pool.status().generation;
    change(pool);
    QVERIFY(pool.status().generation > generation);
    // Those that the old settings still brought in before the I/O thread knew the new ones go, too.
    QTRY_VERIFY(pool.status().evictedBy(EvictionCause::Flushed) >= 4);
    for (const ConnectionId id : old)
        QTRY_VERIFY(!peer.openIds().contains(id));
}

// Also while dials to the old one are under way, or begin at that very moment.
void tst_ClientPoolSettings::takesBehindANewEndpointGetIt()
{
    const TestPeer odd;
    const TestPeer even;
    ClientPool pool;
    configure(pool, even, 8);
    pool.start();
    QTRY_COMPARE(pool.active(), 8);
    for (int round = 1; round <= times(100); ++round) {
        for (int i = 0; i < 4; ++i)
            (void)pool.tryTake();
        const quint16 port = round % 2 == 0 ? even.port() : odd.port();
        pool.setPort(port);
        for (int i = 0; i < 4; ++i) {
            const TakeResult taken = await(pool.take());
            VERIFY_TAKEN(taken);
            QCOMPARE(taken.connection().socket()->peerPort(), port);
        }
    }
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ClientPoolSettings)
#include "tst_clientpool_settings.moc"
