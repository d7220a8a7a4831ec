// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policy/idlelifetime.h"

#include <QtTest/QTest>

using namespace Tidepool;
using namespace std::chrono_literals;

namespace {

struct Closing
{
    IdleLifetime::Clock::duration at;
    IdleLifetime::Clock::duration idle;
};
using Closings = QList<Closing>;
using Known = QList<qint64>;

constexpr IdleLifetime::Clock::time_point start{1h};

Closings closingsAt(const QList<std::chrono::seconds> &ages)
{
    Closings closings;
    for (const std::chrono::seconds age : ages)
        closings.append({closings.size() * 100s, age});
    return closings;
}

} // namespace

/// After how long without use connections are closed, from how they were closed.
class tst_PolicyIdle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void known_data();
    void known();
    void holdsForATime();
    void isForgotten();
};

void tst_PolicyIdle::known_data()
{
    QTest::addColumn<Closings>("closings");
    QTest::addColumn<Known>("known"); // seconds, half a minute after each, or when the next one comes
    QTest::newRow("three times") << closingsAt({60s, 62s, 61s, 60s}) << Known{0, 0, 60, 60};
    QTest::newRow("each later than the one before")
        << Closings{{0s, 60s}, {7s, 60s}, {14s, 60s}, {21s, 60s}} << Known{0, 0, 60, 60};
    QTest::newRow("ages that differ") << closingsAt({60s, 90s, 61s, 130s, 30s}) << Known{0, 0, 0, 0, 0};
    QTest::newRow("three of five") << closingsAt({60s, 90s, 61s, 130s, 60s}) << Known{0, 0, 0, 0, 60};
    QTest::newRow("three of six") << closingsAt({60s, 90s, 61s, 130s, 30s, 60s}) << Known{0, 0, 0, 0, 0, 0};
    QTest::newRow("used and unused differ")
        << closingsAt({75s, 75s, 75s, 60s, 60s, 75s, 60s}) << Known{0, 0, 75, 75, 75, 75, 60};
    QTest::newRow("a longer time is learned")
        << closingsAt({60s, 60s, 60s, 90s, 90s, 90s, 90s}) << Known{0, 0, 60, 60, 60, 90, 90};
    QTest::newRow("a little more or less is no news")
        << closingsAt({60s, 60s, 60s, 62s, 62s, 62s, 62s, 58s}) << Known{0, 0, 60, 60, 60, 60, 60, 60};
    QTest::newRow("one that dies young is no news") << closingsAt({60s, 60s, 60s, 0s, 60s}) << Known{0, 0, 60, 60, 60};
    QTest::newRow("all at once is once") << Closings{{0s, 60s}, {1s, 61s}, {3s, 60s}, {6s, 60s}} << Known{0, 0, 0, 0};
    QTest::newRow("of short times, too") << Closings{{0s, 12s}, {900ms, 12s}, {1s, 12s}} << Known{0, 0, 0};
    QTest::newRow("a restart ends the old and the young")
        << Closings{{0s, 60s}, {100s, 60s}, {200s, 60s}, {201s, 30s}, {300s, 60s}, {400s, 60s}}
        << Known{0, 0, 0, 0, 60, 60};
    QTest::newRow("the young and the old")
        << Closings{{0s, 30s}, {1s, 60s}, {100s, 30s}, {101s, 60s}, {200s, 30s}, {201s, 60s}, {300s, 60s}}
        << Known{0, 0, 0, 0, 0, 0, 0};
    QTest::newRow("a restart is no news")
        << Closings{{0s, 60s}, {100s, 60s}, {200s, 60s}, {300s, 20s}, {301s, 50s}} << Known{0, 0, 60, 60, 60};
    QTest::newRow("too young to be idle") << closingsAt({9s, 9s, 9s, 9s}) << Known{0, 0, 0, 0};
    QTest::newRow("too old to be of use")
        << Closings{{0s, 25h}, {50h, 25h}, {100h, 25h}, {150h, 25h}} << Known{0, 0, 0, 0};
}

void tst_PolicyIdle::known()
{
    QFETCH(Closings, closings);
    QFETCH(Known, known);
    IdleLifetime lifetime;
    Known found;
    for (qsizetype i = 0; i < closings.size(); ++i) {
        const Closing &closing = closings.at(i);
        lifetime.closed(closing.idle, start + closing.at);
        const auto before = lifetime.known();
        QVERIFY(lifetime.due() > start + closing.at);
        const bool isFollowed = i + 1 < closings.size();
        const auto next = isFollowed ? std::min(closings.at(i + 1).at, closing.at + 30s) : closing.at + 30s;
        const bool isNews = lifetime.settle(start + next);
        QCOMPARE(isNews, lifetime.known() != before);
        found.append(std::chrono::duration_cast<std::chrono::seconds>(lifetime.known()).count());
    }
    QCOMPARE(found, known);
}

void tst_PolicyIdle::holdsForATime()
{
    IdleLifetime lifetime;
    for (int i = 0; i < 3; ++i)
        lifetime.closed(60s, start + i * 100s);
    QVERIFY(lifetime.due() > start + 206s);
    QVERIFY(lifetime.settle(start + 207s));
    QVERIFY(lifetime.known() == 60s);
    QVERIFY(IdleLifetime::usable(lifetime.known()) == 48s);
    QVERIFY(lifetime.due() == start + 207s + 20min);
    QVERIFY(!lifetime.settle(start + 207s + 19min));
    QVERIFY(lifetime.settle(start + 207s + 20min));
    QVERIFY(lifetime.known() == 0s);
    QVERIFY(lifetime.due() == IdleLifetime::Clock::time_point::max());
    lifetime.closed(60s, start + 1h);
    QVERIFY2(!lifetime.settle(start + 2h), "what led to it counts no more");
}

void tst_PolicyIdle::isForgotten()
{
    IdleLifetime lifetime;
    for (int i = 0; i < 3; ++i)
        lifetime.closed(60s, start + i * 100s);
    QVERIFY(lifetime.settle(start + 300s));
    lifetime.forget();
    QVERIFY(lifetime.known() == 0s);
    QVERIFY(lifetime.due() == IdleLifetime::Clock::time_point::max());
    lifetime.closed(60s, start + 400s);
    QVERIFY(!lifetime.settle(start + 500s));
}

QTEST_GUILESS_MAIN(tst_PolicyIdle)
#include "tst_policy_idle.moc"
