// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// flush(), pause(), resume(), close() and start() again.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_LifecycleActions : public QObject
{
    Q_OBJECT

private slots:
    void flushReplacesAll();
    void flushDropsLateDials();
    void flushLeavesTakenOnesAlone();
    void flushOfAServerPool();
    void flushOftenAndEarly();
    void pauseStopsMaking();
    void takeWhilePausedWaitsForResume();
    void pausedServerAcceptsNobody();
    void closeEndsEverything();
    void closeTwice();
    void startAgain_data();
    void startAgain();
    void startTwiceChangesNothing();
    void serverClosesItsPort();
    void errorsAreCounted();
};

void tst_LifecycleActions::flushReplacesAll()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 6);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.active(), 6);
    const QList<ConnectionId> old = peer.ids();
    const quint64 generation = pool.status().generation;
    pool.flush();
    QCOMPARE(pool.status().generation, generation + 1);
    QTRY_COMPARE(evicted.size(), 6);
    for (const auto &arguments : evicted) {
        QVERIFY(old.contains(arguments.at(0).value<ConnectionId>()));
        QCOMPARE(arguments.at(1).value<EvictionCause>(), EvictionCause::Flushed);
    }
    QTRY_COMPARE(pool.active(), 6);
    QTRY_COMPARE(peer.open(), 6);
    for (const ConnectionId id : peer.openIds())
        QVERIFY(!old.contains(id));
    QCOMPARE(pool.status().evictedBy(EvictionCause::Flushed), 6);
    VERIFY_COUNTERS(pool);
}

void tst_LifecycleActions::flushDropsLateDials()
{
    PeerScript script;
    script.delay = 60s;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 5);
    QSignalSpy parked(&pool, &Pool::connectionParked);
    pool.start();
    QTRY_COMPARE(peer.accepted(), 5);
    pool.flush();
    QTRY_COMPARE(peer.accepted(), 10);
    peer.greetWaiting(); // the first five first
    QTRY_COMPARE(pool.active(), 5);
    QTRY_COMPARE(peer.open(), 5);
    QCOMPARE(peer.accepted(), 10);
    // The first five were under way when flush() came: none of them was ever parked.
    for (const auto &arguments : parked)
        QVERIFY(arguments.at(0).value<ConnectionId>().value() > 5);
    const PoolStatus status = pool.status();
    QCOMPARE(status.parkedTotal, 5);
    QCOMPARE(status.established - status.dropped, 5);
    VERIFY_COUNTERS(pool);
}

void tst_LifecycleActions::flushLeavesTakenOnesAlone()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    pool.flush();
    QTRY_COMPARE(pool.active(), 2);
    QCOMPARE(echo(taken.connection().socket(), "untouched"), "untouched"_ba);
    QCOMPARE(pool.status().leased, 1);
}

void tst_LifecycleActions::flushOfAServerPool()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 5);
    QTRY_COMPARE(pool.active(), 5);
    pool.flush();
    QCOMPARE(pool.active(), 0);
    for (RawClient &client : clients)
        QVERIFY(client.waitForClosed());
    QVERIFY(pool.isListening());
    RawClient another(pool.serverPort());
    QVERIFY(another.readHexId().isValid());
    QTRY_COMPARE(pool.active(), 1);
    VERIFY_COUNTERS(pool);
}

void tst_LifecycleActions::flushOftenAndEarly()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 8);
    pool.flush(); // not started: nothing to evict
    pool.start();
    for (int i = 0; i < 50; ++i) {
        pool.flush();
        QCoreApplication::processEvents();
    }
    QTRY_COMPARE(pool.active(), 8);
    QTRY_COMPARE(peer.open(), 8);
    QTRY_COMPARE(underWay(pool), 0);
    VERIFY_COUNTERS(pool);
}

void tst_LifecycleActions::pauseStopsMaking()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    pool.pause();
    QCOMPARE(pool.state(), PoolState::Paused);
    VERIFY_TAKEN(await(pool.take()));
    VERIFY_TAKEN(pool.tryTake());
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 4; }, 300));
    QCOMPARE(pool.active(), 2);
    pool.resume();
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.state(), PoolState::Ready);
}

void tst_LifecycleActions::takeWhilePausedWaitsForResume()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    QTRY_COMPARE(pool.active(), 1);
    pool.pause();
    VERIFY_TAKEN(pool.tryTake());
    QVERIFY(pool.tryTake().error().message().contains(u"paused"_s));
    QVERIFY(await(pool.take(10ms)).error().message().contains(u"paused"_s));
    const QFuture<TakeResult> take = pool.take();
    QVERIFY(!QTest::qWaitFor([&] { return take.isFinished(); }, 200));
    pool.resume();
    VERIFY_TAKEN(await(take));
}

