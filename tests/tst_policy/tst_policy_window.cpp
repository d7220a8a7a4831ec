// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policy/dialwindow.h"

#include <QtTest/QTest>

#include <algorithm>
#include <random>
#include <vector>

using namespace Tidepool;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Time = DialWindow::Time;

namespace {

/// A server and the way to it.
struct Peer
{
    milliseconds transit{600}; ///< What a dial takes without the server's work.
    milliseconds work{300}; ///< The server's, for each.
    int workers = 1; ///< So many at a time; 0: all at once.
    double spread = 0; ///< By this share, the work of one may be more or less.
    double lost = 0; ///< This share of the dials loses a packet: a second more.
    double hanging = 0; ///< This share never gets an answer.
};

/// A pool that dials it, in virtual time.
class DialledPeer
{
public:
    explicit DialledPeer(const Peer &peer) : m_peer(peer) {}

    /// Lets @p time pass. The pool wants @p wanted connections at once, and then @p perSecond more.
    void run(milliseconds time, int wanted, double perSecond = 0)
    {
        m_wanted += wanted;
        for (const Time end = m_now + time; m_now < end; m_now += step) {
            m_owed += perSecond * std::chrono::duration<double>(step).count();
            m_wanted += static_cast<int>(m_owed);
            m_owed -= static_cast<int>(m_owed);
            serve();
            expire();
            while (m_wanted > 0 && static_cast<int>(m_dials.size()) < window.size())
                begin();
        }
    }

    void setPeer(const Peer &peer) { m_peer = peer; }
    [[nodiscard]] int missing() const { return m_wanted + static_cast<int>(m_dials.size()); }

    DialWindow window;
    int made = 0;
    int failed = 0;
    int withdrawn = 0;
    milliseconds longest{0}; ///< Dial that succeeded.

private:
    static constexpr milliseconds step{5};
    static constexpr milliseconds timeout{5'000};

    struct Dial
    {
        DialWindow::Begin begin;
        Time arrives; ///< At the server.
        std::optional<milliseconds> work; ///< Left to do, once the server has begun.
    };

    void begin()
    {
        --m_wanted;
        Time arrives = m_now + m_peer.transit;
        if (chance(m_peer.hanging))
            arrives = Time::max();
        else if (chance(m_peer.lost))
            arrives += 1s;
        m_dials.push_back({{m_now, static_cast<int>(m_dials.size())}, arrives, std::nullopt});
    }

    bool chance(double share) { return std::uniform_real_distribution(0.0, 1.0)(m_random) < share; }

    milliseconds workOfOne()
    {
        const double factor = std::uniform_real_distribution(1 - m_peer.spread, 1 + m_peer.spread)(m_random);
        return milliseconds(static_cast<int>(static_cast<double>(m_peer.work.count()) * factor));
    }

    void serve()
    {
        auto busy = std::ranges::count_if(m_dials, [](const Dial &dial) { return dial.work.has_value(); });
        for (size_t i = 0; i < m_dials.size();) {
            Dial &dial = m_dials[i];
            if (!dial.work && dial.arrives <= m_now && (m_peer.workers == 0 || busy < m_peer.workers)) {
                dial.work = workOfOne();
                ++busy;
            }
            if (dial.work && (*dial.work -= step) < 0ms)
                succeed(i);
            else
                ++i;
        }
    }

    void succeed(size_t place)
    {
        const DialWindow::Begin begun = m_dials[place].begin;
        window.succeeded(begun, m_now, static_cast<int>(m_dials.size()));
        m_dials.erase(m_dials.begin() + static_cast<std::ptrdiff_t>(place));
        ++made;
        longest = std::max(longest, std::chrono::duration_cast<milliseconds>(m_now - begun.at));
        std::vector<DialWindow::Waiting> waiting;
        for (const Dial &dial : m_dials)
            waiting.push_back({dial.begin.at, dial.begin.at + timeout - m_now});
        const auto hopeless = window.hopeless(waiting, m_now);
        for (auto it = hopeless.rbegin(); it != hopeless.rend(); ++it)
            m_dials.erase(m_dials.begin() + static_cast<std::ptrdiff_t>(*it));
        if (!hopeless.empty())
            window.withdrew(static_cast<int>(m_dials.size()), m_now);
        withdrawn += static_cast<int>(hopeless.size());
        m_wanted += static_cast<int>(hopeless.size());
    }

    void expire()
    {
        for (size_t i = 0; i < m_dials.size();) {
            if (m_now - m_dials[i].begin.at < timeout) {
                ++i;
                continue;
            }
            window.failed(m_dials[i].begin.at, m_now);
            m_dials.erase(m_dials.begin() + static_cast<std::ptrdiff_t>(i));
            ++failed;
            ++m_wanted;
        }
    }

    Peer m_peer;
    std::mt19937 m_random{1};
    Time m_now = Time(1h);
    std::vector<Dial> m_dials; // the oldest first
    int m_wanted = 0;
    double m_owed = 0;
};

QString told(const DialledPeer &peer)
{
    return QStringLiteral("made %1, failed %2, withdrawn %3, missing %4, window %5, longest %6 ms")
        .arg(peer.made)
        .arg(peer.failed)
        .arg(peer.withdrawn)
        .arg(peer.missing())
        .arg(peer.window.size())
        .arg(peer.longest.count());
}

constexpr int more = 1'000'000; // than there is time for

} // namespace

/// How many dials may be under way at once.
class tst_PolicyWindow : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aPoolOf64BeginsAtOnce();
    void oneGoesAheadAfterAFailure();
    void failuresTogetherCountOnce();
    void growsFastThenSlowly();
    void anOutageDoesNotNarrowIt();
    void staysWithinItsMaximum();

