// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policy/expectations.h"
#include "policy/predictivesizing.h"

#include <QtTest/QTest>

#include <random>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;

namespace {

constexpr Sizing::Time start{};

Bounds boundsOf(int minimum, int maximum)
{
    Bounds bounds;
    bounds.minimumCapacity = minimum;
    bounds.maximumCapacity = maximum;
    return bounds;
}

/// @p count takes at once.
void takeAtOnce(Sizing &sizing, Sizing::Time when, int count)
{
    for (int i = 0; i < count; ++i)
        sizing.onTake(when);
}

/// The level that a calendar sees when @p count take at once.
void burstAt(BurstCalendar &calendar, Sizing::Time when, int count)
{
    for (int i = 1; i <= count; ++i)
        calendar.onTake(when, i, 300ms);
}

} // namespace

/// The arithmetic of predictive sizing, step by step, with times chosen by hand.
class tst_Sizing : public QObject
{
    Q_OBJECT

private slots:
    void dialTimeIsThe90thPercentile();
    void dialTimeIsBounded();
    void dialsThatWaitCountForFourQuickOnes();
    void slowDialsRaiseTheTargetOnlySoFar();
    void takesAreCountedWithinOneDialTime();
    void whatIsGivenBackIsNotCounted();
    void theLargestAnnouncementIsExpected();
    void targetCoversWhatIsLent();
    void saysWhyTheCapacityIsWhatItIs_data();
    void saysWhyTheCapacityIsWhatItIs();
    void expectsTheNextBurst();
    void levelsAreRememberedForTheWindow();
    void aHigherLevelCoversTheLowerOnes();
    void threeEqualGapsMakeAPeriod();
    void irregularBurstsMakeNoPeriod();
    void aSmallGroupBetweenBurstsDoesNotCount();
    void aBurstThatDoesNotComeEndsTheRest();
    void targetFollowsTheTakesOfTheLastMinute();
    void targetRestsBetweenRegularBursts();
    void targetStaysWithinTheBounds();
    void targetNeverFallsBecauseOfATake();
    void nextChangeIsInTheFuture();
    void nextChangeIsNeverMissed();
};

void tst_Sizing::dialTimeIsThe90thPercentile()
{
    DialTimes times;
    QCOMPARE(times.p90(), DialTimes::Duration(300ms));
    for (int i = 1; i <= 10; ++i)
        times.add(start, i * 10ms);
    QCOMPARE(times.p90(), DialTimes::Duration(90ms));
    for (int i = 0; i < 32; ++i)
        times.add(start, 50ms);
    QCOMPARE(times.p90(), DialTimes::Duration(50ms)); // the old ones are forgotten
}

void tst_Sizing::dialTimeIsBounded()
{
    DialTimes quick;
    for (int i = 0; i < 32; ++i)
        quick.add(start, 0ms);
    QCOMPARE(quick.p90(), DialTimes::Duration(DialTimes::shortest));
    DialTimes slow;
    for (int i = 0; i < 32; ++i)
        slow.add(start, DialTimes::Duration::max());
    QCOMPARE(slow.p90(), DialTimes::Duration(DialTimes::longest));
}

