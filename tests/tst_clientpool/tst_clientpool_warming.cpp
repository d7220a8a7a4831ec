// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/eventloopmonitor.h"
#include "support/filledbacklog.h"
#include "support/poolhelpers.h"
#include "support/resources.h"

#include <QtCore/QFile>
#include <QtCore/QSet>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolWarming : public QObject
{
    Q_OBJECT

private slots:
    void doesNothingBeforeStart();
    void warmsToItsMinimum_data();
    void warmsToItsMinimum();
    void statesOnTheWay();
    void idOfZeroesIsAnId();
    void bytesBehindTheIdAreTheApplications_data();
    void bytesBehindTheIdAreTheApplications();
    void localIdentityReadsNothing();
    void refillsAtTheTake();
    void refillsAtTheRound();
    void capacityGrowsUnderLoad_data();
    void capacityGrowsUnderLoad();
    void dialsInParallelWithinItsLimit_data();
    void dialsInParallelWithinItsLimit();
    void aServerThatAcceptsOneAtATimeFailsNoDial_data();
    void aServerThatAcceptsOneAtATimeFailsNoDial();
    void loweringClosesParkedOnesOnly();
    void raisingDialsMore();
    void tableOfDescriptorsGrowsAtOnce();
    void warmingLeavesTheEventLoopAlone();
    void worksInTheCallersThread();
};

void tst_ClientPoolWarming::doesNothingBeforeStart()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer);
    QCOMPARE(pool.state(), PoolState::Stopped);
    QVERIFY(!pool.isReady());
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 0; }, 200));
    const TakeResult taken = await(pool.take());
    QCOMPARE(taken.error().kind(), ErrorKind::Closed);
}

void tst_ClientPoolWarming::warmsToItsMinimum_data()
{
    QTest::addColumn<IdFormat>("format");
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<int>("capacity");
    QTest::newRow("one") << IdFormat::Hex8 << false << 1;
    QTest::newRow("Hex8") << IdFormat::Hex8 << false << 16;
    QTest::newRow("Raw4") << IdFormat::Raw4 << false << 16;
    QTest::newRow("Hex8, TLS") << IdFormat::Hex8 << true << 16;
    QTest::newRow("Raw4, TLS") << IdFormat::Raw4 << true << 16;
}

void tst_ClientPoolWarming::warmsToItsMinimum()
{
    QFETCH(IdFormat, format);
    QFETCH(bool, encrypted);
    QFETCH(int, capacity);
    PeerScript script;
    script.greeting = format == IdFormat::Hex8 ? PeerScript::Greeting::Hex8 : PeerScript::Greeting::Raw4;
    if (encrypted)
        script.tls = selfSigned();
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.setIdFormat(format);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy parked(&pool, &Pool::connectionParked);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    QTRY_COMPARE(parked.size(), capacity);
    // It has enough and does not go on.
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() != capacity; }, 250));

    const PoolStatus status = pool.status();
    QCOMPARE(status.active, capacity);
    QCOMPARE(status.established, capacity);
    QCOMPARE(status.connecting + status.handshaking, 0);
    QCOMPARE(status.dialTime.count, capacity);

    QSet<QString> announced;
    for (const auto &arguments : parked)
        announced.insert(arguments.at(0).value<ConnectionId>().toString());
    QSet<QString> sent;
    for (const ConnectionId id : peer.ids())
        sent.insert(id.toString());
    QCOMPARE(announced, sent);

    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    const Connection connection = taken.connection();
    QCOMPARE(echo(connection.socket(), "over the wire"), "over the wire"_ba);
    QCOMPARE(peer.received(connection.id()), "over the wire"_ba);
}

void tst_ClientPoolWarming::statesOnTheWay()
{
    PeerScript script;
    script.delay = 60s;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer);
    QSignalSpy states(&pool, &Pool::stateChanged);
    QSignalSpy ready(&pool, &Pool::readyChanged);
    pool.start();
    QCOMPARE(pool.state(), PoolState::Warming);
    QVERIFY(!pool.isReady());
    QTRY_COMPARE(states.size(), 1);
    peer.setScript({});
    peer.greetWaiting();
    QTRY_VERIFY(pool.isReady());
    QCOMPARE(pool.state(), PoolState::Ready);
    QTRY_COMPARE(states.size(), 2);
    QCOMPARE(states.at(0).at(0).value<PoolState>(), PoolState::Warming);
    QCOMPARE(states.at(1).at(0).value<PoolState>(), PoolState::Ready);
    QTRY_COMPARE(ready.size(), 1);
    QCOMPARE(ready.at(0).at(0).toBool(), true);
}

