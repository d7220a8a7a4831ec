// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policies.h"
#include "policy/classicsizing.h"
#include "policy/predictivesizing.h"
#include "simulation.h"

#include <QtTest/QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace Sim;

namespace {

constexpr double tenMinutes = 600;

/// The library's defaults: 8 to 64 connections.
Tidepool::Bounds bounds()
{
    return {};
}

Outcome play(const Trace &trace, Tidepool::Sizing &&sizing, double seconds = tenMinutes, double from = 0)
{
    return simulate(trace, sizing, {}, after(seconds), after(from));
}

/// The mean over several random seeds.
template <typename Metric>
double mean(const QString &name, double jitter, Metric metric)
{
    constexpr int seeds = 5;
    double sum = 0;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        TraceSettings settings;
        settings.jitter = jitter;
        settings.seed = seed;
        sum += metric(play(makeTrace(name, settings), Tidepool::PredictiveSizing(bounds())));
    }
    return sum / seeds;
}

double warm(const Outcome &outcome)
{
    return outcome.warmShare * 100;
}

double parked(const Outcome &outcome)
{
    return outcome.meanParked;
}

/// What the best static capacity reaches that keeps as many parked, between two capacities in proportion.
double frontier(const Trace &trace, double meanParked, double from)
{
    Outcome below = play(trace, StaticSizing(1), tenMinutes, from);
    for (int capacity = 2; capacity <= 128; ++capacity) {
        const Outcome above = play(trace, StaticSizing(capacity), tenMinutes, from);
        if (above.meanParked > meanParked) {
            const double part = (meanParked - below.meanParked) / (above.meanParked - below.meanParked);
            return warm(below) + std::clamp(part, 0.0, 1.0) * (warm(above) - warm(below));
        }
        below = above;
    }
    return warm(below);
}

} // namespace

/// Predictive sizing against traces, in virtual time. The metrics are the promise of docs/sizing.md.
class tst_SizingTraces : public QObject
{
    Q_OBJECT

private slots:
    void regularBurstsAreServedFromAlmostNothing();
    void burstsOutOfStepAreServedToo();
    void burstsAtRandomAreServedFromStock();
    void aColdStartLosesTheFirstBurstOnly();
    void isOnTheFrontier_data();
    void isOnTheFrontier();
    void theClairvoyantKeepsNothingAndMissesNothing();
    void aStaticCapacityKeepsWhatItSays();
    void steadyDemandDoesNotOscillate();
    void dialsThatShareAProcessorStayStable_data();
    void dialsThatShareAProcessorStayStable();
};

void tst_SizingTraces::regularBurstsAreServedFromAlmostNothing()
{
    const double share = mean(u"burst"_s, 0, warm);
    QVERIFY2(share >= 99.5, qPrintable(QString::number(share)));
    const double stock = mean(u"burst"_s, 0, parked);
    QVERIFY2(stock <= 12, qPrintable(QString::number(stock)));
}

void tst_SizingTraces::burstsOutOfStepAreServedToo()
{
    const double share = mean(u"burst"_s, 0.2, warm);
    QVERIFY2(share >= 99.3, qPrintable(QString::number(share)));
    const double stock = mean(u"burst"_s, 0.2, parked);
    QVERIFY2(stock <= 14, qPrintable(QString::number(stock)));
}

void tst_SizingTraces::burstsAtRandomAreServedFromStock()
{
    const double share = mean(u"random-burst"_s, 0, warm);
    QVERIFY2(share >= 97.5, qPrintable(QString::number(share)));
    const double stock = mean(u"random-burst"_s, 0, parked);
    QVERIFY2(stock <= 52, qPrintable(QString::number(stock)));
}

// The first burst is unknown: 33 of 500 takes, so 93 % is the most that 30 s can show.
void tst_SizingTraces::aColdStartLosesTheFirstBurstOnly()
{
    TraceSettings settings;
    settings.seconds = 30;
    const Outcome outcome = play(makeTrace(u"burst"_s, settings), Tidepool::PredictiveSizing(bounds()), 30);
    QVERIFY2(warm(outcome) >= 91, qPrintable(QString::number(warm(outcome))));
    QVERIFY2(parked(outcome) <= 38, qPrintable(QString::number(parked(outcome))));
}

void tst_SizingTraces::isOnTheFrontier_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"steady", "burst", "day", "ramp", "silence", "pareto"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

