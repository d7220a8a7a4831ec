// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A server that keeps nothing of what it accepts is not dialled over and over.

#include "support/poolhelpers.h"

#include <QtCore/QElapsedTimer>

#include <deque>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolStorms : public QObject
{
    Q_OBJECT

private slots:
    void aGreetingIsExplained();
    void anApplicationThatEvictsEverythingIsSlowed();
    void aWaiterDoesNotStormAGreetingServer();
    void connectionsThatDoNotLast_data();
    void connectionsThatDoNotLast();
    void aRestartIsRefilledAtOnce();
    void aServerPoolFlushesOrStartsAgain_data();
    void aServerPoolFlushesOrStartsAgain();
    void takesDuringTroubleEndIt();
    void aTakeGetsItsDial();
    void aFullServerIsLeftAlone();
    void resumeAfterDrainDialsNothing();
};

// It speaks first, and the pool was told not to keep such connections.
void tst_ClientPoolStorms::aGreetingIsExplained()
{
    TestPeer peer(PeerScript::sending("220 mail.example\r\n", PeerScript::Then::Echo));
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setIdentity(Tidepool::Identity::Local);
    pool.setUnsolicited(Unsolicited::Evict);
    pool.start();
    QTRY_VERIFY(peer.accepted() >= 4);
    // The first, their replacements, and then one by one with growing delays.
    QVERIFY2(!QTest::qWaitFor([&] { return peer.accepted() > 2 * 4 + 8; }, 1'500),
             qPrintable(QString::number(peer.accepted())));
    QCOMPARE(pool.state(), PoolState::Degraded);
    QVERIFY(!pool.isReady());
    const PoolError error = pool.lastError();
    QCOMPARE(error.kind(), ErrorKind::SpokeFirst);
    QVERIFY2(error.message().contains(u"Unsolicited::Keep"_s), qPrintable(error.message()));
    QVERIFY2(pool.status().stateText().startsWith(u"Degraded: the server speaks first"_s),
             qPrintable(pool.status().stateText()));

    pool.setUnsolicited(Unsolicited::Keep);
    QTRY_COMPARE(pool.active(), 4);
    QTRY_COMPARE(pool.state(), PoolState::Ready);
    QVERIFY(!pool.lastError());
    VERIFY_COUNTERS(pool);
}

void tst_ClientPoolStorms::anApplicationThatEvictsEverythingIsSlowed()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    connect(&pool, &Pool::connectionParked, &pool, &Pool::evict);
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    QVERIFY2(pool.lastError().message().contains(u"evict()"_s), qPrintable(pool.lastError().message()));
    QVERIFY2(!QTest::qWaitFor([&] { return peer.accepted() > 2 * 4 + 8; }, 1'000),
             qPrintable(QString::number(peer.accepted())));
    disconnect(&pool, &Pool::connectionParked, nullptr, nullptr);
    QTRY_COMPARE_WITH_TIMEOUT(pool.active(), 4, 15'000);
    VERIFY_COUNTERS(pool);
}

// Whether it is served before the greeting comes is a matter of luck.
void tst_ClientPoolStorms::aWaiterDoesNotStormAGreetingServer()
{
    TestPeer peer(PeerScript::sending("220 mail.example\r\n", PeerScript::Then::Echo));
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setIdentity(Tidepool::Identity::Local);
    pool.setUnsolicited(Unsolicited::Evict);
    pool.start();
    for (int i = 0; i < 10; ++i) {
        const TakeResult taken = await(pool.take(100ms));
        QVERIFY(taken || taken.error().kind() == ErrorKind::Timeout);
    }
    QVERIFY2(peer.accepted() <= 2 * 2 + 8 + 3 * 10, qPrintable(QString::number(peer.accepted())));
}

void tst_ClientPoolStorms::connectionsThatDoNotLast_data()
{
    QTest::addColumn<int>("lifeMs");
    QTest::newRow("closed at once") << 0;
    QTest::newRow("closed after 100 ms") << 100;
    QTest::newRow("closed after 300 ms") << 300;
}

void tst_ClientPoolStorms::connectionsThatDoNotLast()
{
    QFETCH(int, lifeMs);
    PeerScript script;
    script.life = std::chrono::milliseconds(lifeMs);
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 8);
    pool.start();
    QVERIFY2(!QTest::qWaitFor([&] { return peer.accepted() > 2 * 8 + 12; }, 3'000),
             qPrintable(QString::number(peer.accepted())));
    QCOMPARE(pool.state(), PoolState::Degraded);
    QCOMPARE(pool.lastError().kind(), ErrorKind::PeerClosed);
    QVERIFY(QTest::qWaitFor([&] {
        const PoolStatus status = pool.status();
        return status.nextAttempt >= 0ms || status.active + status.connecting + status.handshaking > 0;
    }));
    peer.setScript({});
    QTRY_COMPARE_WITH_TIMEOUT(pool.active(), 8, 15'000);
    QCOMPARE(pool.state(), PoolState::Ready);
}

// All at once, and none of them waits for a delay.
void tst_ClientPoolStorms::aRestartIsRefilledAtOnce()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 32);
    pool.setBackoff({10h, 10h, 1.0});
    pool.start();
    QTRY_COMPARE(pool.active(), 32);
    peer.closeAll();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::PeerClosed), 32);
    QTRY_COMPARE(pool.active(), 32);
    QCOMPARE(pool.status().failedTotal(), 0);
    QCOMPARE(pool.state(), PoolState::Ready);
}

