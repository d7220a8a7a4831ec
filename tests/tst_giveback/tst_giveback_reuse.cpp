// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What comes back needs no replacement.

#include "support/poolhelpers.h"

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_GiveBackReuse : public QObject
{
    Q_OBJECT

private slots:
    void cyclesNeedNoNewConnections_data();
    void cyclesNeedNoNewConnections();
    void roundsDuringGiveBacksDialNothing();
    void aRoundBeforeTheThreadHasTimeDialsNothing();
    void aTakeThatWaitsGetsItsDial();
    void whatIsHeldIsReplacedInTheEnd();
    void whatIsDroppedIsReplacedAtOnce();
    void neverMoreThanTheMaximum();
    void aWaiterGetsWhatIsLetGo_data();
    void aWaiterGetsWhatIsLetGo();
    void loweringTheMaximumEvictsParkedOnes();
};

void tst_GiveBackReuse::cyclesNeedNoNewConnections_data()
{
    QTest::addColumn<bool>("waits");
    QTest::newRow("the next take comes at once") << false;
    QTest::newRow("the next take finds it parked") << true;
}

void tst_GiveBackReuse::cyclesNeedNoNewConnections()
{
    QFETCH(bool, waits);
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    for (int i = 1; i <= 100; ++i) {
        const TakeResult taken = await(pool.take());
        VERIFY_TAKEN(taken);
        QCOMPARE(echo(taken.connection().socket(), "once more"), "once more"_ba);
        pool.giveBack(taken.connection());
        if (waits)
            QTRY_COMPARE(pool.status().givenBack, i);
    }
    QTRY_COMPARE(pool.status().givenBack, 100);
    QTRY_COMPARE(pool.active(), 4);
    const PoolStatus status = pool.status();
    // One more may be made during the first cycle, before anybody knows that something comes back.
    QVERIFY2(status.established <= 5,
             qPrintable(u"%1 established, %2 dropped, %3 evicted, %4 failed"_s.arg(status.established)
                            .arg(status.dropped)
                            .arg(status.evictedTotal())
                            .arg(status.failedTotal())));
    QVERIFY2(status.dropped + status.evictedTotal() <= 1, qPrintable(QString::number(status.dropped)));
    VERIFY_COUNTERS(pool);
}

// At any moment of a take and of a give-back, the connection counts as there or as coming back.
void tst_GiveBackReuse::roundsDuringGiveBacksDialNothing()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    QTRY_COMPARE(pool.active(), 1);
    for (int i = 1; i <= 2'000; ++i) {
        pool.retryNow();
        const TakeResult taken = await(pool.take());
        VERIFY_TAKEN(taken);
        pool.retryNow();
        pool.giveBack(taken.connection());
    }
    QTRY_COMPARE(pool.status().givenBack, 2'000);
    QVERIFY2(pool.status().established <= 2, qPrintable(QString::number(pool.status().established)));
}

// Its thread gives a connection back when it has time. That it comes back is known from the call on.
void tst_GiveBackReuse::aRoundBeforeTheThreadHasTimeDialsNothing()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setRefill(Refill::AtRound);
    pool.setMaximumInterval(1h);
    pool.setMinimumInterval(1h);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    std::vector<TakeResult> taken;
    for (int i = 0; i < 4; ++i) {
        taken.push_back(pool.tryTake());
        VERIFY_TAKEN(taken.back());
        QVERIFY(taken.back().connection().socket());
    }
    for (const TakeResult &one : taken)
        pool.giveBack(one.connection());
    pool.retryNow(); // begins a round, in the I/O thread
    for (int i = 0; i < 30 && peer.accepted() == 4; ++i)
        QThread::msleep(10); // this thread's loop does not run
    QCOMPARE(peer.accepted(), 4);
    QCOMPARE(pool.status().givenBack, 0);
    QTRY_COMPARE(pool.status().givenBack, 4);
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(peer.accepted(), 4);
}

