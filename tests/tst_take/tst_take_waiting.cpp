// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Taking what is not there yet.

#include "support/eventloopmonitor.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFutureWatcher>
#include <QtCore/QtEndian>
#include <QtNetwork/QTcpServer>

#include <atomic>
#include <thread>
#include <utility>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_TakeWaiting : public QObject
{
    Q_OBJECT

private slots:
    void aFutureIsAFuture_data();
    void aFutureIsAFuture();
    void nextConnectionServesIt();
    void waitersAreServedInOrder();
    void namedWaitersGetTheirOwn();
    void namedBeforeItIsThere();
    void namedWaiterDoesNotBlockTheOthers();
    void twoWaitForTheSameId();
    void timesOut_data();
    void timesOut();
    void defaultTimeoutIsTheSettings();
    void zeroTimeout();
    void cancelFreesThePlace();
    void cancelAfterTheEndDoesNothing();
    void cancelledOneDoesNotSwallowAConnection();
    void waitersAreLimited_data();
    void waitersAreLimited();
    void closeEndsTheWait_data();
    void closeEndsTheWait();
    void manyWaiters();
    void countersNeverFall();
};

void tst_TakeWaiting::nextConnectionServesIt()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QSignalSpy waiting(&pool, &Pool::waitingChanged);
    const QFuture<TakeResult> take = pool.take();
    QCOMPARE(pool.waiting(), 1);
    QVERIFY(!take.isFinished());
    QTRY_COMPARE(waiting.size(), 1);

    RawClient client(pool.serverPort());
    EventLoopMonitor monitor;
    QVERIFY(monitor.runUntil([&] { return take.isFinished(); }));
    VERIFY_TAKEN(take.result());
    QCOMPARE(take.result().connection().id(), client.readHexId());
    QCOMPARE(pool.waiting(), 0);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.status().servedAfterWait, 1);
    QCOMPARE(pool.status().servedWarm, 0);
    QTRY_COMPARE(waiting.constLast().at(0).toInt(), 0);
}

void tst_TakeWaiting::waitersAreServedInOrder()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QList<QFuture<TakeResult>> takes;
    for (int i = 0; i < 6; ++i)
        takes.append(pool.take());
    QCOMPARE(pool.waiting(), 6);
    std::vector<RawClient> clients;
    for (int i = 0; i < 6; ++i) {
        clients.emplace_back(pool.serverPort());
        const ConnectionId id = clients.back().readHexId();
        QTRY_VERIFY(takes.at(i).isFinished());
        VERIFY_TAKEN(takes.at(i).result());
        QCOMPARE(takes.at(i).result().connection().id(), id);
        QCOMPARE(pool.waiting(), 5 - i);
    }
    VERIFY_COUNTERS(pool);
}

void tst_TakeWaiting::namedWaitersGetTheirOwn()
{
    TestPeer peer; // its ids are 1, 2, 3, ...
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, 3);
    makeImpatient(pool);
    pool.start();
    const QFuture<TakeResult> third = pool.take(ConnectionId(3));
    const QFuture<TakeResult> first = pool.take(ConnectionId(1));
    const QFuture<TakeResult> second = pool.take(ConnectionId(2));
    QCOMPARE(pool.waiting(), 3);
    QVERIFY(peer.listenAgain());
    QCOMPARE(await(first).connection().id(), ConnectionId(1));
    QCOMPARE(await(second).connection().id(), ConnectionId(2));
    QCOMPARE(await(third).connection().id(), ConnectionId(3));
}

// The id comes to the application by another way before the connection is here, as it does in a tunnel.
void tst_TakeWaiting::namedBeforeItIsThere()
{
    PeerScript script;
    script.delay = 60s;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    const QFuture<TakeResult> take = pool.take(ConnectionId(1));
    QVERIFY(!take.isFinished());
    peer.setScript({});
    peer.greetWaiting();
    VERIFY_TAKEN(await(take));
    QCOMPARE(take.result().connection().id(), ConnectionId(1));
    QCOMPARE(pool.status().servedAfterWait, 1);
}

