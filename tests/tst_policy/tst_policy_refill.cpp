// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policy/dialwindow.h"
#include "policy/ratelimit.h"
#include "policy/returnshare.h"

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
            limit.setSize(capacity, capacity);
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

/// The arithmetic of how much is dialled, and when.
class tst_PolicyRefill : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aDyingServerIsDialledLessAndLess_data();
    void aDyingServerIsDialledLessAndLess();
    void aRestartIsRefilledAtOnce();
    void oldConnectionsCostNothing();
    void aHealedServerIsFilledInSteps();
    void aFewGoodOnesDoNotOpenTheGate();
    void aTakeAllowsOneMore();
    void nothingIsOwedAfterAReset();

    void aPoolOf64BeginsAtOnce();
    void oneGoesAheadAfterAFailure();
    void failuresTogetherCountOnce();
    void growsFastThenSlowly();
    void anOutageDoesNotNarrowIt();
    void slowDialsNarrowIt();
    void aSlowerRouteIsNoCongestion();
    void staysWithinItsMaximum();

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
    QVERIFY2(server.made - before <= 60, qPrintable(QString::number(server.made - before)));
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

void tst_PolicyRefill::aPoolOf64BeginsAtOnce()
{
    DialWindow window;
    window.setMaximum(64);
    QCOMPARE(window.size(), 64);
}

void tst_PolicyRefill::oneGoesAheadAfterAFailure()
{
    DialWindow window;
    Clock::time_point now(1h);
    window.failed(now, now + 10ms);
    QCOMPARE(window.size(), 1);
    window.succeeded(now + 20ms, now + 30ms, 1);
    QCOMPARE(window.size(), 2);
    window.succeeded(now + 30ms, now + 40ms, 2);
    window.succeeded(now + 30ms, now + 40ms, 3); // another was begun meanwhile
    QCOMPARE(window.size(), 4);
}

void tst_PolicyRefill::failuresTogetherCountOnce()
{
    DialWindow window;
    const Clock::time_point begun(1h);
    for (int i = 0; i < 64; ++i)
        window.failed(begun, begun + 10ms);
    // Half of what was too much is found again quickly.
    Clock::time_point now = begun + 20ms;
    for (int i = 0; i < 31; ++i)
        window.succeeded(now, now + 10ms, window.size());
    QCOMPARE(window.size(), 32);
}

void tst_PolicyRefill::growsFastThenSlowly()
{
    DialWindow window;
    const Clock::time_point begun(1h);
    window.failed(begun, begun + 10ms); // 64 was too much
    const Clock::time_point now = begun + 20ms;
    for (int i = 0; i < 31; ++i)
        window.succeeded(now, now + 10ms, window.size());
    QCOMPARE(window.size(), 32);
    for (int i = 0; i < 33; ++i)
        window.succeeded(now, now + 10ms, window.size());
    QVERIFY2(window.size() >= 32 && window.size() <= 33, "one more for a whole window");
    const int before = window.size();
    for (int i = 0; i < 100; ++i)
        window.succeeded(now, now + 10ms, 1);
    QCOMPARE(window.size(), before); // nobody needed more
}

// Dial after dial fails alone: that says nothing about how many are too much.
void tst_PolicyRefill::anOutageDoesNotNarrowIt()
{
    DialWindow window;
    Clock::time_point now(1h);
    for (int i = 0; i < 20; ++i) {
        window.failed(now, now + 5s);
        now += 10s;
    }
    for (int i = 0; i < 31; ++i)
        window.succeeded(now, now + 10ms, window.size());
    QCOMPARE(window.size(), 32);
}

// A server that accepts one after the other, 600 ms each, where 5 s are the limit.
void tst_PolicyRefill::slowDialsNarrowIt()
{
    DialWindow window;
    Clock::time_point now(1h);
    std::vector<Clock::time_point> queue;
    int timeouts = 0;
    int done = 0;
    for (; done < 200; ++done) {
        while (static_cast<int>(queue.size()) < window.size())
            queue.push_back(now);
        now += 600ms;
        std::erase_if(queue, [&](Clock::time_point begunAt) {
            if (now - begunAt < 5s)
                return false;
            window.failed(begunAt, now);
            ++timeouts;
            return true;
        });
        if (queue.empty())
            continue;
        window.succeeded(queue.front(), now, static_cast<int>(queue.size()));
        queue.erase(queue.begin());
    }
    // Those of the first attempt, and no more.
    QVERIFY2(timeouts <= 60, qPrintable(QString::number(timeouts)));
    QVERIFY2(window.size() <= 8, qPrintable(QString::number(window.size())));
}

void tst_PolicyRefill::aSlowerRouteIsNoCongestion()
{
    DialWindow window;
    Clock::time_point now(1h);
    for (int i = 0; i < 100; ++i)
        window.succeeded(now, now + 20ms, 64);
    for (int i = 0; i < 1'000; ++i) {
        now += 10ms;
        window.succeeded(now, now + 600ms, window.size());
    }
    QVERIFY2(window.size() >= 32, qPrintable(QString::number(window.size())));
}

void tst_PolicyRefill::staysWithinItsMaximum()
{
    DialWindow window;
    window.setMaximum(5);
    QCOMPARE(window.size(), 5);
    const Clock::time_point now(1h);
    for (int i = 0; i < 100; ++i)
        window.succeeded(now, now + 10ms, window.size());
    QCOMPARE(window.size(), 5);
    window.setMaximum(1'024);
    for (int i = 0; i < 2'000; ++i)
        window.succeeded(now, now + 10ms, window.size());
    QCOMPARE(window.size(), 1'024);
    window.setMaximum(0);
    QCOMPARE(window.size(), 1);
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