void tst_ClientPoolWarming::idOfZeroesIsAnId()
{
    TestPeer peer(PeerScript::sending("00000000"));
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    QTRY_COMPARE(pool.status().control, 1); // kept for who names it
    QCOMPARE(pool.active(), 0);
    const TakeResult taken = await(pool.take(ConnectionId(0)));
    VERIFY_TAKEN(taken);
    QVERIFY(taken.connection().id().isValid());
    QCOMPARE(taken.connection().id().toString(), u"00000000"_s);
}

void tst_ClientPoolWarming::bytesBehindTheIdAreTheApplications_data()
{
    QTest::addColumn<PeerScript::Greeting>("greeting");
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<bool>("ownDialer");
    QTest::addColumn<qsizetype>("size");
    for (const auto greeting : {PeerScript::Greeting::Hex8, PeerScript::Greeting::Raw4}) {
        const char *format = greeting == PeerScript::Greeting::Hex8 ? "Hex8" : "Raw4";
        QTest::addRow("%s, a word", format) << greeting << false << false << qsizetype(25);
        QTest::addRow("%s, more than is read at once", format) << greeting << false << false << qsizetype(200'000);
        QTest::addRow("%s, own dialer", format) << greeting << false << true << qsizetype(25);
        QTest::addRow("%s, TLS", format) << greeting << true << false << qsizetype(25);
        QTest::addRow("%s, TLS, more than a record", format) << greeting << true << false << qsizetype(200'000);
    }
}

// They come in the same segment, or record, as the id. One take finds the connection parked, the other waits for it.
void tst_ClientPoolWarming::bytesBehindTheIdAreTheApplications()
{
    QFETCH(PeerScript::Greeting, greeting);
    QFETCH(bool, encrypted);
    QFETCH(bool, ownDialer);
    QFETCH(qsizetype, size);
    PeerScript script;
    script.greeting = greeting;
    for (qsizetype i = 0; i < size; ++i)
        script.behind.append(static_cast<char>(i % 251));
    if (encrypted)
        script.tls = selfSigned();
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setIdFormat(greeting == PeerScript::Greeting::Hex8 ? IdFormat::Hex8 : IdFormat::Raw4);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    if (ownDialer)
        pool.setDialer([&](QSslSocket &socket) { socket.connectToHost(u"127.0.0.1"_s, peer.port()); });
    pool.start();
    const TakeResult waited = await(pool.take());
    QTRY_COMPARE(pool.active(), 2);
    for (const TakeResult &taken : {waited, pool.tryTake()}) {
        VERIFY_TAKEN(taken);
        QSslSocket *socket = taken.connection().socket();
        QVERIFY(readExactly(socket, size) == script.behind);
        QCOMPARE(echo(socket, "then"), "then"_ba);
    }
}

void tst_ClientPoolWarming::localIdentityReadsNothing()
{
    // A server that greets, as SMTP does: all of it is the application's.
    TestPeer peer(PeerScript::sending("220 mail.example\r\n", PeerScript::Then::Echo));
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setIdentity(Tidepool::Identity::Local);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QSet<QString> ids;
    for (int i = 0; i < 4; ++i) {
        const TakeResult taken = await(pool.take());
        VERIFY_TAKEN(taken);
        const Connection connection = taken.connection();
        QVERIFY(connection.id().isValid());
        ids.insert(connection.id().toString());
        QCOMPARE(readExactly(connection.socket(), 18), "220 mail.example\r\n"_ba);
    }
    QCOMPARE(ids.size(), 4);
}

void tst_ClientPoolWarming::refillsAtTheTake()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setMinimumInterval(60s);
    pool.setMaximumInterval(60s);
    QCOMPARE(pool.refill(), Refill::AtTake);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QList<Connection> held;
    for (int i = 0; i < 3; ++i) {
        const TakeResult taken = await(pool.take());
        VERIFY_TAKEN(taken);
        held.append(taken.connection());
    }
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.status().leased, 3);
    QCOMPARE(peer.accepted(), 7);
}

