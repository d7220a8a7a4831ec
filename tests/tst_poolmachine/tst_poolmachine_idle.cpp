// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machinebench.h"

#include <functional>

using namespace Qt::StringLiterals;
using namespace TestSupport;

/// How long connections may be idle, learned from how they are closed: in virtual time.
class tst_PoolMachineIdle : public QObject
{
    Q_OBJECT

private slots:
    void idleLifetimeIsLearned_data();
    void idleLifetimeIsLearned();
    void whatIsParkedIsReplacedInTime();
    void whatTellsNothingOfIdleness_data();
    void whatTellsNothingOfIdleness();
};

// A server that closes what is idle for 100 s, and a little more.
void tst_PoolMachineIdle::idleLifetimeIsLearned_data()
{
    QTest::addColumn<bool>("learns");
    QTest::addColumn<std::chrono::milliseconds>("maximumIdle");
    QTest::addColumn<std::chrono::milliseconds>("retires");
    QTest::addColumn<std::chrono::milliseconds>("ends");
    QTest::newRow("learned") << true << 0ms << 80'000ms << 100'000ms;
    QTest::newRow("longer than the one that is set") << true << 30'000ms << 28'000ms << 30'000ms;
    QTest::newRow("between the two") << true << 90'000ms << 80'000ms << 90'000ms;
    QTest::newRow("shorter than the one that is set") << true << 200'000ms << 80'000ms << 100'000ms;
    QTest::newRow("switched off") << false << 0ms << -1ms << -1ms;
}

void tst_PoolMachineIdle::idleLifetimeIsLearned()
{
    QFETCH(bool, learns);
    QFETCH(std::chrono::milliseconds, maximumIdle);
    QFETCH(std::chrono::milliseconds, retires);
    QFETCH(std::chrono::milliseconds, ends);
    CorePolicy policy;
    policy.lifetimes.learnsIdle = learns;
    policy.lifetimes.jitter = 0;
    Bench bench(policy);
    (void)bench.machine.setTarget(1, 1s);
    for (quint32 i = 0; i < 3; ++i) {
        QVERIFY(bench.status().idleLifetime == 0ms);
        QCOMPARE(bench.status().idleText(), QString());
        for (const quint32 id : {1U, 2U, 3U})
            bench.arrive(10 * i + id);
        bench.now += 100s + i * 1s;
        QVERIFY(closed(bench.machine.expire(bench.moment())).empty());
        for (const quint32 id : {1U, 2U, 3U})
            QVERIFY(bench.die(10 * i + id));
        bench.goOnAtTheNextDeadline(); // when it is clear that they died together
    }
    QVERIFY(bench.status().idleLifetime == 100s);
    QCOMPARE(bench.status().idleText(),
             u"Connections that are idle for 1 min 40 s are closed by the server, or by a firewall on the way"_s);
    policy.lifetimes.maximumIdle = maximumIdle;
    (void)bench.machine.setPolicy(policy, bench.moment());
    bench.arrive(51);
    const auto parked = bench.now;
    if (retires < 0ms) {
        bench.now += 101s;
        QVERIFY(closed(bench.machine.expire(bench.moment())).empty());
        QCOMPARE(bench.machine.demand(bench.now).retiring, 0);
        return;
    }
    QVERIFY(bench.machine.nextDeadline() == parked + retires); // its replacement is dialled
    bench.now = parked + retires;
    QVERIFY(closed(bench.machine.expire(bench.moment())).empty());
    QCOMPARE(bench.machine.demand(bench.now).retiring, 1);
    bench.now = parked + ends;
    QCOMPARE(closed(bench.machine.expire(bench.moment())), Ids{51});
    (void)bench.machine.flush(bench.moment());
    QVERIFY2(bench.status().idleLifetime == 0ms, "what is dialled from now on may be another server");
    VERIFY_RULES(bench);
}

// Whatever its age when the time becomes known: nobody is to wait for it.
void tst_PoolMachineIdle::whatIsParkedIsReplacedInTime()
{
    CorePolicy policy;
    policy.lifetimes.jitter = 0;
    Bench bench(policy);
    (void)bench.machine.setTarget(2, 1s);
    for (const quint32 id : {1U, 2U, 3U}) {
        bench.arrive(id);
        bench.now += 15s;
        if (id == 3)
            bench.arrive(8); // 85 s old when the third dies
        bench.now += 75s;
        if (id == 3)
            bench.arrive(9); // 10 s old
        bench.now += 10s;
        QVERIFY(bench.die(id));
        if (id < 3)
            bench.goOnAtTheNextDeadline();
    }
    const auto died = bench.now;
    QCOMPARE(bench.machine.demand(bench.now).retiring, 0);
    bench.now += 11s;
    QVERIFY2(closed(bench.machine.expire(bench.moment())).empty(), "evicted before it was replaced");
    QCOMPARE(bench.machine.demand(bench.now).retiring, 1);
    QVERIFY(bench.machine.nextDeadline() == died + 15s);
    bench.arrive(10);
    QCOMPARE(closed(bench.machine.expire(bench.moment())), Ids{8});
    QVERIFY(bench.machine.nextDeadline() == died + 70s);
    VERIFY_RULES(bench);
}

void tst_PoolMachineIdle::whatTellsNothingOfIdleness_data()
{
    using How = std::function<void(Bench &, quint32)>;
    QTest::addColumn<bool>("isServer");
    QTest::addColumn<How>("how");
    QTest::newRow("a server's") << true << How([](Bench &bench, quint32 id) { QVERIFY(bench.die(id)); });
    QTest::newRow("evicted by the application")
        << false
        << How([](Bench &bench, quint32 id) { QVERIFY(bench.machine.evictNamed(ConnectionId(id), bench.moment())); });
    QTest::newRow("a broken network") << false << How([](Bench &bench, quint32 id) {
        QVERIFY(bench.die(id, EvictionCause::SocketError));
    });
    QTest::newRow("dead when it was given back") << false << How([](Bench &bench, quint32 id) {
        QCOMPARE(bench.take(), id);
        bench.now += 40s;
        CheckedOut out = bench.machine.giveBack(bench.tokens.back(), true, true, bench.now);
        QVERIFY(out);
        (void)bench.machine.evictExamined(std::move(out), EvictionCause::PeerClosed, {}, bench.moment());
    });
}

void tst_PoolMachineIdle::whatTellsNothingOfIdleness()
{
    QFETCH(bool, isServer);
    QFETCH(std::function<void(Bench &, quint32)>, how);
    CorePolicy policy;
    policy.isServer = isServer;
    Bench bench(policy);
    for (quint32 id = 1; id < 9; ++id) {
        bench.arrive(id);
        bench.now += 100s;
        how(bench, id);
        bench.now += 20s;
        (void)bench.machine.expire(bench.moment());
    }
    QVERIFY(bench.status().idleLifetime == 0ms);
    VERIFY_RULES(bench);
}

QTEST_GUILESS_MAIN(tst_PoolMachineIdle)
#include "tst_poolmachine_idle.moc"
