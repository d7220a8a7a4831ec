// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Whatever duration somebody sets, the pool works with one that makes sense, and says which.

#include "support/poolhelpers.h"

#include <functional>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {
using Set = std::function<void(ClientPool &, milliseconds)>;
using Get = std::function<milliseconds(const ClientPool &)>;

constexpr milliseconds longest = 24h * 24;

/// Of a settings value of the pool.
template <typename Value, typename Duration>
std::pair<Set, Get> field(Value (Pool::*get)() const, void (Pool::*set)(const Value &), Duration Value::*member)
{
    return {[=](ClientPool &pool, milliseconds duration) {
                Value value = (pool.*get)();
                if (duration == milliseconds::max() || duration == milliseconds::min())
                    value.*member = duration == milliseconds::max() ? Duration::max() : Duration::min();
                else
                    value.*member = std::chrono::floor<Duration>(duration);
                (pool.*set)(value);
            },
            [=](const ClientPool &pool) -> milliseconds { return (pool.*get)().*member; }};
}
} // namespace

class tst_ClientPoolDurations : public QObject
{
    Q_OBJECT

private slots:
    void everyDurationIsClamped_data();
    void everyDurationIsClamped();
    void theLongestOfAllWorks();
    void aLongWaitIsServed_data();
    void aLongWaitIsServed();
    void aLongDrainWaits();
    void aLongIdleTimeoutKeepsTheRelay();
};