    void aNormalServerIsFilledInOneDialTime();
    void aSlowServerFailsNoDial_data();
    void aSlowServerFailsNoDial();
    void aBusyServerStaysBusy_data();
    void aBusyServerStaysBusy();
    void aSlowerRouteIsNoCongestion();
    void lostPacketsAreNoCongestion();
    void oneThatHangsIsAFailure();
    void whatWasOvertakenIsNotWithdrawn();
    void burstsDoNotBelieveTheirOwnQueue();
};

void tst_PolicyWindow::aPoolOf64BeginsAtOnce()
{
    DialWindow window;
    window.setMaximum(64);
    QCOMPARE(window.size(), 64);
}

void tst_PolicyWindow::oneGoesAheadAfterAFailure()
{
    DialWindow window;
    Time now(1h);
    window.failed(now, now + 10ms);
    QCOMPARE(window.size(), 1);
    window.succeeded({now + 20ms, 0}, now + 30ms, 1);
    QCOMPARE(window.size(), 2);
    window.succeeded({now + 30ms, 1}, now + 40ms, 2);
    window.succeeded({now + 30ms, 1}, now + 40ms, 3); // another was begun meanwhile
    QCOMPARE(window.size(), 4);
}

void tst_PolicyWindow::failuresTogetherCountOnce()
{
    DialWindow window;
    const Time begun(1h);
    for (int i = 0; i < 64; ++i)
        window.failed(begun, begun + 10ms);
    // Half of what was too much is found again quickly.
    Time now = begun + 20ms;
    for (int i = 0; i < 31; ++i)
        window.succeeded({now, 1}, now + 10ms, window.size());
    QCOMPARE(window.size(), 32);
}

void tst_PolicyWindow::growsFastThenSlowly()
{
    DialWindow window;
    const Time begun(1h);
    window.failed(begun, begun + 10ms); // 64 was too much
    const Time now = begun + 20ms;
    for (int i = 0; i < 31; ++i)
        window.succeeded({now, 1}, now + 10ms, window.size());
    QCOMPARE(window.size(), 32);
    for (int i = 0; i < 33; ++i)
        window.succeeded({now, 1}, now + 10ms, window.size());
    QVERIFY2(window.size() >= 32 && window.size() <= 33, "one more for a whole window");
    const int before = window.size();
    for (int i = 0; i < 100; ++i)
        window.succeeded({now, 1}, now + 10ms, 1);
    QCOMPARE(window.size(), before); // nobody needed more
}

