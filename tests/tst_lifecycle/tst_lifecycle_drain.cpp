// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// drain(): what is in use may finish, at most until the deadline.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QTcpSocket>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_LifecycleDrain : public QObject
{
    Q_OBJECT

private slots:
    void drainWithoutLeases();
    void drainReturnsBeforeTheClosing();
    void drainWaitsForTheLeases();
    void drainHasADeadline();
    void drainTakesNoNewTakes();
    void drainRefusesClients();
    void resumeDoesNotEndADrain();
    void pauseCountsOnlyWhileRunning();
    void drainOfAPoolThatDoesNotRun();
    void drainAndStart();
};

void tst_LifecycleDrain::drainWithoutLeases()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QSignalSpy closed(&pool, &Pool::closed);
    pool.drain(30s);
    QTRY_COMPARE(closed.size(), 1);
    QCOMPARE(pool.state(), PoolState::Closed);
    QTRY_COMPARE(peer.open(), 0);
    QCOMPARE(pool.status().evictedBy(EvictionCause::PoolClosed), 4);
    VERIFY_COUNTERS(pool);
}

// Here the I/O thread is the caller's thread, so all that is closed before drain() returns is closed by drain().
void tst_LifecycleDrain::drainReturnsBeforeTheClosing()
{
    TestPeer peer;
    ClientPool pool;
    pool.setUsesCallerThread(true);
    configure(pool, peer, 30);
    pool.start();
    QTRY_COMPARE(pool.active(), 30);
    QSignalSpy closed(&pool, &Pool::closed);
    pool.drain(30s);
    QCOMPARE(pool.state(), PoolState::Draining);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(closed.size(), 0);
    QTRY_COMPARE(closed.size(), 1);
    QCOMPARE(pool.state(), PoolState::Closed);
    QTRY_COMPARE(peer.open(), 0);
    VERIFY_COUNTERS(pool);
}

void tst_LifecycleDrain::drainWaitsForTheLeases()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    Connection first = pool.tryTake().connection();
    Connection second = pool.tryTake().connection();
    QVERIFY(first && second);
    QSignalSpy closed(&pool, &Pool::closed);
    pool.drain(30s);
    QCOMPARE(pool.state(), PoolState::Draining);
    QVERIFY(!pool.isReady());
    QCOMPARE(pool.active(), 0);
    QCOMPARE(echo(first.socket(), "let me finish"), "let me finish"_ba);
    first = Connection();
    QVERIFY(!QTest::qWaitFor([&] { return !closed.isEmpty(); }, 200));
    QCOMPARE(pool.state(), PoolState::Draining);
    second = Connection();
    QTRY_COMPARE(closed.size(), 1);
    QCOMPARE(pool.state(), PoolState::Closed);
    QCOMPARE(pool.status().leased, 0);
}

void tst_LifecycleDrain::drainHasADeadline()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QSignalSpy closed(&pool, &Pool::closed);
    QElapsedTimer clock;
    clock.start();
    pool.drain(300ms);
    QTRY_COMPARE(closed.size(), 1);
    QVERIFY2(clock.elapsed() >= 290, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(pool.state(), PoolState::Closed);
    QCOMPARE(echo(taken.connection().socket(), "taken ones live on"), "taken ones live on"_ba);
}

void tst_LifecycleDrain::drainTakesNoNewTakes()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QTRY_COMPARE(pool.active(), 2);
    pool.drain(30s);
    QCOMPARE(await(pool.take()).error().kind(), ErrorKind::Closed);
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Closed);
    const int accepted = peer.accepted();
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > accepted; }, 300));
}

void tst_LifecycleDrain::drainRefusesClients()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const quint16 port = pool.serverPort();
    RawClient early(port);
    const TakeResult taken = await(pool.take(early.readHexId()));
    VERIFY_TAKEN(taken);
    pool.drain(30s);
    // Not accepted by the system's backlog either.
    const auto isRefused = [port] {
        QTcpSocket client;
        client.setProxy(QNetworkProxy::NoProxy);
        client.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
        return !client.waitForConnected(1'000) && client.error() == QAbstractSocket::ConnectionRefusedError;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isRefused(), 2'000);
    QCOMPARE(pool.state(), PoolState::Draining);
    pool.close();
    pool.start();
    QCOMPARE(pool.serverPort(), port);
    QVERIFY(!isRefused());
}

void tst_LifecycleDrain::resumeDoesNotEndADrain()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QTRY_COMPARE(pool.active(), 2);
    const int accepted = peer.accepted();
    pool.drain(30s);
    pool.resume();
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > accepted; }, 300));
    QCOMPARE(pool.state(), PoolState::Draining);
    pool.close();
    pool.resume();
    QCOMPARE(pool.state(), PoolState::Closed);
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > accepted; }, 100));
}

void tst_LifecycleDrain::pauseCountsOnlyWhileRunning()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.pause();
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    pool.pause();
    pool.close();
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    QCOMPARE(pool.state(), PoolState::Ready);
}

// Whoever waits for closed() does not wait for ever.
void tst_LifecycleDrain::drainOfAPoolThatDoesNotRun()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    QSignalSpy closed(&pool, &Pool::closed);
    pool.drain();
    QCOMPARE(closed.size(), 0); // not inside the call
    QTRY_COMPARE(closed.size(), 1);
    QCOMPARE(pool.state(), PoolState::Stopped);
    pool.start();
    pool.close();
    QCOMPARE(closed.size(), 2);
    pool.drain();
    QTRY_COMPARE(closed.size(), 3);
    QCOMPARE(pool.state(), PoolState::Closed);
}

void tst_LifecycleDrain::drainAndStart()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    QSignalSpy closed(&pool, &Pool::closed);
    pool.drain();
    pool.start();
    QTRY_COMPARE(pool.active(), 1);
    QCOMPARE(closed.size(), 0); // it runs
}

QTEST_GUILESS_MAIN(tst_LifecycleDrain)
#include "tst_lifecycle_drain.moc"