void tst_ClientPoolWarming::refillsAtTheRound()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setRefill(Refill::AtRound);
    pool.setMinimumInterval(60s);
    pool.setMaximumInterval(60s);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    VERIFY_TAKEN(pool.tryTake());
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 4; }, 300));
    QCOMPARE(pool.active(), 3);
    pool.pause();
    pool.resume(); // which begins a round
    QTRY_COMPARE(pool.active(), 4);
}

void tst_ClientPoolWarming::capacityGrowsUnderLoad_data()
{
    QTest::addColumn<Refill>("refill");
    QTest::newRow("AtTake") << Refill::AtTake;
    QTest::newRow("AtRound") << Refill::AtRound;
}

// More is taken than comes, so that something is always missing. The Classic rule: a round that has created more than
// 80 % of the capacity raises it by one.
void tst_ClientPoolWarming::capacityGrowsUnderLoad()
{
    QFETCH(Refill, refill);
    PeerScript script;
    script.delay = 20ms;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setRefill(refill);
    pool.setSizingPolicy(SizingPolicy::Classic);
    pool.setMaximumParallelDials(3); // a round takes several batches
    pool.setMaximumCapacity(12);
    pool.start();
    QTRY_VERIFY(pool.active() >= 4); // the first round raises the capacity already
    QVERIFY2(QTest::qWaitFor(
                 [&] {
                     while (pool.tryTake()) {}
                     return pool.capacity() >= 8;
                 },
                 10'000),
             qPrintable(QString::number(pool.capacity())));
}

void tst_ClientPoolWarming::dialsInParallelWithinItsLimit_data()
{
    QTest::addColumn<int>("limit");
    QTest::addColumn<int>("capacity");
    QTest::newRow("one after the other") << 1 << 4;
    QTest::newRow("five") << 5 << 20;
    QTest::newRow("the default") << 64 << 64;
}

void tst_ClientPoolWarming::dialsInParallelWithinItsLimit()
{
    QFETCH(int, limit);
    QFETCH(int, capacity);
    PeerScript script;
    script.delay = 100ms;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.setMaximumParallelDials(limit);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    QVERIFY2(peer.mostUngreeted() <= limit, qPrintable(QString::number(peer.mostUngreeted())));
    QVERIFY2(peer.mostUngreeted() > limit / 2, qPrintable(QString::number(peer.mostUngreeted())));
}

void tst_ClientPoolWarming::aServerThatAcceptsOneAtATimeFailsNoDial_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<Refill>("refill");
    QTest::newRow("plain") << false << Refill::AtTake;
    QTest::newRow("plain, in rounds") << false << Refill::AtRound;
    QTest::newRow("TLS") << true << Refill::AtTake;
}

// 48 dials at once would take 4.8 s there. Those that cannot end in time are withdrawn, and begun again later.
void tst_ClientPoolWarming::aServerThatAcceptsOneAtATimeFailsNoDial()
{
    QFETCH(bool, encrypted);
    QFETCH(Refill, refill);
    constexpr int capacity = 48;
    PeerScript script = PeerScript::echoing(encrypted);
    script.oneAtATime = true;
    script.delay = 100ms;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.setRefill(refill);
    Timeouts timeouts;
    timeouts.handshake = 3s;
    timeouts.identify = 3s;
    pool.setTimeouts(timeouts);
    QSignalSpy failures(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_COMPARE_WITH_TIMEOUT(pool.active(), capacity, 20'000);
    QCOMPARE(failures.size(), 0);
    QVERIFY(!pool.lastError());
    const PoolStatus status = pool.status();
    QCOMPARE(status.established, capacity);
    QCOMPARE(status.connecting + status.handshaking, 0);
    QVERIFY(status.nextAttempt < 0ms); // no backoff
    VERIFY_COUNTERS(pool);
}

void tst_ClientPoolWarming::loweringClosesParkedOnesOnly()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 8);
    pool.start();
    QTRY_COMPARE(pool.active(), 8);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QTRY_COMPARE(pool.active(), 8);

    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.setMinimumCapacity(2);
    pool.setMaximumCapacity(3);
    QTRY_VERIFY(pool.active() <= 3);
    QVERIFY(pool.active() >= 2);
    QTRY_COMPARE(evicted.size(), 8 - pool.active());
    for (const auto &arguments : evicted)
        QCOMPARE(arguments.at(1).value<EvictionCause>(), EvictionCause::Surplus);
    QTRY_COMPARE(peer.open(), pool.active() + 1);
    QCOMPARE(echo(taken.connection().socket(), "mine"), "mine"_ba);
    VERIFY_COUNTERS(pool);
}

