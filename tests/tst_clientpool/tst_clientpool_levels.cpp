// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

SizingLevels needed(int connections, std::chrono::milliseconds age = 0ms)
{
    SizingLevels levels;
    levels.savedAt = QDateTime::currentDateTimeUtc();
    levels.levels = {{connections, age}};
    return levels;
}

int largest(const SizingLevels &levels)
{
    return levels.levels.isEmpty() ? 0 : levels.levels.constFirst().connections;
}

/// A pool that keeps 2 to 20 connections.
struct LearningPool
{
    LearningPool()
    {
        configure(pool, peer, 2);
        pool.setMaximumCapacity(20);
    }

    TestPeer peer;
    ClientPool pool;
};

} // namespace

/// ClientPool::levels() and setLevels(), as their user sees them. The arithmetic is tst_sizing_restored's.
class tst_ClientPoolLevels : public QObject
{
    Q_OBJECT

private slots:
    void aPoolBeginsWithWhatAnotherLearned();
    void levelsBeforeTheStartComeBack();
    void levelsCanBeSetWhileThePoolRuns();
    void nothingMakesItForget();
    void theBoundsHold();
    void whatIsTooOldCountsNoMore();
    void aPoolThatIsStartedAgainGoesOn();
    void theClassicRuleHasNone();
};

void tst_ClientPoolLevels::aPoolBeginsWithWhatAnotherLearned()
{
    QByteArray text;
    {
        PeerScript farAway;
        farAway.delay = 300ms;
        TestPeer peer(farAway);
        ClientPool pool;
        configure(pool, peer, 2);
        pool.setMaximumCapacity(20);
        pool.start();
        QTRY_COMPARE(pool.active(), 2);
        QList<QFuture<TakeResult>> takes;
        for (int i = 0; i < 10; ++i)
            takes.append(pool.take());
        for (const auto &take : takes)
            VERIFY_TAKEN(await(take));
        QTRY_COMPARE(largest(pool.levels()), 10);
        text = pool.levels().toText();
    }
    LearningPool another;
    const auto levels = SizingLevels::fromText(text);
    QVERIFY(levels);
    QVERIFY(levels->dialTime >= 300ms);
    another.pool.setLevels(*levels);
    another.pool.start();
    QTRY_COMPARE(another.pool.active(), 11);
    QCOMPARE(another.pool.status().sizing.cause, SizingCause::Takes);
    VERIFY_COUNTERS(another.pool);
}

void tst_ClientPoolLevels::levelsBeforeTheStartComeBack()
{
    ClientPool pool;
    QVERIFY(pool.levels().isEmpty());
    SizingLevels levels = needed(1'000'000'000, -5s);
    levels.base = 3;
    pool.setLevels(levels);
    const SizingLevels back = pool.levels();
    QCOMPARE(largest(back), SizingLevels::maximumConnections);
    QVERIFY(back.levels.constFirst().age < 60s);
    QCOMPARE(back.base, 3);
    QVERIFY(std::abs(back.savedAt.msecsTo(QDateTime::currentDateTimeUtc())) < 60'000);
}

void tst_ClientPoolLevels::levelsCanBeSetWhileThePoolRuns()
{
    LearningPool learning;
    learning.pool.start();
    QTRY_COMPARE(learning.pool.active(), 2);
    learning.pool.setLevels(needed(9));
    QCOMPARE(largest(learning.pool.levels()), 9); // at once
    QTRY_COMPARE(learning.pool.active(), 10);
    QCOMPARE(largest(learning.pool.levels()), 9);
    // It is another value, not one more.
    learning.pool.setLevels(needed(4));
    QTRY_COMPARE(learning.pool.active(), 5);
}

void tst_ClientPoolLevels::nothingMakesItForget()
{
    LearningPool learning;
    learning.pool.setLevels(needed(9));
    learning.pool.start();
    QTRY_COMPARE(learning.pool.active(), 10);
    learning.pool.setLevels({});
    QTRY_COMPARE(learning.pool.active(), 2);
    QVERIFY(learning.pool.levels().levels.isEmpty());
}

void tst_ClientPoolLevels::theBoundsHold()
{
    LearningPool learning;
    learning.pool.setLevels(needed(1'000'000));
    learning.pool.start();
    QTRY_COMPARE(learning.pool.active(), 20);
    QCOMPARE(learning.pool.capacity(), 20);
    QCOMPARE(learning.pool.status().sizing.cause, SizingCause::Maximum);
}

void tst_ClientPoolLevels::whatIsTooOldCountsNoMore()
{
    LearningPool learning;
    SizingLevels levels = needed(9, 58s);
    levels.savedAt = levels.savedAt.addSecs(-3);
    learning.pool.setLevels(levels);
    learning.pool.start();
    QTRY_COMPARE(learning.pool.active(), 2);
    QVERIFY(!QTest::qWaitFor([&] { return learning.peer.accepted() > 2; }, 200));
    // And what is about to be goes in time.
    learning.pool.setLevels(needed(9, 57s));
    QTRY_COMPARE_WITH_TIMEOUT(learning.pool.status().evictedBy(EvictionCause::Surplus), 8, 10'000); // of 10
    QTRY_COMPARE(learning.pool.active(), 2);
}

void tst_ClientPoolLevels::aPoolThatIsStartedAgainGoesOn()
{
    LearningPool learning;
    learning.pool.setLevels(needed(9));
    learning.pool.start();
    QTRY_COMPARE(learning.pool.active(), 10);
    learning.pool.close();
    QCOMPARE(largest(learning.pool.levels()), 9);
    learning.pool.start();
    QTRY_COMPARE(learning.pool.active(), 10);
}

void tst_ClientPoolLevels::theClassicRuleHasNone()
{
    LearningPool learning;
    learning.pool.setSizingPolicy(SizingPolicy::Classic);
    learning.pool.setLevels(needed(9));
    learning.pool.start();
    QTRY_VERIFY(learning.pool.active() >= 2);
    QTRY_VERIFY(learning.pool.levels().isEmpty());
    QVERIFY(learning.pool.capacity() < 9);
}

QTEST_GUILESS_MAIN(tst_ClientPoolLevels)
#include "tst_clientpool_levels.moc"