void tst_LifecycleActions::pausedServerAcceptsNobody()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient early(pool.serverPort());
    const ConnectionId id = early.readHexId();
    QTRY_COMPARE(pool.active(), 1);
    pool.pause();
    QCOMPARE(pool.state(), PoolState::Paused);
    RawClient late(pool.serverPort());
    QVERIFY(!QTest::qWaitFor([&] { return pool.active() > 1; }, 200));
    VERIFY_TAKEN(await(pool.take(id)));
    pool.resume();
    RawClient later(pool.serverPort());
    QVERIFY(later.readHexId().isValid());
    QTRY_VERIFY(pool.active() >= 1);
}

void tst_LifecycleActions::closeEndsEverything()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    QSignalSpy closed(&pool, &Pool::closed);
    QSignalSpy ready(&pool, &Pool::readyChanged);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QTRY_COMPARE(ready.size(), 1);
    ready.clear();
    pool.close();
    QCOMPARE(pool.state(), PoolState::Closed);
    QCOMPARE(pool.active(), 0);
    QVERIFY(!pool.isReady());
    QTRY_COMPARE(closed.size(), 1);
    QTRY_COMPARE(ready.size(), 1);
    QTRY_COMPARE(peer.open(), 0);
    QCOMPARE(pool.status().evictedBy(EvictionCause::PoolClosed), 4);
    VERIFY_COUNTERS(pool);
}

void tst_LifecycleActions::closeTwice()
{
    TestPeer peer;
    ClientPool pool;
    pool.close();
    configure(pool, peer);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    pool.close();
    pool.close();
    pool.drain();
    QCOMPARE(pool.state(), PoolState::Closed);
    pool.pause();
    pool.resume();
    pool.flush();
    pool.retryNow();
    QVERIFY(!QTest::qWaitFor([&] { return pool.state() != PoolState::Closed || pool.active() > 0; }, 200));
}

void tst_LifecycleActions::startAgain_data()
{
    QTest::addColumn<bool>("drained");
    QTest::newRow("after close") << false;
    QTest::newRow("after drain") << true;
}

void tst_LifecycleActions::startAgain()
{
    QFETCH(bool, drained);
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    for (int i = 1; i <= 3; ++i) {
        pool.start();
        QTRY_COMPARE(pool.active(), 3);
        QCOMPARE(pool.state(), PoolState::Ready);
        const TakeResult taken = await(pool.take());
        VERIFY_TAKEN(taken);
        QCOMPARE(echo(taken.connection().socket(), "round"), "round"_ba);
        Connection connection = taken.connection();
        connection.close();
        if (drained) {
            pool.drain();
            QTRY_COMPARE(pool.state(), PoolState::Closed);
        } else {
            pool.close();
        }
        QTRY_COMPARE(peer.open(), 0);
        QCOMPARE(pool.status().takenTotal, i);
    }
    VERIFY_COUNTERS(pool);
}

void tst_LifecycleActions::startTwiceChangesNothing()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    pool.start();
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    pool.start();
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() != 3; }, 200));
    QCOMPARE(pool.state(), PoolState::Ready);
}

void tst_LifecycleActions::serverClosesItsPort()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const quint16 port = pool.serverPort();
    RawClient parked(port);
    QVERIFY(parked.readHexId().isValid());
    pool.close();
    QVERIFY(!pool.isListening());
    QCOMPARE(pool.serverPort(), quint16(0));
    QVERIFY(parked.waitForClosed());
    QVERIFY(!RawClient(port).isConnected());
    // The port is free again.
    ServerPool other;
    QVERIFY2(other.listen(QHostAddress::LocalHost, port), qPrintable(other.lastError().message()));
}

void tst_LifecycleActions::errorsAreCounted()
{
    ClientPool pool;
    QSignalSpy changed(&pool, &Pool::errorCountChanged);
    for (int i = 0; i < 5; ++i)
        pool.addError();
    QCOMPARE(pool.errorCount(), 5);
    QCOMPARE(pool.status().errorCount, 5);
    QTRY_COMPARE(changed.size(), 1);
    QCOMPARE(changed.at(0).at(0).toInt(), 5);
    pool.resetErrorCount();
    QCOMPARE(pool.errorCount(), 0);
    QTRY_COMPARE(changed.size(), 2);
}

QTEST_GUILESS_MAIN(tst_LifecycleActions)
#include "tst_lifecycle_actions.moc"
