// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policy/ratelimit.h"
#include "policy/returnshare.h"
#include "policy/rounds.h"

#include <QtTest/QTest>

#include <vector>

using namespace Tidepool;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

/// A server that closes each connection after a while, and a pool that replaces them as the limit allows.
struct DyingServer
{
    milliseconds life{0}; ///< How long its connections live.
    milliseconds dialTime{10};
    int capacity = 64;
    int goodOneIn = 1'000'000; ///< These live for ever.
    int good = 0;
    int made = 0;
    int lost = 0;

    /// Lets @p time pass.
    void run(milliseconds time)
    {
        for (const auto end = now + time; now < end; now += 10ms) {
            limit.setSize(capacity, capacity - good - static_cast<int>(alive.size() + dials.size()));
            for (Clock::time_point &doneAt : dials) {
                if (doneAt > now)
                    continue;
                limit.made(now);
                if (++made % goodOneIn == 0)
                    ++good;
                else
                    alive.push_back(now);
            }
            std::erase_if(dials, [this](Clock::time_point doneAt) { return doneAt <= now; });
            std::erase_if(alive, [this](Clock::time_point madeAt) {
                if (now - madeAt < life)
                    return false;
                limit.lost(now - madeAt, now);
                ++lost;
                return true;
            });
            limit.advance(now, 0.5);
            const int missing = capacity - good - static_cast<int>(alive.size() + dials.size()) - limit.owed();
            for (int i = 0; i < missing; ++i)
                dials.push_back(now + dialTime);
        }
    }

    RateLimit limit = {};
    Clock::time_point now = Clock::time_point(1h);
    std::vector<Clock::time_point> dials = {};
    std::vector<Clock::time_point> alive = {};
};

} // namespace

/// The arithmetic of how much of what was lost is dialled again, and when.
class tst_PolicyRefill : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aDyingServerIsDialledLessAndLess_data();
    void aDyingServerIsDialledLessAndLess();
    void aRestartIsRefilledAtOnce();
    void aRestartIsNoTroubleHoweverManyThereWere();
    void takesDoNotKeepThePoolTroubled();
    void aSmallerCapacityEndsWhatIsOwed();
    void oldConnectionsCostNothing();
    void aHealedServerIsFilledInSteps();
    void aFewGoodOnesDoNotOpenTheGate();
    void aTakeAllowsOneMore();
    void nothingIsOwedAfterAReset();

    void aRoundDialsAgainWhatWasWithdrawn();
    void dialsOfAnAbandonedRound();

    void nothingReturnsNothingIsExpected();
    void theShareIsLearned();
    void whatIsHeldLongIsNotExpected();
};

void tst_PolicyRefill::aDyingServerIsDialledLessAndLess_data()
{
    QTest::addColumn<int>("lifeMs");
    QTest::addColumn<int>("inAMinute"); // beyond the first and the second filling
    QTest::newRow("closes at once") << 0 << 15;
    QTest::newRow("after 100 ms") << 100 << 15;
    QTest::newRow("after a second") << 1'000 << 15;
    QTest::newRow("after 4.9 s") << 4'900 << 15;
    QTest::newRow("after 5.1 s") << 5'100 << 15;
    QTest::newRow("after 9.9 s") << 9'900 << 15;
}

void tst_PolicyRefill::aDyingServerIsDialledLessAndLess()
{
    QFETCH(int, lifeMs);
    QFETCH(int, inAMinute);
    DyingServer server{milliseconds(lifeMs)};
    server.run(60s);
    QVERIFY2(server.made <= 2 * 64 + inAMinute, qPrintable(QString::number(server.made)));
    QVERIFY(server.limit.isTroubled());
    const int before = server.made;
    server.run(10min);
    QVERIFY2(server.made - before >= 10, "it must go on trying");
    // One after each delay, which is half of the cap of 10 s on average.
    QVERIFY2(server.made - before <= 120, qPrintable(QString::number(server.made - before)));
}

void tst_PolicyRefill::aRestartIsRefilledAtOnce()
{
    DyingServer server{24h};
    server.run(3s);
    QCOMPARE(server.alive.size(), 64U);
    server.life = 0ms; // all that are there
    server.run(10ms);
    server.life = 24h;
    server.run(30ms);
    QCOMPARE(server.alive.size(), 64U);
    QVERIFY(!server.limit.isTroubled());
}

// Replacements and a control connection are parked beside the capacity.
void tst_PolicyRefill::aRestartIsNoTroubleHoweverManyThereWere()
{
    RateLimit limit;
    Clock::time_point now(1h);
    limit.setSize(8, 8);
    for (int i = 0; i < 11; ++i)
        limit.made(now);
    now += 2s;
    limit.setSize(8, 8);
    for (int i = 0; i < 11; ++i)
        limit.lost(2s, now);
    QCOMPARE(limit.owed(), 0);
    QVERIFY(!limit.isTroubled());
    // What is made from now on is another matter.
    limit.made(now + 10ms);
    limit.lost(10ms, now + 20ms);
    QCOMPARE(limit.owed(), 1);
    QVERIFY(limit.isTroubled());
}

void tst_PolicyRefill::takesDoNotKeepThePoolTroubled()
{
    DyingServer server{0ms};
    server.run(5s);
    QVERIFY(server.limit.isTroubled());
    server.life = 24h;
    for (int i = 0; i < 100; ++i) {
        if (!server.alive.empty()) {
            server.alive.pop_back();
            server.limit.taken(1);
        }
        server.run(50ms);
    }
    QVERIFY(!server.limit.isTroubled());
    QCOMPARE(server.limit.owed(), 0);
}