// Dial after dial fails alone: that says nothing about how many are too much.
void tst_PolicyWindow::anOutageDoesNotNarrowIt()
{
    DialWindow window;
    Time now(1h);
    for (int i = 0; i < 20; ++i) {
        window.failed(now, now + 5s);
        now += 10s;
    }
    for (int i = 0; i < 31; ++i)
        window.succeeded({now, 1}, now + 10ms, window.size());
    QCOMPARE(window.size(), 32);
}

void tst_PolicyWindow::staysWithinItsMaximum()
{
    DialWindow window;
    window.setMaximum(5);
    QCOMPARE(window.size(), 5);
    const Time now(1h);
    for (int i = 0; i < 100; ++i)
        window.succeeded({now, 1}, now + 10ms, window.size());
    QCOMPARE(window.size(), 5);
    window.setMaximum(1'024);
    for (int i = 0; i < 2'000; ++i)
        window.succeeded({now, 1}, now + 10ms, window.size());
    QCOMPARE(window.size(), 1'024);
    window.setMaximum(0);
    QCOMPARE(window.size(), 1);
}

void tst_PolicyWindow::aNormalServerIsFilledInOneDialTime()
{
    DialledPeer peer({.work = 10ms, .workers = 0});
    peer.run(650ms, 64);
    QVERIFY2(peer.made == 64 && peer.withdrawn == 0, qPrintable(told(peer)));
    QCOMPARE(peer.window.size(), 64);
}

void tst_PolicyWindow::aSlowServerFailsNoDial_data()
{
    QTest::addColumn<int>("workMs");
    QTest::addColumn<int>("transitMs");
    QTest::addColumn<double>("spread");
    QTest::newRow("20 ms each") << 20 << 600 << 0.0;
    QTest::newRow("50 ms each") << 50 << 600 << 0.0;
    QTest::newRow("50 ms each, nearby") << 50 << 0 << 0.0;
    QTest::newRow("100 ms each") << 100 << 600 << 0.0;
    QTest::newRow("100 ms each, nearby") << 100 << 0 << 0.0;
    QTest::newRow("a round trip of 300 ms each") << 300 << 600 << 0.0;
    QTest::newRow("300 ms each, nearby") << 300 << 0 << 0.0;
    QTest::newRow("300 ms each, more or less") << 300 << 600 << 0.5;
    QTest::newRow("a second each") << 1'000 << 600 << 0.0;
}

// It works at one dial after the other, and each dial may take 5 s. The first fill, and then more than it can do.
void tst_PolicyWindow::aSlowServerFailsNoDial()
{
    QFETCH(int, workMs);
    QFETCH(int, transitMs);
    QFETCH(double, spread);
    DialledPeer peer({.transit = milliseconds(transitMs), .work = milliseconds(workMs), .spread = spread});
    // It never waits for a dial for long.
    peer.run(milliseconds(transitMs) + 64 * milliseconds(workMs) * 13 / 10 + 1s, 64);
    QVERIFY2(peer.failed == 0 && peer.made == 64, qPrintable(told(peer)));
    peer.run(300s, more);
    QVERIFY2(peer.failed == 0, qPrintable(told(peer)));
    QVERIFY2(peer.withdrawn <= 100, qPrintable(told(peer)));
}

void tst_PolicyWindow::aBusyServerStaysBusy_data()
{
    QTest::addColumn<int>("workMs");
    QTest::addColumn<int>("workers");
    QTest::newRow("one at a time, 50 ms") << 50 << 1;
    QTest::newRow("one at a time, 300 ms") << 300 << 1;
    QTest::newRow("one at a time, a second") << 1'000 << 1;
    QTest::newRow("four at a time, 300 ms") << 300 << 4;
}

// After the first minute, dials wait for no longer than is needed to keep it busy, however long it goes on.
void tst_PolicyWindow::aBusyServerStaysBusy()
{
    QFETCH(int, workMs);
    QFETCH(int, workers);
    DialledPeer peer({.work = milliseconds(workMs), .workers = workers});
    peer.run(60s, more);
    const int before = peer.made;
    peer.longest = 0ms;
    peer.run(600s, more);
    const int most = 600'000 * workers / workMs;
    QVERIFY2(peer.made - before >= most * 8 / 10, qPrintable(told(peer)));
    // Slow is twice the time of a dial with nobody before it, and 250 ms; then it takes a dial time to hear of it.
    const auto slow = 2 * milliseconds(600 + workMs) + 250ms;
    QVERIFY2(peer.longest <= slow * 15 / 10, qPrintable(told(peer)));
    QCOMPARE(peer.failed, 0);
}

// There, many at once are no slower than one.
void tst_PolicyWindow::aSlowerRouteIsNoCongestion()
{
    DialledPeer peer({.transit = 20ms, .work = 10ms, .workers = 0});
    peer.run(60s, 64, 20);
    peer.setPeer({.transit = 1'200ms, .work = 10ms, .workers = 0});
    peer.run(10s, 0, 20);
    QVERIFY2(peer.missing() <= 20 * 1.2 * 1.5, qPrintable(told(peer)));
    QVERIFY2(peer.window.size() >= 32, qPrintable(told(peer)));
    // What was learned there does not stay: the next one is a queue.
    peer.setPeer({.transit = 20ms, .work = 10ms, .workers = 0});
    peer.run(10s, 0, 20);
    peer.setPeer({.transit = 20ms, .work = 300ms});
    peer.run(60s, 128);
    QVERIFY2(peer.failed == 0, qPrintable(told(peer)));
}

void tst_PolicyWindow::lostPacketsAreNoCongestion()
{
    DialledPeer peer({.transit = 100ms, .work = 10ms, .workers = 0, .lost = 0.05});
    for (int i = 0; i < 30; ++i)
        peer.run(5s, 40, 10);
    QVERIFY2(peer.withdrawn == 0 && peer.failed == 0, qPrintable(told(peer)));
    QVERIFY2(peer.window.size() >= 40, qPrintable(told(peer)));
}

// Half of the servers behind one address are dead. That must be seen.
void tst_PolicyWindow::oneThatHangsIsAFailure()
{
    DialledPeer peer({.transit = 100ms, .work = 10ms, .workers = 0, .hanging = 0.5});
    peer.run(20s, 64, 5);
    QVERIFY2(peer.failed >= 20 && peer.withdrawn == 0, qPrintable(told(peer)));
}

void tst_PolicyWindow::whatWasOvertakenIsNotWithdrawn()
{
    DialWindow window;
    const Time begun(1h);
    for (int i = 1; i <= 4; ++i)
        window.succeeded({begun, 4}, begun + i * 1s, 5);
    const Time now = begun + 4s;
    const auto oneSecond = DialWindow::Duration(1s);
    // It is the next to succeed, in a second or so.
    QCOMPARE(window.hopeless({{begun, oneSecond}}, now).size(), 1U);
    QCOMPARE(window.hopeless({{begun, 2 * oneSecond}}, now).size(), 0U);
    QCOMPARE(window.hopeless({{begun, 2 * oneSecond}, {begun, 2 * oneSecond}}, now), std::vector<size_t>{1});
    // One that was begun a moment ago has seen no pace yet.
    QCOMPARE(window.hopeless({{now - 900ms, oneSecond / 10}}, now).size(), 0U);
    window.succeeded({begun + 2s, 4}, now, 5);
    QCOMPARE(window.hopeless({{begun, oneSecond}}, now).size(), 0U);
}

// The last of a burst has nobody beside it when it ends, but it had many before it.
void tst_PolicyWindow::burstsDoNotBelieveTheirOwnQueue()
{
    DialWindow window;
    Time now(1h);
    window.succeeded({now, 0}, now + 900ms, 12);
    window.succeeded({now, 11}, now + 4'200ms, 1);
    now += 10s;
    window.succeeded({now, 0}, now + 2'500ms, 6); // slow, beside 900 ms
    QCOMPARE(window.size(), 8);
}

QTEST_APPLESS_MAIN(tst_PolicyWindow)
#include "tst_policy_window.moc"
