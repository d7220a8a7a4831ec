// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// How parked connections grow old, and make room for younger ones.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ParkedExpiry : public QObject
{
    Q_OBJECT

private slots:
    void expires_data();
    void expires();
    void replacedBeforeRetired();
    void takenOnesDoNotExpire();
    void expiryIsSpread();
    void lifetimesReachTheParkedOnes();
    void cancelledInTheLastMoment();
};

void tst_ParkedExpiry::expires_data()
{
    QTest::addColumn<Lifetimes>("lifetimes");
    QTest::newRow("by age") << Lifetimes{300ms, 0ms, 0.0};
    QTest::newRow("by idle time") << Lifetimes{0ms, 300ms, 0.0};
}

void tst_ParkedExpiry::expires()
{
    QFETCH(Lifetimes, lifetimes);
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setLifetimes(lifetimes);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    QElapsedTimer clock;
    clock.start();
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    QTRY_VERIFY(evicted.size() >= 3);
    QVERIFY2(clock.elapsed() >= 290, qPrintable(QString::number(clock.elapsed())));
    for (const auto &arguments : evicted)
        QCOMPARE(arguments.at(1).value<EvictionCause>(), EvictionCause::Expired);
    // Replaced, so that there is always one to take.
    QTRY_VERIFY(pool.active() >= 2);
    QCOMPARE(pool.state(), PoolState::Ready);
    VERIFY_TAKEN(await(pool.take(1s)));
    VERIFY_COUNTERS(pool);
}

// A taker never finds fewer than the capacity because connections grew old.
void tst_ParkedExpiry::replacedBeforeRetired()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setMinimumInterval(60s); // the replacement does not wait for a round
    pool.setMaximumInterval(60s);
    pool.setLifetimes({4s, 0ms, 0.0}); // the replacement has the last 400 ms of it
    int parked = 0;
    int fewest = 3;
    int expired = 0;
    connect(&pool, &Pool::connectionParked, this, [&] { ++parked; });
    connect(&pool, &Pool::connectionEvicted, this, [&](ConnectionId, EvictionCause cause) {
        fewest = std::min(fewest, --parked);
        expired += cause == EvictionCause::Expired ? 1 : 0;
    });
    pool.start();
    QTRY_VERIFY_WITH_TIMEOUT(expired >= 3, 10'000);
    QCOMPARE(fewest, 3);
    pool.close();
    VERIFY_COUNTERS(pool);
}

void tst_ParkedExpiry::takenOnesDoNotExpire()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setLifetimes({200ms, 200ms, 0.0});
    pool.start();
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QTRY_VERIFY(pool.status().evictedBy(EvictionCause::Expired) >= 2);
    QCOMPARE(echo(taken.connection().socket(), "still mine"), "still mine"_ba);
}

// Born together, with a jitter of a half they do not die together.
void tst_ParkedExpiry::expiryIsSpread()
{
    ServerPool pool;
    pool.setLifetimes({2s, 0ms, 0.5});
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const std::vector<RawClient> clients = connectMany(pool.serverPort(), 40);
    QTRY_COMPARE_WITH_TIMEOUT(pool.evictions().size(), 40, 10'000);
    const QList<EvictionRecord> records = pool.evictions();
    const auto [youngest, oldest] = std::ranges::minmax(records, {}, &EvictionRecord::age);
    QVERIFY2(youngest.age >= 990ms, qPrintable(QString::number(youngest.age.count())));
    QVERIFY2(oldest.age - youngest.age > 400ms, qPrintable(QString::number((oldest.age - youngest.age).count())));
}

// Lifetimes that are set while the pool runs are for those that are parked already, too.
void tst_ParkedExpiry::lifetimesReachTheParkedOnes()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 3);
    QList<ConnectionId> ids;
    for (RawClient &client : clients)
        ids.append(client.readHexId());
    QTRY_COMPARE(pool.active(), 3);
    const ConnectionId newest = pool.connections().constFirst().id;

    pool.setLifetimes({1h, 0ms, 0.0});
    pool.setLifetimes({0ms, 0ms, 0.0}); // and back: without limit again
    QVERIFY(!QTest::qWaitFor([&] { return pool.active() < 3; }, 50));
    QCOMPARE(pool.connections().constFirst().id, newest); // nor has their order changed

    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.setLifetimes({0ms, 100ms, 0.0});
    QTRY_COMPARE(evicted.size(), 3);
    for (const auto &arguments : evicted)
        QCOMPARE(arguments.at(1).value<EvictionCause>(), EvictionCause::Expired);
    QCOMPARE(pool.active(), 0);
    VERIFY_COUNTERS(pool);
}

// A take that is cancelled while it is being served gives its connection to the parked ones: no less mortal than
// they, though it was not when it was taken last. That it happened shows in one that came back though nobody gave it
// back.
void tst_ParkedExpiry::cancelledInTheLastMoment()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const RawClient client(pool.serverPort());
    QTRY_COMPARE(pool.active(), 1);
    Connection connection;
    qint64 given = 0;
    const auto takeImmortal = [&] {
        pool.setLifetimes({0ms, 0ms, 0.0});
        connection = pool.tryTake().connection();
        pool.setLifetimes({0ms, 300ms, 0.0});
    };
    const auto happened = [&] { return pool.status().givenBack > given; };
    for (int i = 0; i < 20'000 && !happened(); ++i) {
        if (!connection)
            takeImmortal();
        QVERIFY(connection);
        QFuture<TakeResult> take = pool.take();
        std::atomic<bool> isServing = false;
        std::thread canceller([&] {
            while (!isServing) {}
            const auto moment = std::chrono::steady_clock::now() + std::chrono::nanoseconds(i % 200 * 100);
            while (std::chrono::steady_clock::now() < moment) {}
            take.cancel();
        });
        isServing = true;
        pool.giveBack(std::exchange(connection, {})); // in no thread yet, so this serves the take
        ++given;
        canceller.join();
        QTRY_VERIFY(take.isFinished());
        if (take.resultCount() == 1)
            connection = take.result().connection();
    }
    if (!happened())
        QSKIP("No cancel met the moment.");
    connection = {};
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::Expired), 1);
    QCOMPARE(pool.active(), 0);
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ParkedExpiry)
#include "tst_parked_expiry.moc"