// The Classic rule lowers the capacity in a quiet time: what is owed may not be missing any more.
void tst_PolicyRefill::aSmallerCapacityEndsWhatIsOwed()
{
    DyingServer server{0ms};
    server.capacity = 8;
    server.run(5s);
    QVERIFY(server.limit.isTroubled());
    server.life = 24h;
    server.capacity = 1;
    server.run(10s);
    QVERIFY(!server.limit.isTroubled());
    QCOMPARE(server.alive.size(), 1U);
    server.capacity = 8;
    server.run(10s);
    QCOMPARE(server.alive.size(), 8U);
}

void tst_PolicyRefill::oldConnectionsCostNothing()
{
    DyingServer server{RateLimit::lifeEnough};
    server.run(60s);
    QCOMPARE(server.alive.size(), 64U);
    QVERIFY(!server.limit.isTroubled());
}

void tst_PolicyRefill::aHealedServerIsFilledInSteps()
{
    DyingServer server{0ms};
    server.run(5s);
    server.life = 24h;
    // The delay that runs, of at most a few seconds, then 1, 4, 16 ... with a trial of 250 ms each.
    server.run(10s);
    QCOMPARE(server.alive.size(), 64U);
    QVERIFY(!server.limit.isTroubled());
}

// A load balancer with one good server among many bad ones: what lives does not pay for what dies.
void tst_PolicyRefill::aFewGoodOnesDoNotOpenTheGate()
{
    DyingServer server{0ms};
    server.goodOneIn = 16;
    server.run(60s);
    QVERIFY2(server.made <= 2 * 64 + 100, qPrintable(QString::number(server.made)));
}

void tst_PolicyRefill::aTakeAllowsOneMore()
{
    DyingServer server{0ms};
    server.run(60s);
    const int owed = server.limit.owed();
    QVERIFY(owed > 0);
    server.limit.taken(3);
    QCOMPARE(server.limit.owed(), owed - 3);
    server.limit.taken(1'000);
    QCOMPARE(server.limit.owed(), 0);
}

void tst_PolicyRefill::nothingIsOwedAfterAReset()
{
    DyingServer server{0ms};
    server.run(60s);
    server.limit.reset();
    QCOMPARE(server.limit.owed(), 0);
    QVERIFY(!server.limit.isTroubled());
    QVERIFY(server.limit.due() == Clock::time_point::max());
}

void tst_PolicyRefill::aRoundDialsAgainWhatWasWithdrawn()
{
    Rounds rounds;
    rounds.begin(2);
    const int first = rounds.dialBegun();
    const int second = rounds.dialBegun();
    rounds.dialWithdrawn(Rounds::none);
    QCOMPARE(rounds.left(), 0);
    rounds.dialWithdrawn(second);
    QCOMPARE(rounds.left(), 1);
    rounds.dialEnded(first, true);
    QVERIFY(rounds.isOver()); // nothing can be dialled just now
    rounds.dialEnded(rounds.dialBegun(), true);
    QVERIFY(rounds.isOver());
    QCOMPARE(rounds.end(), 2);
    rounds.begin(1);
    rounds.dialWithdrawn(first);
    QCOMPARE(rounds.left(), 1); // it was none of this round
}

void tst_PolicyRefill::dialsOfAnAbandonedRound()
{
    Rounds rounds;
    rounds.begin(1);
    const int late = rounds.dialBegun();
    rounds.abandon();
    QVERIFY(rounds.isOver());
    rounds.dialEnded(late, false);
    QCOMPARE(rounds.end(), 0);
    rounds.begin(1);
    const int next = rounds.dialBegun();
    QVERIFY(!rounds.isOver());
    rounds.dialEnded(next, true);
    QVERIFY(rounds.isOver());
}

void tst_PolicyRefill::nothingReturnsNothingIsExpected()
{
    ReturnShare share;
    QCOMPARE(share.expected(100), 0);
    for (int i = 0; i < 100; ++i)
        share.ended(false, 1s);
    QCOMPARE(share.expected(100), 0);
}

void tst_PolicyRefill::theShareIsLearned()
{
    ReturnShare share;
    share.ended(true, 10ms);
    QCOMPARE(share.expected(1), 1);
    QCOMPARE(share.expected(40), 40);
    share.ended(false, 10ms);
    QCOMPARE(share.expected(40), 20);
    for (int i = 0; i < 200; ++i)
        share.ended(i % 4 != 0, 10ms);
    const int of100 = share.expected(100);
    QVERIFY2(of100 >= 60 && of100 <= 90, qPrintable(QString::number(of100)));
    for (int i = 0; i < 100; ++i)
        share.ended(false, 10ms);
    QCOMPARE(share.expected(10), 0);
}

void tst_PolicyRefill::whatIsHeldLongIsNotExpected()
{
    ReturnShare share;
    QVERIFY(share.patience() == 1s);
    for (int i = 0; i < 100; ++i)
        share.ended(true, 2s);
    share.ended(false, 1h); // its time says nothing about those that return
    QVERIFY(share.patience() == 9s);
}

QTEST_APPLESS_MAIN(tst_PolicyRefill)
#include "tst_policy_refill.moc"