void tst_ClientPoolDurations::everyDurationIsClamped_data()
{
    QTest::addColumn<Set>("set");
    QTest::addColumn<Get>("get");
    QTest::addColumn<milliseconds>("value");
    QTest::addColumn<milliseconds>("inForce");
    const auto addRows = [](const char *name, const std::pair<Set, Get> &functions, milliseconds shortest,
                            milliseconds negative, milliseconds most = longest) {
        const auto row = [&](const char *word, milliseconds value, milliseconds inForce) {
            QTest::addRow("%s, %s", name, word) << functions.first << functions.second << value << inForce;
        };
        row("longest", milliseconds::max(), most);
        row("300 years", 24h * 365 * 300, most);
        row("25 days", 24h * 25, most);
        row("0", 0ms, shortest);
        row("-1", -1ms, negative);
        row("most negative", milliseconds::min(), negative);
    };
    const auto timeouts = [](milliseconds Timeouts::*member) {
        return field(&Pool::timeouts, &Pool::setTimeouts, member);
    };
    addRows("take", timeouts(&Timeouts::take), 1ms, 1ms);
    addRows("resolve", timeouts(&Timeouts::resolve), 1ms, 1ms);
    addRows("dial", timeouts(&Timeouts::dial), 1ms, 1ms);
    addRows("handshake", timeouts(&Timeouts::handshake), 1ms, 1ms);
    addRows("identify", timeouts(&Timeouts::identify), 1ms, 1ms);
    addRows("maximumLifetime", field(&Pool::lifetimes, &Pool::setLifetimes, &Lifetimes::maximumLifetime), 0ms, 0ms);
    addRows("maximumIdle", field(&Pool::lifetimes, &Pool::setLifetimes, &Lifetimes::maximumIdle), 0ms, 0ms);
    addRows("keepalive idle", field(&Pool::keepAlive, &Pool::setKeepAlive, &KeepAlive::idle), 1s, 1s, 32'767s);
    addRows("keepalive interval", field(&Pool::keepAlive, &Pool::setKeepAlive, &KeepAlive::interval), 1s, 1s, 32'767s);
    addRows("user timeout", field(&Pool::keepAlive, &Pool::setKeepAlive, &KeepAlive::userTimeout), 0ms, 0ms);
    addRows("lease threshold", {&ClientPool::setLeaseThreshold, &ClientPool::leaseThreshold}, 0ms, 0ms);
    addRows("backoff base",
            {[](ClientPool &pool, milliseconds value) {
                 pool.setBackoff({value, longest, 2.0});
             },
             [](const ClientPool &pool) { return pool.backoff().base; }},
            1ms, 1ms);
    addRows("backoff cap",
            {[](ClientPool &pool, milliseconds value) {
                 pool.setBackoff({200ms, value, 2.0});
             },
             [](const ClientPool &pool) { return pool.backoff().cap; }},
            200ms, 200ms);
    // The Go package's rule: what is no interval is a second.
    addRows("minimum interval",
            {[](ClientPool &pool, milliseconds value) {
                 pool.setMaximumInterval(milliseconds::max());
                 pool.setMinimumInterval(value);
             },
             [](const ClientPool &pool) { return pool.effectiveBounds().minimumInterval; }},
            1s, 1s);
    addRows("maximum interval",
            {[](ClientPool &pool, milliseconds value) {
                 pool.setMinimumInterval(10ms);
                 pool.setMaximumInterval(value);
             },
             [](const ClientPool &pool) { return pool.effectiveBounds().maximumInterval; }},
            1s, 1s);
}

void tst_ClientPoolDurations::everyDurationIsClamped()
{
    QFETCH(Set, set);
    QFETCH(Get, get);
    QFETCH(milliseconds, value);
    QFETCH(milliseconds, inForce);
    ClientPool pool;
    set(pool, value);
    QCOMPARE(get(pool).count(), inForce.count());
}

// All at once: it warms, keeps what it has, and does not dial more.
void tst_ClientPoolDurations::theLongestOfAllWorks()
{
    constexpr auto most = milliseconds::max();
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setTimeouts({most, most, most, most, most});
    pool.setLifetimes({most, most, 0.5});
    pool.setKeepAlive({true, std::chrono::seconds::max(), std::chrono::seconds::max(), 3, most});
    pool.setBackoff({most, most, 10.0});
    pool.setMinimumInterval(most);
    pool.setMaximumInterval(most);
    pool.setLeaseThreshold(most);
    QSignalSpy heldLong(&pool, &Pool::connectionHeldLong);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QTRY_COMPARE(pool.active(), 2);
    QVERIFY2(!QTest::qWaitFor([&] { return peer.accepted() > 3; }, 300), qPrintable(QString::number(peer.accepted())));
    QCOMPARE(pool.active(), 2);
    QVERIFY(heldLong.isEmpty());
    QCOMPARE(echo(taken.connection().socket(), "still here"), "still here"_ba);
}

void tst_ClientPoolDurations::aLongWaitIsServed_data()
{
    QTest::addColumn<milliseconds>("timeout");
    QTest::newRow("longest") << milliseconds::max();
    QTest::newRow("300 years") << milliseconds(24h * 365 * 300);
    QTest::newRow("the default") << Pool::defaultTimeout;
    QTest::newRow("most negative: the default, too") << milliseconds::min();
}

void tst_ClientPoolDurations::aLongWaitIsServed()
{
    QFETCH(milliseconds, timeout);
    PeerScript script;
    script.delay = 100ms;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    VERIFY_TAKEN(await(pool.take(timeout)));
    QVERIFY(!pool.take(0ms).isCanceled());
}

void tst_ClientPoolDurations::aLongDrainWaits()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    QTRY_COMPARE(pool.active(), 1);
    TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    pool.drain(milliseconds::max());
    QVERIFY(!QTest::qWaitFor([&] { return pool.state() == PoolState::Closed; }, 200));
    QCOMPARE(pool.state(), PoolState::Draining);
    taken = {};
    QTRY_COMPARE(pool.state(), PoolState::Closed);
}

void tst_ClientPoolDurations::aLongIdleTimeoutKeepsTheRelay()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    const TakeResult first = await(pool.take());
    const TakeResult second = await(pool.take());
    VERIFY_TAKEN(first);
    VERIFY_TAKEN(second);
    Relay relay(first.connection(), second.connection());
    relay.setIdleTimeout(milliseconds::max());
    QCOMPARE(relay.idleTimeout(), longest);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QVERIFY(!finished.wait(200));
    relay.setIdleTimeout(milliseconds::min());
    QCOMPARE(relay.idleTimeout(), 0ms);
}

QTEST_GUILESS_MAIN(tst_ClientPoolDurations)
#include "tst_clientpool_durations.moc"