void tst_Sizing::dialsThatWaitCountForFourQuickOnes()
{
    DialTimes times;
    times.add(start, 800ms);
    for (int i = 0; i < 32; ++i)
        times.add(start, 8s);
    QCOMPARE(times.p90(), DialTimes::Duration(3'200ms));
    times.add(start + 1s, 100ms);
    QCOMPARE(times.p90(), DialTimes::Duration(DialTimes::alwaysCounted));
    // The route has become slower.
    times.add(start + 121s, 6s);
    QCOMPARE(times.p90(), DialTimes::Duration(DialTimes::alwaysCounted));
    times.add(start + 242s, 6s);
    QCOMPARE(times.p90(), DialTimes::Duration(8s));
    // So does a long silence.
    times.add(start + 243s, 100ms);
    QCOMPARE(times.p90(), DialTimes::Duration(DialTimes::alwaysCounted));
    times.add(start + 1h, 6s);
    QCOMPARE(times.p90(), DialTimes::Duration(8s));
}

// A machine without a processor to spare: what is needed does not follow what dials take there.
void tst_Sizing::slowDialsRaiseTheTargetOnlySoFar()
{
    PredictiveSizing sizing(boundsOf(1, 64));
    sizing.onDialEnded(start, 100ms);
    Sizing::Time now = start;
    for (int i = 0; i < 300; ++i) {
        sizing.onTake(now);
        sizing.onDialEnded(now, std::min<std::chrono::milliseconds>(100ms + i * 100ms, 9s));
        now += 200ms;
    }
    QCOMPARE(sizing.target(now), 11); // five a second, two seconds
}

void tst_Sizing::takesAreCountedWithinOneDialTime()
{
    TakeWindow window;
    QCOMPARE(window.add(start, 300ms), 1);
    QCOMPARE(window.add(start + 100ms, 300ms), 2);
    QCOMPARE(window.add(start + 290ms, 300ms), 3);
    QCOMPARE(window.add(start + 300ms, 300ms), 3); // the first one's replacement is there
    QCOMPARE(window.count(start + 590ms, 300ms), 1);
    QCOMPARE(window.count(start + 600ms, 300ms), 0);
}

void tst_Sizing::whatIsGivenBackIsNotCounted()
{
    TakeWindow window;
    QCOMPARE(window.add(start, 300ms), 1);
    QCOMPARE(window.add(start + 100ms, 300ms), 2);
    window.giveBack(1);
    QCOMPARE(window.count(start + 100ms, 300ms), 1);
    QCOMPARE(window.count(start + 350ms, 300ms), 1); // the older one is the one that is back
    window.giveBack(5);
    QCOMPARE(window.count(start + 350ms, 300ms), 0);
    QCOMPARE(window.add(start + 360ms, 300ms), 1);
}

void tst_Sizing::theLargestAnnouncementIsExpected()
{
    Expectations expected;
    QCOMPARE(expected.count(start), 0);
    QCOMPARE(expected.nextChange(start), Sizing::Time::max());
    expected.add(5, start + 10s);
    expected.add(8, start + 2s);
    expected.add(8, start + 2s); // again
    expected.add(3, start + 1s); // less and earlier
    expected.add(0, start + 60s);
    QCOMPARE(expected.count(start), 8);
    QCOMPARE(expected.nextChange(start), start + 2s);
    expected.onTake();
    QCOMPARE(expected.count(start + 1s), 7);
    QCOMPARE(expected.count(start + 2s), 4);
    QCOMPARE(expected.nextChange(start + 2s), start + 10s);
    for (int i = 0; i < 4; ++i)
        expected.onTake();
    QCOMPARE(expected.nextChange(start + 2s), Sizing::Time::max());
    for (int i = 1; i <= 1'000; ++i)
        expected.add(1'001 - i, start + i * 1s);
    QCOMPARE(expected.count(start), 1'000);
}

// With takes that are given back, as many as are out at once, and one spare.
void tst_Sizing::targetCoversWhatIsLent()
{
    PredictiveSizing sizing(boundsOf(1, 64));
    for (int i = 0; i < 100; ++i) {
        sizing.onTake(start + i * 10ms);
        sizing.onGivenBack(start + i * 10ms, 1, 12);
    }
    QCOMPARE(sizing.target(start + 1s), 13);
    QCOMPARE(sizing.reason(start + 1s).needed, 12);
}

void tst_Sizing::saysWhyTheCapacityIsWhatItIs_data()
{
    QTest::addColumn<int>("capacity");
    QTest::addColumn<SizingReason>("reason");
    QTest::addColumn<QString>("sentence");
    SizingReason reason;
    reason.cause = SizingCause::Takes;
    reason.needed = 33;
    reason.spareWindow = 60s;
    reason.nextBurst = 2'100ms;
    QTest::newRow("takes, a burst ahead") << 34 << reason
                                          << u"34: up to 33 were taken within one dial time in the last 60 s; "
                                             "the next burst is expected in 2.1 s"_s;
    reason.nextBurst = -1ms;
    reason.spareWindow = 1'500ms;
    QTest::newRow("takes") << 34 << reason << u"34: up to 33 were taken within one dial time in the last 1.5 s"_s;
    reason.cause = SizingCause::Minimum;
    reason.needed = 0;
    QTest::newRow("minimum") << 8 << reason
                             << u"8: the minimum; up to 0 were taken within one dial time in the last 1.5 s"_s;
    reason.cause = SizingCause::Maximum;
    reason.needed = 90;
    QTest::newRow("maximum") << 64 << reason
                             << u"64: the maximum; up to 90 were taken within one dial time in the last 1.5 s"_s;
    reason.cause = SizingCause::BetweenBursts;
    reason.needed = 4;
    reason.nextBurst = 12s;
    QTest::newRow("between bursts")
        << 8 << reason
        << u"8: up to 4 were taken within one dial time, outside bursts, in the last 1.5 s; "
           "the next burst is expected in 12 s"_s;
    reason.cause = SizingCause::BurstDue;
    reason.burstSize = 42;
    reason.nextBurst = 300ms;
    QTest::newRow("burst due") << 43 << reason << u"43: a burst of up to 42 is due; it is expected in 0.3 s"_s;
    reason = {};
    reason.cause = SizingCause::Announced;
    reason.announced = 9;
    QTest::newRow("announced") << 9 << reason << u"9: 9 takes are announced"_s;
}

void tst_Sizing::saysWhyTheCapacityIsWhatItIs()
{
    QFETCH(int, capacity);
    QFETCH(SizingReason, reason);
    QFETCH(QString, sentence);
    PoolStatus status;
    status.capacity = capacity;
    status.interval = 1s;
    status.sizing = reason;
    QCOMPARE(status.sizingText(), sentence);
}

void tst_Sizing::expectsTheNextBurst()
{
    PredictiveSizing sizing(boundsOf(1, 64));
    for (int i = 0; i < 5; ++i)
        takeAtOnce(sizing, start + i * 5s, 20);
    const auto now = start + 22s;
    QCOMPARE(sizing.reason(now).cause, SizingCause::BetweenBursts);
    QCOMPARE(sizing.reason(now).burstSize, 20);
    QVERIFY(sizing.nextBurst(now).has_value());
    QVERIFY(*sizing.nextBurst(now) > start + 24900ms && *sizing.nextBurst(now) < start + 25100ms);
    QCOMPARE(sizing.reason(start + 24900ms).cause, SizingCause::BurstDue);
    QVERIFY(!sizing.nextBurst(start + 26s).has_value()); // it did not come
    QCOMPARE(sizing.reason(start + 26s).cause, SizingCause::Takes);
}

void tst_Sizing::levelsAreRememberedForTheWindow()
{
    Levels levels;
    QCOMPARE(levels.nextFall(start, 60s), Sizing::Time::max());
    levels.need(5, start);
    levels.need(2, start + 10s);
    QCOMPARE(levels.needed(start + 59s, 60s), 5);
    QCOMPARE(levels.nextFall(start + 59s, 60s), start + 60s);
    QCOMPARE(levels.needed(start + 60s, 60s), 2);
    QCOMPARE(levels.nextFall(start + 60s, 60s), start + 70s);
    QCOMPARE(levels.needed(start + 70s, 60s), 0);
}

void tst_Sizing::aHigherLevelCoversTheLowerOnes()
{
    Levels levels;
    levels.need(3, start);
    levels.need(7, start + 1s);
    levels.need(4, start + 2s);
    const std::vector<Levels::Mark> expected{{7, start + 1s}, {4, start + 2s}};
    QCOMPARE(levels.marks(start + 2s, 60s), expected);
}

void tst_Sizing::threeEqualGapsMakeAPeriod()
{
    BurstCalendar calendar;
    for (int i = 0; i < 3; ++i)
        burstAt(calendar, start + i * 5s, 40);
    QCOMPARE(calendar.advice(start + 11s, 300ms), BurstCalendar::Advice::Unknown); // two gaps
    burstAt(calendar, start + 15s, 40);
    QCOMPARE(calendar.advice(start + 16s, 300ms), BurstCalendar::Advice::Rest);
    QVERIFY(calendar.nextBurst());
    QVERIFY(std::chrono::abs(*calendar.nextBurst() - (start + 20s)) < 1ms);
    QCOMPARE(calendar.size(), 40);
    // Ready in time: a guard of 5 % of the period, and 1.3 dial times, before.
    const auto readyAt = calendar.nextChange(start + 16s, 300ms);
    QVERIFY(std::chrono::abs(readyAt - (start + 20s - 250ms - 390ms)) < 1ms);
    QCOMPARE(calendar.advice(readyAt, 300ms), BurstCalendar::Advice::Ready);
}

void tst_Sizing::irregularBurstsMakeNoPeriod()
{
    BurstCalendar calendar;
    for (const auto when : {0s, 3s, 11s, 13s, 20s, 31s})
        burstAt(calendar, start + when, 40);
    QCOMPARE(calendar.advice(start + 32s, 300ms), BurstCalendar::Advice::Unknown);
}

void tst_Sizing::aSmallGroupBetweenBurstsDoesNotCount()
{
    BurstCalendar calendar;
    for (int i = 0; i < 5; ++i) {
        burstAt(calendar, start + i * 5s, 40);
        burstAt(calendar, start + i * 5s + 2s + i * 300ms, 8);
    }
    QCOMPARE(calendar.advice(start + 24s, 300ms), BurstCalendar::Advice::Rest);
    QVERIFY(std::chrono::abs(*calendar.nextBurst() - (start + 25s)) < 1ms);
}

void tst_Sizing::aBurstThatDoesNotComeEndsTheRest()
{
    BurstCalendar calendar;
    for (int i = 0; i < 5; ++i)
        burstAt(calendar, start + i * 5s, 40);
    QCOMPARE(calendar.advice(start + 25s + 200ms, 300ms), BurstCalendar::Advice::Ready);
    QCOMPARE(calendar.advice(start + 26s, 300ms), BurstCalendar::Advice::Unknown);
    QCOMPARE(calendar.advice(start + 90s, 300ms), BurstCalendar::Advice::Unknown);
    QVERIFY(!calendar.nextBurst()); // forgotten
}

void tst_Sizing::targetFollowsTheTakesOfTheLastMinute()
{
    PredictiveSizing sizing(boundsOf(1, 64));
    QCOMPARE(sizing.target(start), 1);
    takeAtOnce(sizing, start + 1s, 9);
    QCOMPARE(sizing.target(start + 1s), 10); // one more than was needed
    QCOMPARE(sizing.target(start + 60s), 10);
    QCOMPARE(sizing.nextChange(start + 60s), start + 61s);
    QCOMPARE(sizing.target(start + 61s), 1);
}

void tst_Sizing::targetRestsBetweenRegularBursts()
{
    PredictiveSizing sizing(boundsOf(1, 64));
    for (int i = 0; i < 6; ++i)
        takeAtOnce(sizing, start + i * 5s, 30);
    QCOMPARE(sizing.target(start + 26s), 1);
    QCOMPARE(sizing.surplusAbove(start + 26s), 31); // what is parked may stay
    QCOMPARE(sizing.target(start + 29500ms), 31);
    takeAtOnce(sizing, start + 30s, 30);
    QCOMPARE(sizing.target(start + 30s), 1); // not refilled for a burst that is over
}

void tst_Sizing::targetStaysWithinTheBounds()
{
    PredictiveSizing sizing(boundsOf(4, 12));
    QCOMPARE(sizing.target(start), 4);
    takeAtOnce(sizing, start + 1s, 100'000);
    QCOMPARE(sizing.target(start + 1s), 12);
    QCOMPARE(sizing.surplusAbove(start + 1s), 12);
    QCOMPARE(sizing.target(start + 24h), 4);
}

// Outside a burst, one more take never lowers the target.
void tst_Sizing::targetNeverFallsBecauseOfATake()
{
    std::mt19937 random(1);
    std::exponential_distribution<double> gap(20);
    PredictiveSizing sizing(boundsOf(1, 64));
    Sizing::Time now = start;
    int before = sizing.target(now);
    for (int i = 0; i < 20'000; ++i) {
        now += std::chrono::duration_cast<Sizing::Clock::duration>(std::chrono::duration<double>(gap(random)));
        before = sizing.target(now);
        sizing.onTake(now);
        QVERIFY(sizing.target(now) >= before);
    }
}

// A change in the past would be looked for again and again.
void tst_Sizing::nextChangeIsInTheFuture()
{
    std::mt19937 random(3);
    std::exponential_distribution<double> gap(0.5);
    PredictiveSizing sizing(boundsOf(1, 64));
    Sizing::Time now = start;
    for (int i = 0; i < 2'000; ++i) {
        takeAtOnce(sizing, now, random() % 3 == 0 ? 30 : 3);
        QVERIFY(sizing.nextChange(now) > now);
        now += std::chrono::duration_cast<Sizing::Clock::duration>(std::chrono::duration<double>(gap(random)));
        QVERIFY(sizing.nextChange(now) > now);
    }
}

// Whoever looks again only when nextChange() says so sees every change.
void tst_Sizing::nextChangeIsNeverMissed()
{
    PredictiveSizing sizing(boundsOf(1, 64));
    std::mt19937 random(2);
    Sizing::Time now = start;
    int checked = 0;
    for (int i = 0; i < 40; ++i) {
        takeAtOnce(sizing, now, i % 5 == 4 ? 30 : static_cast<int>(random() % 4));
        const auto next = sizing.nextChange(now);
        QVERIFY(next > now);
        const int target = sizing.target(now);
        const int surplusAbove = sizing.surplusAbove(now);
        const auto until = std::min(next, now + 1s);
        for (auto t = now; t < until; t += 50ms, ++checked) {
            QCOMPARE(sizing.target(t), target);
            QCOMPARE(sizing.surplusAbove(t), surplusAbove);
        }
        now += 1s;
    }
    QVERIFY(checked > 100);
}

QTEST_APPLESS_MAIN(tst_Sizing)
#include "tst_sizing.moc"
