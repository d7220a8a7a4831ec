// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machinebench.h"

using namespace Qt::StringLiterals;
using namespace TestSupport;

/// The rules of limits, deadlines and ends, in virtual time.
class tst_PoolMachineLife : public QObject
{
    Q_OBJECT

private slots:
    void aFullServer_data();
    void aFullServer();
    void aPlaceIsKept();
    void oneThatSoonEndsMakesRoom();
    void whatIsExaminedIsReplacedToo();
    void lowerLimitsEvictTheOldest();
    void aNameInUse();
    void theControlIdIsGivenOncePerGeneration();
    void lifetimes();
    void renewedLifetimes();
    void endedOnesAreKeptForTheTakeTimeout();
    void heldLong();
    void drainingAndClosing_data();
    void drainingAndClosing();
    void lossesAreTold();
    void extremeSettings();
    void aForgottenConnectionIsEvicted();
};

void tst_PoolMachineLife::aFullServer_data()
{
    QTest::addColumn<Overflow>("overflow");
    QTest::addColumn<QList<quint32>>("kept");
    QTest::newRow("refuses") << Overflow::Refuse << QList<quint32>{2, 1};
    QTest::newRow("replaces the oldest") << Overflow::ReplaceOldest << QList<quint32>{3, 2};
}

void tst_PoolMachineLife::aFullServer()
{
    QFETCH(Overflow, overflow);
    QFETCH(QList<quint32>, kept);
    CorePolicy policy = serverPolicy(2);
    policy.overflow = overflow;
    Bench bench(policy);
    for (const quint32 id : {1U, 2U, 3U})
        bench.arrive(id);
    QCOMPARE(bench.status().overflowed, overflow == Overflow::Refuse ? 1 : 0);
    QCOMPARE(bench.status().evictedBy(EvictionCause::Replaced), overflow == Overflow::Refuse ? 0 : 1);
    for (const quint32 id : std::as_const(kept))
        QCOMPARE(bench.take(), id);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::aPlaceIsKept()
{
    Bench bench(serverPolicy(1));
    QVERIFY(bench.machine.reserve());
    QVERIFY(!bench.machine.reserve());
    bench.machine.unreserve();
    QVERIFY(bench.machine.reserve());
    auto arrival = bench.establish(1, true);
    QVERIFY(arrival.out);
    QVERIFY(!bench.machine.reserve());
    bench.offer(arrival.out);
    QVERIFY2(!bench.machine.reserve(), "it is parked there");
    bench.wait(ConnectionId(2));
    QVERIFY2(!bench.machine.reserve(), "a newcomer will not have that id");
    QCOMPARE(bench.take(), 1U);
    QVERIFY(bench.machine.reserve());
    VERIFY_RULES(bench);
}

// At once, and not when its time comes.
void tst_PoolMachineLife::oneThatSoonEndsMakesRoom()
{
    CorePolicy policy = serverPolicy(1);
    policy.lifetimes.maximumLifetime = 100s;
    policy.lifetimes.jitter = 0;
    Bench bench(policy);
    bench.arrive(1);
    QVERIFY(!bench.machine.reserve());
    bench.now += 99s;
    QVERIFY(closed(bench.machine.expire(bench.moment())).empty());
    QVERIFY(bench.machine.reserve());
    auto arrival = bench.establish(2, true);
    QVERIFY(arrival.out);
    QCOMPARE(closed(arrival.actions), Ids{1});
    bench.offer(arrival.out);
    QCOMPARE(bench.status().active, 1);
    QCOMPARE(bench.status().evictedBy(EvictionCause::Expired), 1);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::whatIsExaminedIsReplacedToo()
{
    CorePolicy policy = serverPolicy(2);
    policy.overflow = Overflow::ReplaceOldest;
    Bench bench(policy);
    bench.arrive(1);
    bench.arrive(2);
    for (int i = 0; i < 2; ++i)
        (void)bench.machine.putAside(bench.machine.checkOut({}), {}, {}, bench.moment());
    for (const quint32 id : {3U, 4U, 5U}) {
        QVERIFY(bench.machine.reserve());
        auto arrival = bench.establish(id, true);
        QVERIFY(arrival.out);
        bench.offer(arrival.out);
        QVERIFY(bench.status().active + bench.status().checking <= 2);
    }
    QCOMPARE(bench.status().evictedBy(EvictionCause::Replaced), 3);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::lowerLimitsEvictTheOldest()
{
    Bench bench;
    for (const quint32 id : {1U, 2U, 3U, 4U})
        bench.arrive(id);
    CorePolicy policy;
    policy.limit = 3;
    QCOMPARE(closed(bench.machine.setPolicy(policy, bench.moment())), Ids{1});
    QCOMPARE(bench.machine.demand(bench.now).limit, 3);
    bench.take();
    policy.maximumTotal = 2;
    QCOMPARE(closed(bench.machine.setPolicy(policy, bench.moment())), Ids{2});
    QCOMPARE(bench.status().evictedBy(EvictionCause::Surplus), 2);
    QCOMPARE(bench.machine.demand(bench.now).room, 0);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::aNameInUse()
{
    Bench bench;
    bench.arrive(1);
    const auto second = bench.establish(1);
    QVERIFY(!second.out);
    QVERIFY(second.isBadIdentity);
    QCOMPARE(bench.status().failedIn(Phase::Identify), 1);
    bench.take();
    bench.arrive(1); // whoever made it knows that the taken one is over
    QCOMPARE(bench.status().leased, 0);
    QCOMPARE(bench.status().active, 1);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::theControlIdIsGivenOncePerGeneration()
{
    Bench bench(serverPolicy(4));
    QVERIFY(bench.machine.claimControlId(bench.generation, bench.now));
    QVERIFY(!bench.machine.claimControlId(bench.generation, bench.now));
    bench.machine.releaseControlId(bench.generation);
    QVERIFY(bench.machine.claimControlId(bench.generation, bench.now));
    const quint64 before = bench.generation;
    (void)bench.machine.flush(bench.moment());
    bench.generation = bench.machine.generation();
    QVERIFY(bench.machine.claimControlId(bench.generation, bench.now));
    bench.machine.releaseControlId(before);
    QVERIFY2(!bench.machine.claimControlId(before, bench.now), "an older connection took it from a newer one");
    QVERIFY2(!bench.machine.claimControlId(bench.generation, bench.now), "an older connection gave it back");
    bench.arrive(0);
    QCOMPARE(bench.take(ConnectionId(0)), 0U);
    (void)bench.machine.shutDown(bench.moment());
    bench.generation = bench.machine.open(4, 0s);
    QVERIFY2(bench.machine.claimControlId(bench.generation, bench.now), "somebody still holds that of the last start");
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::lifetimes()
{
    CorePolicy policy;
    policy.lifetimes.maximumIdle = 10s;
    policy.lifetimes.jitter = 0;
    Bench bench(policy);
    (void)bench.machine.setTarget(1, 1s);
    bench.arrive(1);
    QVERIFY(bench.machine.nextDeadline() == bench.now + 9s);
    bench.now += 9s;
    QVERIFY(closed(bench.machine.expire(bench.moment())).empty());
    QCOMPARE(bench.machine.demand(bench.now).retiring, 1);
    QVERIFY(bench.machine.nextDeadline() == bench.now + 1s);
    bench.arrive(2);
    QCOMPARE(closed(bench.machine.expire(bench.moment())), Ids{1}); // it is replaced
    bench.now += 10s;
    QCOMPARE(closed(bench.machine.expire(bench.moment())), Ids{2}); // its time is up
    QCOMPARE(bench.status().evictedBy(EvictionCause::Expired), 2);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::renewedLifetimes()
{
    Bench bench;
    for (const quint32 id : {1U, 2U})
        bench.arrive(id);
    CorePolicy policy;
    policy.order = TakeOrder::OldestFirst;
    policy.lifetimes.maximumLifetime = 1s;
    policy.lifetimes.jitter = 0;
    bench.now += 2s;
    (void)bench.machine.setPolicy(policy, bench.moment());
    QCOMPARE(closed(bench.machine.expire(bench.moment())).size(), size_t(2));
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::endedOnesAreKeptForTheTakeTimeout()
{
    CorePolicy policy;
    policy.takeTimeout = 3s;
    policy.limit = 2;
    Bench bench(policy);
    const auto end = [&bench](quint32 id) {
        auto arrival = bench.establish(id);
        arrival.out->hasSpoken = arrival.out->hasEnded = true;
        Actions actions;
        bench.offer(arrival.out, &actions);
        return closed(actions);
    };
    QVERIFY(end(1).empty());
    QVERIFY(end(2).empty());
    QCOMPARE(end(3), Ids{1}); // no more than the limit
    QVERIFY(bench.machine.nextDeadline() == bench.now + 3s);
    bench.now += 3s;
    QCOMPARE(closed(bench.machine.expire(bench.moment())), (Ids{2, 3}));
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::heldLong()
{
    CorePolicy policy;
    policy.leaseThreshold = 5s;
    Bench bench(policy);
    bench.arrive(1);
    bench.take();
    QVERIFY(bench.machine.needsWakeAfterTake());
    QVERIFY(bench.machine.nextDeadline() == bench.now + 5s);
    bench.now += 5s;
    QVERIFY(bench.machine.expire(bench.moment()).announce == Actions::Announce::Now);
    using Kind = PoolEvent::Kind;
    QCOMPARE(bench.events(), (std::vector{Kind::Parked, Kind::Taken, Kind::HeldLong}));
    QVERIFY2(bench.machine.nextDeadline() == PoolMachine::Clock::time_point::max(), "once only");
    QCOMPARE(bench.status().leased, 1);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::drainingAndClosing_data()
{
    QTest::addColumn<bool>("drains");
    QTest::newRow("drain") << true;
    QTest::newRow("close") << false;
}

void tst_PoolMachineLife::drainingAndClosing()
{
    QFETCH(bool, drains);
    Bench bench;
    bench.arrive(1);
    bench.arrive(2);
    bench.take();
    bench.arrive(0);
    (void)bench.machine.putAside(bench.machine.checkOut({}), {}, {}, bench.moment());
    const quint64 waiter = bench.wait(ConnectionId(9));
    auto late = bench.establish(5);
    Actions actions = drains ? bench.machine.drain(bench.moment()) : bench.machine.shutDown(bench.moment());
    QCOMPARE(closed(actions), drains ? Ids{0} : (Ids{0, 1}));
    QCOMPARE(actions.failed.front().ticket, waiter);
    bench.offer(late.out, &actions);
    QCOMPARE(closed(actions), Ids{5});
    QVERIFY2(!bench.establish(6).out, "what comes later is dropped");
    QCOMPARE(bench.take(), 0xffffffff);
    QCOMPARE(bench.status().state, drains ? PoolState::Draining : PoolState::Closed);
    QVERIFY(!bench.machine.setPaused(true));
    QVERIFY(!bench.machine.isDrained());
    QVERIFY(bench.machine.shutDown(bench.moment()).closeInIoThread.size() == (drains ? 1 : 0));
    QVERIFY(bench.machine.nextDeadline() == PoolMachine::Clock::time_point::max());
    (void)bench.machine.leaseEnded(bench.tokens.front(), bench.now);
    QCOMPARE(bench.status().checking, 0);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::lossesAreTold()
{
    Bench bench;
    bench.arrive(1);
    bench.arrive(2);
    bench.now += 7s;
    (void)bench.machine.putAside(bench.machine.checkOut({}), EvictionCause::PeerClosed, u"reset"_s, bench.moment());
    QVERIFY(bench.machine.demand(bench.now).hasLosses);
    (void)bench.machine.flush(bench.moment()); // by the pool's own rule
    const auto losses = bench.machine.takeLosses();
    QCOMPARE(losses.size(), size_t(1));
    QVERIFY(losses.front().age == 7s);
    QCOMPARE(bench.machine.evictions().size(), 2);
    QCOMPARE(bench.machine.evictions().constFirst().errorText, u"reset"_s);
    QVERIFY(bench.machine.evictions().constFirst().idle == 7s);
}

void tst_PoolMachineLife::extremeSettings()
{
    CorePolicy policy;
    policy.takeTimeout = policy.leaseThreshold = std::chrono::hours(24 * 24);
    policy.lifetimes.maximumIdle = policy.lifetimes.maximumLifetime = std::chrono::hours(24 * 24);
    policy.limit = policy.maximumTotal = policy.maximumWaiting = std::numeric_limits<int>::max() / 2;
    Bench bench(policy);
    bench.arrive(1);
    bench.arrive(2);
    bench.take();
    bench.wait(ConnectionId(9), std::chrono::milliseconds::max());
    QVERIFY(bench.machine.nextDeadline() > bench.now);
    QVERIFY(bench.machine.expire(bench.moment()).failed.empty());
    QVERIFY(bench.machine.room() > 0);
    QVERIFY(bench.machine.demand(bench.now).room > 0);
    VERIFY_RULES(bench);
}

void tst_PoolMachineLife::aForgottenConnectionIsEvicted()
{
#if defined(QT_NO_DEBUG) && !defined(QT_FORCE_ASSERTS) // a debug build stops at once
    Bench bench;
    bench.arrive(1);
    {
        const CheckedOut out = bench.machine.checkOut({});
        QVERIFY(out);
    }
    QCOMPARE(closed(bench.machine.expire(bench.moment())), Ids{1});
    QCOMPARE(bench.status().checking, 0);
    VERIFY_RULES(bench);
#endif
}

QTEST_GUILESS_MAIN(tst_PoolMachineLife)
#include "tst_poolmachine_life.moc"