/// Teaches @p pool that what is taken comes back. Before it knows, it may dial one more.
static void giveBackSome(ClientPool &pool)
{
    for (int i = 0; i < 20; ++i) {
        const TakeResult taken = await(pool.take());
        VERIFY_TAKEN(taken);
        const qint64 before = pool.status().givenBack;
        pool.giveBack(taken.connection());
        QTRY_COMPARE(pool.status().givenBack, before + 1);
    }
    QTRY_COMPARE(underWay(pool), 0);
}

// All are taken, and expected back: one more take does not have to wait for that.
void tst_GiveBackReuse::aTakeThatWaitsGetsItsDial()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    giveBackSome(pool);
    std::vector<Connection> held;
    for (int i = 0; i < 6; ++i) {
        const TakeResult taken = await(pool.take(5s));
        VERIFY_TAKEN(taken);
        held.push_back(taken.connection());
    }
    QCOMPARE(pool.status().leased, 6);
}

// Others came back after a few milliseconds.
void tst_GiveBackReuse::whatIsHeldIsReplacedInTheEnd()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    giveBackSome(pool);
    const TakeResult first = pool.tryTake();
    const TakeResult second = pool.tryTake();
    VERIFY_TAKEN(first);
    VERIFY_TAKEN(second);
    QVERIFY(!QTest::qWaitFor([&] { return pool.active() > 2; }, 300));
    QTRY_COMPARE(pool.active(), 4);
}

void tst_GiveBackReuse::whatIsDroppedIsReplacedAtOnce()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setMinimumInterval(1h);
    pool.setMaximumInterval(1h);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    giveBackSome(pool);
    for (int i = 0; i < 3; ++i)
        VERIFY_TAKEN(pool.tryTake());
    QTRY_COMPARE(pool.active(), 4);
}

void tst_GiveBackReuse::neverMoreThanTheMaximum()
{
    PeerScript script;
    script.atMost = 3; // whatever is more fails
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 8);
    pool.setMaximumTotal(3);
    QCOMPARE(pool.maximumTotal(), 3);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    std::vector<Connection> held;
    for (int i = 0; i < 3; ++i) {
        const TakeResult taken = pool.tryTake();
        VERIFY_TAKEN(taken);
        held.push_back(taken.connection());
    }
    const TakeResult late = await(pool.take(300ms));
    QCOMPARE(late.error().kind(), ErrorKind::Timeout);
    QVERIFY2(late.error().message().contains(u"maximumTotal"_s), qPrintable(late.error().message()));
    QCOMPARE(peer.accepted(), 3);
    QCOMPARE(pool.status().failedTotal(), 0);
    pool.setMaximumTotal(0);
    peer.setScript({});
    QTRY_COMPARE(pool.active(), 8);
}

void tst_GiveBackReuse::aWaiterGetsWhatIsLetGo_data()
{
    QTest::addColumn<bool>("givesBack");
    QTest::newRow("given back") << true;
    QTest::newRow("dropped") << false;
}

void tst_GiveBackReuse::aWaiterGetsWhatIsLetGo()
{
    QFETCH(bool, givesBack);
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setMinimumInterval(1h);
    pool.setMaximumInterval(1h);
    pool.setMaximumTotal(1);
    pool.start();
    Connection held = await(pool.take()).connection();
    QVERIFY(held);
    const ConnectionId id = held.id();
    const auto waiting = pool.take(5s);
    QVERIFY(!QTest::qWaitFor([&] { return waiting.isFinished(); }, 100));
    if (givesBack)
        pool.giveBack(held);
    held = {};
    const TakeResult taken = await(waiting);
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().id() == id, givesBack);
    QCOMPARE(peer.accepted(), givesBack ? 1 : 2);
}

void tst_GiveBackReuse::loweringTheMaximumEvictsParkedOnes()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 6);
    pool.start();
    QTRY_COMPARE(pool.active(), 6);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QTRY_COMPARE(pool.active(), 6);
    pool.setMaximumTotal(3);
    QTRY_COMPARE(pool.active(), 2);
    QTRY_COMPARE(peer.open(), 3);
    QVERIFY(!QTest::qWaitFor([&] { return pool.active() > 2; }, 200));
    QVERIFY(taken.connection().isValid());
}

QTEST_GUILESS_MAIN(tst_GiveBackReuse)
#include "tst_giveback_reuse.moc"