// After the first minute: within a point of the static capacity that keeps as much, and never under the Classic rule.
void tst_SizingTraces::isOnTheFrontier()
{
    QFETCH(QString, name);
    const Trace trace = makeTrace(name, {});
    const Outcome predictive = play(trace, Tidepool::PredictiveSizing(bounds()), tenMinutes, 60);
    const double best = frontier(trace, predictive.meanParked, 60);
    QVERIFY2(warm(predictive) >= best - 1, qPrintable(u"%1 against %2"_s.arg(warm(predictive)).arg(best)));
    const Outcome classic = play(trace, Tidepool::ClassicSizing(bounds()), tenMinutes, 60);
    QVERIFY2(warm(predictive) >= warm(classic),
             qPrintable(u"%1 against %2"_s.arg(warm(predictive)).arg(warm(classic))));
}

void tst_SizingTraces::theClairvoyantKeepsNothingAndMissesNothing()
{
    const Trace trace = makeTrace(u"random-burst"_s, {});
    const Outcome outcome = play(trace, ClairvoyantSizing(trace, Network().dialTime), tenMinutes, 1);
    QVERIFY2(warm(outcome) > 99.9, qPrintable(QString::number(warm(outcome))));
    QVERIFY2(parked(outcome) < 0.1, qPrintable(QString::number(parked(outcome))));
    QVERIFY(std::abs(outcome.dialsPerTake - 1) < 0.01);
}

void tst_SizingTraces::aStaticCapacityKeepsWhatItSays()
{
    const Outcome nobody = play({}, StaticSizing(7), 100, 1);
    QCOMPARE(nobody.takes, 0);
    QCOMPARE(nobody.meanParked, 7.0);
    // One take each second: its replacement takes 0.3 s.
    Trace trace;
    for (int i = 1; i <= 99; ++i)
        trace.push_back(after(i));
    const Outcome outcome = play(trace, StaticSizing(7), 100, 1);
    QVERIFY(std::abs(outcome.meanParked - 6.7) < 0.01);
    QCOMPARE(outcome.warmShare, 1.0);
    const Outcome none = play(trace, StaticSizing(0), 100, 1);
    QCOMPARE(none.warmShare, 0.0);
    QVERIFY(std::abs(none.waitP50 - 0.3) < 0.001);
}

void tst_SizingTraces::steadyDemandDoesNotOscillate()
{
    Tidepool::PredictiveSizing sizing(bounds());
    int changes = 0;
    int last = 0;
    for (const Time when : makeTrace(u"steady"_s, {})) {
        sizing.onTake(when);
        const int target = sizing.target(when);
        if (when > after(120) && target != last)
            ++changes;
        last = target;
    }
    QVERIFY2(changes < 40, qPrintable(QString::number(changes))); // in 480 s
}

void tst_SizingTraces::dialsThatShareAProcessorStayStable_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("dialMs");
    QTest::addColumn<int>("workMs");
    for (const char *name : {"steady", "burst", "random-burst", "ramp"}) {
        for (const int dialMs : {30, 300}) {
            for (const int workMs : {5, 20, 40, 50})
                QTest::addRow("%s, %d ms and %d ms of work", name, dialMs, workMs)
                    << QString::fromLatin1(name) << dialMs << workMs;
        }
    }
}

// The more dials at once, the slower each of them; and with slower dials, more takes count as made at once. With 50 ms
// of work, the dials of the trace burst need nine tenths of the processor.
void tst_SizingTraces::dialsThatShareAProcessorStayStable()
{
    QFETCH(QString, name);
    QFETCH(int, dialMs);
    QFETCH(int, workMs);
    const Trace trace = makeTrace(name, {});
    const Network network{std::chrono::milliseconds(dialMs), std::chrono::milliseconds(workMs)};
    Tidepool::PredictiveSizing predictive(bounds());
    const Outcome outcome = simulate(trace, predictive, network, after(tenMinutes));
    Tidepool::ClassicSizing classic(bounds());
    const Outcome other = simulate(trace, classic, network, after(tenMinutes));
    QVERIFY2(warm(outcome) >= warm(other), qPrintable(u"%1 against %2"_s.arg(warm(outcome)).arg(warm(other))));
    // Beyond one for each take: the stock, once in each window in which a spare connection is kept.
    const double takes = static_cast<double>(outcome.takes);
    const double stocks = tenMinutes / 60 * bounds().maximumCapacity;
    QVERIFY2(outcome.dialsPerTake * takes <= other.dialsPerTake * takes + stocks,
             qPrintable(u"%1 dials for each take against %2"_s.arg(outcome.dialsPerTake).arg(other.dialsPerTake)));
}

QTEST_APPLESS_MAIN(tst_SizingTraces)
#include "tst_sizing_traces.moc"