void tst_TakeWaiting::namedWaiterDoesNotBlockTheOthers()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const QFuture<TakeResult> never = pool.take(ConnectionId(0xdeadbeef));
    const QFuture<TakeResult> any = pool.take();
    RawClient client(pool.serverPort());
    VERIFY_TAKEN(await(any));
    QVERIFY(!never.isFinished());
    QCOMPARE(pool.waiting(), 1);
    RawClient another(pool.serverPort());
    QTRY_COMPARE(pool.active(), 1);
    QVERIFY(!never.isFinished());
}

void tst_TakeWaiting::twoWaitForTheSameId()
{
    PeerScript script;
    script.delay = 100ms;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    const QFuture<TakeResult> first = pool.take(ConnectionId(1));
    const QFuture<TakeResult> second = pool.take(ConnectionId(1), 400ms);
    VERIFY_TAKEN(await(first));
    QCOMPARE(await(second).error().kind(), ErrorKind::Timeout);
}

void tst_TakeWaiting::timesOut_data()
{
    QTest::addColumn<bool>("named");
    QTest::newRow("any") << false;
    QTest::newRow("named") << true;
}

void tst_TakeWaiting::timesOut()
{
    QFETCH(bool, named);
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QElapsedTimer clock;
    clock.start();
    const TakeResult taken = await(named ? pool.take(ConnectionId(5), 150ms) : pool.take(150ms));
    QVERIFY2(clock.elapsed() >= 145 && clock.elapsed() < 5'000, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(!taken);
    QCOMPARE(taken.error().kind(), ErrorKind::Timeout);
    QCOMPARE(taken.error().phase(), Phase::Wait);
    QVERIFY(!taken.error().isFatal());
    QVERIFY(taken.error().status());
    QCOMPARE(taken.error().status()->state, PoolState::Warming);
    QCOMPARE(pool.waiting(), 0);
    QCOMPARE(pool.status().takesFailed, 1);

    // Who gave up gets nothing any more.
    RawClient client(pool.serverPort());
    QTRY_COMPARE(pool.active(), 1);
    VERIFY_COUNTERS(pool);
}

void tst_TakeWaiting::defaultTimeoutIsTheSettings()
{
    ServerPool pool;
    Timeouts timeouts;
    timeouts.take = 200ms;
    pool.setTimeouts(timeouts);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QElapsedTimer clock;
    clock.start();
    QCOMPARE(await(pool.take()).error().kind(), ErrorKind::Timeout);
    QVERIFY2(clock.elapsed() >= 195 && clock.elapsed() < 5'000, qPrintable(QString::number(clock.elapsed())));
}

void tst_TakeWaiting::zeroTimeout()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QCOMPARE(await(pool.take(0ms)).error().kind(), ErrorKind::Timeout);
    RawClient client(pool.serverPort());
    QTRY_COMPARE(pool.active(), 1);
    VERIFY_TAKEN(await(pool.take(0ms)));
}

void tst_TakeWaiting::cancelFreesThePlace()
{
    ServerPool pool;
    pool.setMaximumWaiting(2);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QFuture<TakeResult> first = pool.take(30s);
    const QFuture<TakeResult> second = pool.take(30s);
    QElapsedTimer clock;
    clock.start();
    first.cancel();
    QTRY_VERIFY(first.isFinished());
    QVERIFY2(clock.elapsed() < 5'000, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(first.isCanceled());
    QTRY_COMPARE(pool.waiting(), 1);
    QCOMPARE(pool.status().takesCancelled, 1);

    const QFuture<TakeResult> third = pool.take(30s);
    QVERIFY(!third.isFinished());
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 2);
    VERIFY_TAKEN(await(second));
    VERIFY_TAKEN(await(third));
    VERIFY_COUNTERS(pool);
}

void tst_TakeWaiting::cancelAfterTheEndDoesNothing()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QFuture<TakeResult> take = pool.take();
    RawClient client(pool.serverPort());
    VERIFY_TAKEN(await(take));
    const Connection connection = take.result().connection();
    take.cancel();
    QVERIFY(!QTest::qWaitFor([&] { return pool.status().takesCancelled > 0; }, 50));
    client.write("alive");
    QCOMPARE(readExactly(connection.socket(), 5), "alive"_ba);
}