void tst_ClientPoolStorms::aServerPoolFlushesOrStartsAgain_data()
{
    QTest::addColumn<bool>("startsAgain");
    QTest::addColumn<bool>("hasControlId");
    for (const bool hasControlId : {false, true}) {
        const char *control = hasControlId ? " with a control connection" : "";
        QTest::addRow("flush%s", control) << false << hasControlId;
        QTest::addRow("restart%s", control) << true << hasControlId;
    }
}

// The connections are young, and there are more than the capacity's first worth of them: no trouble all the same.
void tst_ClientPoolStorms::aServerPoolFlushesOrStartsAgain()
{
    QFETCH(bool, startsAgain);
    QFETCH(bool, hasControlId);
    ServerPool server;
    server.setReservesControlId(hasControlId);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool pool(u"127.0.0.1"_s, server.serverPort());
    pool.setMinimumCapacity(8);
    pool.setMaximumCapacity(8);
    pool.start();
    const auto isWhole = [&] {
        return pool.active() + pool.status().control >= 8 && server.active() + server.status().control >= 8;
    };
    QTRY_VERIFY(isWhole());
    const qint64 established = pool.status().established;
    if (startsAgain) {
        const quint16 port = server.serverPort();
        server.close();
        QVERIFY(server.listen(QHostAddress::LocalHost, port));
    } else {
        server.flush();
    }
    QTRY_VERIFY(pool.status().established >= established + 8);
    QTRY_VERIFY(isWhole());
    QTRY_COMPARE(pool.state(), PoolState::Ready);
    QVERIFY(pool.status().lastError.isEmpty());
    if (!startsAgain) {
        QCOMPARE(server.status().dropped, 0); // what it accepts after the flush stays
        QCOMPARE(pool.status().failedTotal(), 0);
    }
    VERIFY_COUNTERS(pool);
}

void tst_ClientPoolStorms::takesDuringTroubleEndIt()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setBackoff({100ms, 200ms, 2.0});
    pool.start();
    const auto isDegradedByDeaths = [&] {
        peer.closeAll();
        return pool.state() == PoolState::Degraded;
    };
    QTRY_VERIFY(isDegradedByDeaths());
    QElapsedTimer clock;
    clock.start();
    std::deque<Connection> held;
    while (pool.state() != PoolState::Ready && clock.elapsed() < 10'000) {
        const TakeResult taken = await(pool.take(5s));
        VERIFY_TAKEN(taken);
        held.push_back(taken.connection());
        if (held.size() > 3)
            held.pop_front();
        // The pool itself sets the pace, with what it makes beyond what was asked for.
        QTRY_VERIFY(pool.active() > 0 || pool.state() == PoolState::Ready);
    }
    QCOMPARE(pool.state(), PoolState::Ready);
    QVERIFY(pool.status().lastError.isEmpty());
}

// However long the pool waits with replacements that nobody asked for.
void tst_ClientPoolStorms::aTakeGetsItsDial()
{
    PeerScript script;
    script.life = 50ms;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setBackoff({10h, 10h, 1.0});
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    QTRY_COMPARE(pool.active(), 0);
    peer.setScript({}); // 50 ms may be too short for a busy machine
    for (int i = 0; i < 5; ++i)
        VERIFY_TAKEN(await(pool.take(5s)));
}

// Each success frees the way for one more attempt or two, not for all that are missing.
void tst_ClientPoolStorms::aFullServerIsLeftAlone()
{
    PeerScript script;
    script.atMost = 8;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 32);
    pool.start();
    QTRY_COMPARE(pool.active(), 8);
    QTRY_VERIFY(pool.status().failedTotal() >= 24);
    const qint64 failedBefore = pool.status().failedTotal();
    QElapsedTimer clock;
    clock.start();
    int taken = 0;
    while (clock.elapsed() < 4'000) { // a place becomes free now and then
        taken += pool.tryTake() ? 1 : 0;
        QTest::qWait(200);
    }
    const qint64 failed = pool.status().failedTotal() - failedBefore;
    QVERIFY2(failed <= 3 * taken + 12, qPrintable(u"%1 failed, %2 taken"_s.arg(failed).arg(taken)));
}

void tst_ClientPoolStorms::resumeAfterDrainDialsNothing()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    const TakeResult held = pool.tryTake();
    VERIFY_TAKEN(held);
    QTRY_COMPARE(pool.active(), 4);
    pool.drain(20s);
    pool.resume();
    QVERIFY2(!QTest::qWaitFor([&] { return peer.accepted() > 5; }, 500), qPrintable(QString::number(peer.accepted())));
    QCOMPARE(pool.state(), PoolState::Draining);
}

QTEST_GUILESS_MAIN(tst_ClientPoolStorms)
#include "tst_clientpool_storms.moc"
