// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// A peer far away: a dial takes a little more than this.
constexpr std::chrono::milliseconds dialTime{300};

PeerScript farAway()
{
    PeerScript script;
    script.delay = dialTime;
    return script;
}

/// A pool that keeps 2 to 20 connections to a peer far away.
struct FarPool
{
    FarPool() : peer(farAway())
    {
        configure(pool, peer, 2);
        pool.setMaximumCapacity(20);
    }
    [[nodiscard]] bool start()
    {
        pool.start();
        return QTest::qWaitFor([&] { return pool.active() == 2; });
    }
    /// Takes @p count at once. True when all have come.
    [[nodiscard]] bool takeAtOnce(int count)
    {
        QList<QFuture<TakeResult>> takes;
        for (int i = 0; i < count; ++i)
            takes.append(pool.take());
        for (const auto &take : takes) {
            const TakeResult result = await(take);
            if (!result)
                return false;
            taken.append(result.connection());
        }
        return true;
    }

    TestPeer peer;
    QList<Connection> taken;
    ClientPool pool;
};

} // namespace

/// How many connections a pool keeps, as its user sees it. The arithmetic is tst_sizing's.
class tst_ClientPoolSizing : public QObject
{
    Q_OBJECT

private slots:
    void keepsWhatABurstNeeded();
    void letsSpareOnesGoAfterTheWindow();
    void aConnectionGivenBackIsNeededOnce();
    void takesDuringAPauseDoNotCount();
    void theClassicRuleLearnsNothingFromABurst();
    void thePolicyCanChangeWhileThePoolRuns();
    void windowIsClamped();
    void dialsWhatTheApplicationExpects();
    void anExpectationEndsByItself();
    void takesUseAnExpectationUp();
    void expectsNoMoreThanTheMaximum();
};

void tst_ClientPoolSizing::keepsWhatABurstNeeded()
{
    FarPool far;
    QCOMPARE(far.pool.sizingPolicy(), SizingPolicy::Predictive);
    QVERIFY(far.start());
    QTRY_COMPARE(far.pool.status().sizing.cause, SizingCause::Minimum);
    QVERIFY(far.takeAtOnce(10));
    QTRY_COMPARE(far.pool.capacity(), 11);
    QTRY_COMPARE(far.pool.active(), 11);
    const PoolStatus status = far.pool.status();
    QCOMPARE(status.sizing.cause, SizingCause::Takes);
    QCOMPARE(status.sizing.needed, 10);
    QVERIFY(status.sizing.dialTime >= dialTime);
    QCOMPARE(status.sizing.nextBurst, -1ms);
    QCOMPARE(status.sizingText(), u"11: up to 10 were taken within one dial time in the last 60 s"_s);
    // The next such burst finds all of them warm.
    const qint64 warm = status.servedWarm;
    QVERIFY(far.takeAtOnce(10));
    QCOMPARE(far.pool.status().servedWarm - warm, 10);
}