// However cancel and the connection race, the connection goes to the next one or is parked.
void tst_TakeWaiting::cancelledOneDoesNotSwallowAConnection()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    int served = 0;
    for (int i = 0; i < 100; ++i) {
        QFuture<TakeResult> quitter = pool.take(30s);
        // Whatever the pace, there is one of each kind: the first quits before the connection is there, the second
        // when it has got it.
        if (i == 0)
            quitter.cancel();
        RawClient client(pool.serverPort());
        if (i == 1)
            QTRY_VERIFY(quitter.isFinished());
        if (i % 3 == 0)
            client.socket()->waitForReadyRead(i % 5);
        quitter.cancel();
        QTRY_VERIFY(quitter.isFinished());
        const bool quitterWasServed = quitter.resultCount() == 1;
        served += quitterWasServed ? 1 : 0;
        const TakeResult taken = await(pool.take(quitterWasServed ? 1ms : 5s));
        QCOMPARE(static_cast<bool>(taken), !quitterWasServed);
    }
    QTRY_COMPARE(pool.waiting(), 0);
    qInfo("%d of 100 who quit were served before", served);
    QVERIFY(served > 0);
    QVERIFY(served < 100);
    const PoolStatus status = pool.status();
    QCOMPARE(status.takesAsked, 200);
    VERIFY_COUNTERS(pool);
}

void tst_TakeWaiting::waitersAreLimited_data()
{
    QTest::addColumn<int>("limit");
    QTest::newRow("none") << 0;
    QTest::newRow("three") << 3;
}

void tst_TakeWaiting::waitersAreLimited()
{
    QFETCH(int, limit);
    ServerPool pool;
    pool.setMaximumWaiting(limit);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QList<QFuture<TakeResult>> takes;
    for (int i = 0; i < limit; ++i)
        takes.append(i % 2 == 0 ? pool.take() : pool.take(ConnectionId(static_cast<quint32>(i))));
    const QFuture<TakeResult> tooMany = pool.take();
    QVERIFY(tooMany.isFinished());
    QCOMPARE(tooMany.result().error().kind(), ErrorKind::Limit);
    QCOMPARE(tooMany.result().error().phase(), Phase::Wait);
    QCOMPARE(await(pool.take(ConnectionId(77))).error().kind(), ErrorKind::Limit);
    QCOMPARE(pool.waiting(), limit);
    QCOMPARE(pool.status().takesFailed, 2);

    // A parked one can be taken even so.
    std::vector<RawClient> clients = connectMany(pool.serverPort(), limit + 1);
    QTRY_VERIFY(pool.active() >= 1);
    VERIFY_TAKEN(await(pool.take()));
    VERIFY_COUNTERS(pool);
}

void tst_TakeWaiting::closeEndsTheWait_data()
{
    QTest::addColumn<QString>("how");
    QTest::newRow("close") << u"close"_s;
    QTest::newRow("drain") << u"drain"_s;
    QTest::newRow("destroy") << u"destroy"_s;
}

void tst_TakeWaiting::closeEndsTheWait()
{
    QFETCH(QString, how);
    auto pool = std::make_unique<ServerPool>();
    QVERIFY(pool->listen(QHostAddress::LocalHost));
    const QFuture<TakeResult> any = pool->take(30s);
    const QFuture<TakeResult> named = pool->take(ConnectionId(4), 30s);
    if (how == "close"_L1)
        pool->close();
    else if (how == "drain"_L1)
        pool->drain();
    else
        pool.reset();
    for (const TakeResult &taken : {await(any, 2s), await(named, 2s)}) {
        QVERIFY(!taken);
        QCOMPARE(taken.error().kind(), ErrorKind::Closed);
        QCOMPARE(taken.error().phase(), Phase::Wait);
    }
    if (pool) {
        QCOMPARE(await(pool->take()).error().kind(), ErrorKind::Closed);
        QCOMPARE(pool->tryTake().error().kind(), ErrorKind::Closed);
        QCOMPARE(pool->waiting(), 0);
        VERIFY_COUNTERS(*pool);
    }
}