void tst_ClientPoolWarming::raisingDialsMore()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    QSignalSpy capacities(&pool, &Pool::capacityChanged);
    pool.setMaximumCapacity(10);
    pool.setMinimumCapacity(10);
    QTRY_COMPARE(pool.active(), 10);
    QCOMPARE(pool.capacity(), 10);
    QTRY_VERIFY(!capacities.isEmpty() && capacities.constLast().at(0).toInt() == 10);
}

// In steps, it would hold up the dials at each of them.
void tst_ClientPoolWarming::tableOfDescriptorsGrowsAtOnce()
{
#if !defined(Q_OS_LINUX) || defined(TIDEPOOL_PORTABLE)
    QSKIP("Only Linux is known to hold up those who open descriptors.");
#endif
    constexpr int capacity = 600;
    const auto tableSize = [] {
        QFile status(u"/proc/self/status"_s);
        const QByteArray text = status.open(QIODevice::ReadOnly) ? status.readAll() : QByteArray();
        const qsizetype begin = text.indexOf("FDSize:");
        return begin < 0 ? -1 : text.mid(begin + 7, text.indexOf('\n', begin) - begin - 7).trimmed().toInt();
    };
    if (tableSize() >= capacity)
        QSKIP("This process has a large table already.");
    const FilledBacklog silent;
    if (silent.port() == 0)
        QSKIP("The system answers a connect although nobody accepts.");
    ClientPool pool(u"127.0.0.1"_s, silent.port());
    pool.setMaximumCapacity(capacity);
    pool.setMinimumCapacity(capacity);
    pool.start();
    QTRY_VERIFY2(tableSize() >= capacity, qPrintable(QString::number(tableSize())));
    QVERIFY(openDescriptors() < capacity / 2);
}

void tst_ClientPoolWarming::warmingLeavesTheEventLoopAlone()
{
    TestPeer peer(PeerScript::overTls(selfSigned()));
    ClientPool pool;
    configure(pool, peer, 100);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.start();
    EventLoopMonitor monitor;
    QVERIFY(monitor.runUntil([&] { return pool.active() == 100; }, 20s));
    // 100 handshakes in this thread would hold it up for well over this.
    QVERIFY2(monitor.longestWork() < 150ms, qPrintable(QString::number(monitor.longestWork().count())));
    // Nor does it wait for them; a busy machine may let it wait for its turn.
    QVERIFY2(monitor.longestGap() < 2s, qPrintable(QString::number(monitor.longestGap().count())));
}

void tst_ClientPoolWarming::worksInTheCallersThread()
{
    TestPeer peer(PeerScript::overTls(selfSigned()));
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setUsesCallerThread(true);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QThread *dialledIn = nullptr;
    pool.setDialer([&](QSslSocket &socket) {
        dialledIn = QThread::currentThread();
        socket.connectToHost(u"127.0.0.1"_s, peer.port());
    });
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(dialledIn, QThread::currentThread());
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().socket()->thread(), QThread::currentThread());
    QCOMPARE(echo(taken.connection().socket(), "one loop"), "one loop"_ba);
    QTRY_COMPARE(pool.active(), 4);
    peer.closeAll();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::PeerClosed), 4);
    QTRY_COMPARE(pool.active(), 4);
    pool.close();
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ClientPoolWarming)
#include "tst_clientpool_warming.moc"