void tst_ClientPoolSizing::letsSpareOnesGoAfterTheWindow()
{
    FarPool far;
    far.pool.setSpareWindow(3s);
    QVERIFY(far.start());
    QVERIFY(far.takeAtOnce(10));
    QTRY_COMPARE_WITH_TIMEOUT(far.pool.status().evictedBy(EvictionCause::Surplus), 9, 10'000); // of 11
    QTRY_COMPARE(far.pool.active(), 2);
    QCOMPARE(far.pool.capacity(), 2);
    const int accepted = far.peer.accepted();
    QVERIFY(!QTest::qWaitFor([&] { return far.peer.accepted() != accepted; }, 500));
    VERIFY_COUNTERS(far.pool);
}

// Fifty takes within one dial time, but never two at once.
void tst_ClientPoolSizing::aConnectionGivenBackIsNeededOnce()
{
    FarPool far;
    QVERIFY(far.start());
    for (int i = 0; i < 50; ++i) {
        const TakeResult result = await(far.pool.take());
        VERIFY_TAKEN(result);
        far.pool.giveBack(result.connection());
        QTRY_VERIFY(far.pool.active() > 0);
    }
    QVERIFY2(!QTest::qWaitFor([&] { return far.pool.capacity() > 4; }, 300),
             qPrintable(far.pool.status().sizingText()));
}

void tst_ClientPoolSizing::takesDuringAPauseDoNotCount()
{
    FarPool far;
    QVERIFY(far.start());
    far.pool.pause();
    // The third waits until the I/O thread ends the wait. From then on that has heard of the pause, too.
    for (int i = 0; i < 3; ++i)
        (void)await(far.pool.take(50ms));
    for (int i = 0; i < 10; ++i)
        (void)far.pool.tryTake();
    far.pool.resume();
    QTRY_VERIFY(far.pool.active() >= 2);
    QVERIFY2(far.pool.capacity() <= 4, qPrintable(far.pool.status().sizingText()));
}

void tst_ClientPoolSizing::theClassicRuleLearnsNothingFromABurst()
{
    FarPool far;
    far.pool.setSizingPolicy(SizingPolicy::Classic);
    QVERIFY(far.start());
    QVERIFY(far.takeAtOnce(10));
    QVERIFY(QTest::qWaitFor([&] {
        const PoolStatus status = far.pool.status();
        return status.active == status.capacity;
    }));
    QVERIFY2(far.pool.capacity() <= 5, qPrintable(QString::number(far.pool.capacity())));
    QVERIFY(far.pool.status().sizingText().endsWith(u": by the Classic rule, one more or one less at each round"_s));
}

void tst_ClientPoolSizing::thePolicyCanChangeWhileThePoolRuns()
{
    FarPool far;
    QVERIFY(far.start());
    QVERIFY(far.takeAtOnce(10));
    QTRY_COMPARE(far.pool.active(), 11);
    QSignalSpy changed(&far.pool, &Pool::settingsChanged);
    far.pool.setSizingPolicy(SizingPolicy::Classic);
    QCOMPARE(changed.size(), 1);
    QTRY_VERIFY(far.pool.capacity() <= 4); // it begins with the minimum
    QCOMPARE(far.pool.active(), 11); // it lets go of nothing
    far.pool.setSizingPolicy(SizingPolicy::Predictive);
    QTRY_COMPARE(far.pool.active(), 2);
}

void tst_ClientPoolSizing::windowIsClamped()
{
    ClientPool pool;
    QCOMPARE(pool.spareWindow(), 60s);
    pool.setSpareWindow(-1ms);
    QCOMPARE(pool.spareWindow(), 100ms);
    pool.setSpareWindow(std::chrono::milliseconds::max());
    QCOMPARE(pool.spareWindow(), 24h * 24);
    pool.setSpareWindowMs(5'000);
    QCOMPARE(pool.spareWindow(), 5s);
}

void tst_ClientPoolSizing::dialsWhatTheApplicationExpects()
{
    FarPool far;
    QVERIFY(far.start());
    far.pool.expect(8, 1h);
    QTRY_COMPARE(far.pool.active(), 8);
    QCOMPARE(far.pool.capacity(), 8);
    QCOMPARE(far.pool.status().sizing.cause, SizingCause::Announced);
    QCOMPARE(far.pool.status().sizingText(), u"8: 8 takes are announced"_s);
    // Once more is not twice as many.
    far.pool.expect(8, 1h);
    far.pool.expect(5, 1h);
    QVERIFY(!QTest::qWaitFor([&] { return far.peer.accepted() > 8; }, 500));
    QVERIFY(far.takeAtOnce(8));
    QCOMPARE(far.pool.status().servedWarm, 8);
}

void tst_ClientPoolSizing::anExpectationEndsByItself()
{
    FarPool far;
    QVERIFY(far.start());
    far.pool.expect(8, 3s);
    QTRY_COMPARE_WITH_TIMEOUT(far.pool.status().evictedBy(EvictionCause::Surplus), 6, 10'000); // of 8
    QTRY_COMPARE(far.pool.active(), 2);
    QCOMPARE(far.pool.capacity(), 2);
    QCOMPARE(far.pool.status().sizing.announced, 0);
}

void tst_ClientPoolSizing::takesUseAnExpectationUp()
{
    FarPool far;
    QVERIFY(far.start());
    far.pool.expect(8, 1h);
    QTRY_COMPARE(far.pool.active(), 8);
    for (int left = 7; left >= 6; --left) {
        QVERIFY(far.takeAtOnce(1));
        QTRY_COMPARE(far.pool.status().sizing.announced, left);
    }
    QTRY_COMPARE(far.pool.capacity(), 6);
    QCOMPARE(far.peer.accepted(), 8);
}

void tst_ClientPoolSizing::expectsNoMoreThanTheMaximum()
{
    FarPool far;
    far.pool.expect(5, 1h); // before it runs, nobody listens
    QVERIFY(far.start());
    QVERIFY(!QTest::qWaitFor([&] { return far.pool.capacity() != 2; }, 200));
    far.pool.expect(1'000'000, std::chrono::milliseconds::max());
    QTRY_COMPARE(far.pool.active(), 20);
    QCOMPARE(far.pool.capacity(), 20);
    far.pool.expect(-1, -1ms);
    QVERIFY(!QTest::qWaitFor([&] { return far.pool.capacity() != 20; }, 200));
}

QTEST_GUILESS_MAIN(tst_ClientPoolSizing)
#include "tst_clientpool_sizing.moc"