void tst_TakeWaiting::manyWaiters()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QList<QFuture<TakeResult>> takes;
    for (int i = 0; i < 10'000; ++i)
        takes.append(pool.take(1h));
    QCOMPARE(pool.waiting(), 10'000);
    QCOMPARE(await(pool.take()).error().kind(), ErrorKind::Limit);
    for (QFuture<TakeResult> &take : takes)
        take.cancel();
    QTRY_COMPARE_WITH_TIMEOUT(pool.waiting(), 0, 60'000);
    QCOMPARE(pool.status().takesCancelled, 10'000);
    VERIFY_COUNTERS(pool);
}

void tst_TakeWaiting::aFutureIsAFuture_data()
{
    QTest::addColumn<bool>("waits");
    QTest::newRow("served at once") << false;
    QTest::newRow("served after a wait") << true;
}

// All that Qt says of a future with a result holds, whichever way it was served.
void tst_TakeWaiting::aFutureIsAFuture()
{
    QFETCH(bool, waits);
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    if (!waits) {
        clients.emplace_back(pool.serverPort());
        QTRY_COMPARE(pool.active(), 1);
    }
    QFuture<TakeResult> take = pool.take();
    QCOMPARE(take.isFinished(), !waits);
    QVERIFY(take.isStarted());
    if (waits)
        clients.emplace_back(pool.serverPort());
    QFutureWatcher<TakeResult> watcher;
    QSignalSpy ready(&watcher, &QFutureWatcherBase::resultReadyAt);
    QSignalSpy finished(&watcher, &QFutureWatcherBase::finished);
    watcher.setFuture(take);
    QTRY_COMPARE(finished.count(), 1);
    QCOMPARE(ready.count(), 1);
    QVERIFY(take.isValid());
    QCOMPARE(take.resultCount(), 1);
    VERIFY_TAKEN(take.takeResult());
    QVERIFY(!take.isValid());
    watcher.setFuture({});
    take = {};
    QTRY_COMPARE(pool.status().leased, 0);
}

// Not even for the moment in which a take is cancelled while it is served: whoever draws them would see that.
void tst_TakeWaiting::countersNeverFall()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QTRY_COMPARE(pool.active(), 1);
    std::atomic<bool> isOver = false;
    std::atomic<bool> hasFallen = false;
    std::thread watching([&] {
        PoolStatus before = pool.status();
        while (!isOver) {
            const PoolStatus now = pool.status();
            if (now.takenTotal < before.takenTotal || now.servedAfterWait < before.servedAfterWait
                || now.takesCancelled < before.takesCancelled || now.waitTime.count < before.waitTime.count)
                hasFallen = true;
            before = now;
        }
    });
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < 2'000 && !hasFallen) {
        TakeResult held = pool.tryTake();
        if (!held)
            continue;
        QFuture<TakeResult> take = pool.take();
        std::atomic<bool> isGiving = false;
        std::thread giving([&] {
            isGiving = true;
            pool.giveBack(std::exchange(held, PoolError()).connection());
        });
        while (!isGiving) {}
        take.cancel();
        giving.join();
        if (take.resultCount() > 0)
            pool.giveBack(take.resultAt(0).connection());
        QTRY_COMPARE(pool.waiting(), 0);
        QTRY_COMPARE(pool.active(), 1);
    }
    isOver = true;
    watching.join();
    QVERIFY(!hasFallen);
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_TakeWaiting)
#include "tst_take_waiting.moc"
