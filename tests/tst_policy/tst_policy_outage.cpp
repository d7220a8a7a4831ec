// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// How long a pool takes to come back when a dead link works again, in virtual time.

#include "policy/dialwindow.h"
#include "policy/retryschedule.h"

#include <QtTest/QTest>

#include <algorithm>
#include <random>
#include <vector>

using namespace Tidepool;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Time = RetrySchedule::Time;

namespace {

constexpr auto dialTimeout = 5s; // Timeouts::dial
constexpr auto dialTime = 300ms; // TLS, with a round trip of 100 ms

/// When a dial begun at @p begin is done, if the link works from @p linkUp on. A lost packet is sent again after 1 s,
/// and after 2 s more.
std::optional<Time> endOfDial(Time begin, Time linkUp)
{
    for (const Time sent : {begin, begin + 1s, begin + 3s}) {
        if (sent >= linkUp)
            return sent + dialTime;
    }
    return std::nullopt;
}

struct VirtualPool
{
    explicit VirtualPool(unsigned seed) : random(seed) {}

    /// How long after @p linkUp there are @p minimum connections.
    milliseconds comeBack(Time linkUp, int minimum)
    {
        std::optional<Time> done;
        while (!(done = endOfDial(now, linkUp))) {
            const Time begun = now;
            now += dialTimeout;
            window.failed(begun, now);
            (void)retries.failed(begun, {Phase::Dial, ErrorKind::Timeout, {}}, now, share(random));
            now = *retries.backoffEnds();
            ++attempts;
        }
        // All that are under way together end together.
        int made = 0;
        for (int underWay = 1; made < minimum; underWay = std::min(window.size(), minimum - made)) {
            for (int i = 0; i < underWay; ++i)
                window.succeeded({.at = now, .ahead = i}, *done, underWay - i);
            made += underWay;
            now = *done;
            done = now + dialTime;
        }
        return std::chrono::duration_cast<milliseconds>(now - linkUp);
    }

    Time now{1h};
    RetrySchedule retries;
    DialWindow window;
    std::mt19937 random;
    std::uniform_real_distribution<> share{0.0, 1.0};
    int attempts = 0;
};

} // namespace

class tst_PolicyOutage : public QObject
{
    Q_OBJECT

private slots:
    void comesBack_data();
    void comesBack();
    void whatWasWaitedCounts_data();
    void whatWasWaitedCounts();
};

void tst_PolicyOutage::comesBack_data()
{
    QTest::addColumn<milliseconds>("outage");
    QTest::addColumn<milliseconds>("median");
    QTest::addColumn<milliseconds>("nineOfTen");
    QTest::addColumn<milliseconds>("longest");
    QTest::newRow("20 s") << milliseconds(20s) << milliseconds(2'500ms) << milliseconds(3'500ms) << milliseconds(4s);
    QTest::newRow("150 s") << milliseconds(150s) << milliseconds(2'500ms) << milliseconds(3'500ms) << milliseconds(4s);
    QTest::newRow("1 h") << milliseconds(1h) << milliseconds(2'500ms) << milliseconds(3'500ms) << milliseconds(4s);
}

// Over many pools, whose link works again at any moment of their dials.
void tst_PolicyOutage::comesBack()
{
    QFETCH(const milliseconds, outage);
    QFETCH(const milliseconds, median);
    QFETCH(const milliseconds, nineOfTen);
    QFETCH(const milliseconds, longest);
    std::vector<milliseconds> times;
    for (unsigned seed = 0; seed < 1'000; ++seed) {
        VirtualPool pool(seed);
        const Time linkUp = pool.now + outage + milliseconds(seed * 11);
        times.push_back(pool.comeBack(linkUp, 8));
        QVERIFY(pool.attempts <= (outage + 11s) / dialTimeout + 1);
    }
    std::ranges::sort(times);
    qInfo("back after %lld ms (median), %lld ms (p90), %lld ms (at most)", static_cast<long long>(times[500].count()),
          static_cast<long long>(times[900].count()), static_cast<long long>(times.back().count()));
    QVERIFY(times[500] <= median);
    QVERIFY(times[900] <= nineOfTen);
    QVERIFY(times.back() <= longest);
}

void tst_PolicyOutage::whatWasWaitedCounts_data()
{
    QTest::addColumn<int>("failures");
    QTest::addColumn<milliseconds>("waited");
    QTest::addColumn<Phase>("phase");
    QTest::addColumn<ErrorKind>("kind");
    QTest::addColumn<milliseconds>("delay"); // the largest
    const auto row = [](const char *name, int failures, milliseconds waited, Phase phase, ErrorKind kind,
                        milliseconds delay) { QTest::newRow(name) << failures << waited << phase << kind << delay; };
    row("refused at once", 9, 1ms, Phase::Dial, ErrorKind::Refused, 10s);
    row("refused late", 9, 4s, Phase::Dial, ErrorKind::Refused, 10s);
    row("no answer", 9, 5s, Phase::Dial, ErrorKind::Timeout, 200ms);
    row("no answer, for a short time", 9, 1s, Phase::Dial, ErrorKind::Timeout, 8s);
    row("no answer, for longer than the delay", 9, 60s, Phase::Dial, ErrorKind::Timeout, 200ms);
    row("no answer, the first time", 1, 5s, Phase::Dial, ErrorKind::Timeout, 200ms);
    row("a router says after a while that nobody is there", 9, 3s, Phase::Dial, ErrorKind::Unreachable, 4s);
    row("there is no route", 9, 0s, Phase::Dial, ErrorKind::Unreachable, 10s);
    row("no name server answers", 9, 5s, Phase::Resolve, ErrorKind::Timeout, 200ms);
    row("the server is there, and its handshake hangs", 9, 5s, Phase::Handshake, ErrorKind::Timeout, 10s);
    row("the server is there, and sends no id", 9, 5s, Phase::Identify, ErrorKind::Timeout, 10s);
}

void tst_PolicyOutage::whatWasWaitedCounts()
{
    QFETCH(const int, failures);
    QFETCH(const milliseconds, waited);
    QFETCH(const Phase, phase);
    QFETCH(const ErrorKind, kind);
    QFETCH(const milliseconds, delay);
    RetrySchedule retries;
    Time now(1h);
    for (int i = 1; i <= failures; ++i) {
        const Time begun = now;
        now += waited;
        QVERIFY(retries.failed(begun, {phase, kind, {}}, now, 1.0));
        if (i == failures)
            QCOMPARE(*retries.backoffEnds() - now, delay);
        now = *retries.backoffEnds();
    }
}

QTEST_APPLESS_MAIN(tst_PolicyOutage)
#include "tst_policy_outage.moc"
