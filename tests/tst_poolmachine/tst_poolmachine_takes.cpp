// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machinebench.h"

using namespace Qt::StringLiterals;
using namespace TestSupport;

/// The rules of taking, waiting, examining and giving back, in virtual time.
class tst_PoolMachineTakes : public QObject
{
    Q_OBJECT

private slots:
    void takesInOrder_data();
    void takesInOrder();
    void takesByName();
    void waitersAreServedInOrder();
    void whoNamesTheIdGoesFirst();
    void endedAndControlAreOnlyForWhoNamesThem();
    void aWaitThatMayNotBegin_data();
    void aWaitThatMayNotBegin();
    void aWaitEndsAtItsDeadline();
    void aCancelledWaiterLeavesTheConnectionToTheNext();
    void aLateCancelCountsAsGivenBack();
    void aFlushEndsEverythingOlder();
    void aFlushInTheMiddleOfATake();
    void oneIsEvictedByName();
    void whatIsLeftToTheIoThreadKeepsItsPlace();
    void aReportDuringAnExaminationIsNotLost();
    void givingBack_data();
    void givingBack();
    void aFullPoolTakesBackWhatIsAwaited();
    void returnsAreExpected();
};

void tst_PoolMachineTakes::takesInOrder_data()
{
    QTest::addColumn<TakeOrder>("order");
    QTest::addColumn<QList<quint32>>("ids");
    QTest::newRow("newest first") << TakeOrder::NewestFirst << QList<quint32>{3, 2, 1};
    QTest::newRow("oldest first") << TakeOrder::OldestFirst << QList<quint32>{1, 2, 3};
}

void tst_PoolMachineTakes::takesInOrder()
{
    QFETCH(TakeOrder, order);
    QFETCH(QList<quint32>, ids);
    CorePolicy policy;
    policy.order = order;
    Bench bench(policy);
    for (const quint32 id : {1U, 2U, 3U})
        bench.arrive(id);
    for (const quint32 id : std::as_const(ids))
        QCOMPARE(bench.take(), id);
    QCOMPARE(bench.take(), 0xffffffff);
    QVERIFY(bench.machine.refuseTry());
    QCOMPARE(bench.status().servedWarm, 3);
    QCOMPARE(bench.status().leased, 3);
    QCOMPARE(bench.status().takesFailed, 1);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::takesByName()
{
    Bench bench;
    for (const quint32 id : {1U, 2U, 3U})
        bench.arrive(id);
    QCOMPARE(bench.take(ConnectionId(2)), 2U);
    QCOMPARE(bench.take(ConnectionId(2)), 0xffffffff);
    QCOMPARE(bench.status().active, 2);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::waitersAreServedInOrder()
{
    Bench bench;
    const quint64 first = bench.wait();
    const quint64 second = bench.wait();
    const quint64 third = bench.wait();
    QVERIFY(bench.machine.cancel(second));
    QVERIFY2(!bench.machine.cancel(second), "once only");
    bench.now += 3ms;
    QCOMPARE(bench.arrive(1), first);
    QCOMPARE(bench.arrive(2), third);
    QCOMPARE(bench.arrive(3), 0U);
    QCOMPARE(bench.status().servedAfterWait, 2);
    QCOMPARE(bench.status().takesCancelled, 1);
    QVERIFY(bench.status().waitTime.maximum == 3ms);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::whoNamesTheIdGoesFirst()
{
    Bench bench;
    const quint64 any = bench.wait();
    const quint64 named = bench.wait(ConnectionId(5));
    QCOMPARE(bench.arrive(5), named);
    const quint64 other = bench.wait(ConnectionId(6));
    QCOMPARE(bench.arrive(7), any);
    QCOMPARE(bench.arrive(8), 0U);
    QCOMPARE(bench.arrive(6), other);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::endedAndControlAreOnlyForWhoNamesThem()
{
    Bench bench(serverPolicy(4));
    const quint64 any = bench.wait();
    QCOMPARE(bench.arrive(0), 0U);
    auto ended = bench.establish(7);
    ended.out->hasSpoken = ended.out->hasEnded = true;
    QCOMPARE(bench.offer(ended.out), 0U);
    QCOMPARE(bench.status().control, 1);
    QCOMPARE(bench.status().ended, 1);
    QCOMPARE(bench.status().active, 0);
    QCOMPARE(bench.status().waiting, 1);
    VERIFY_RULES(bench);
    QVERIFY(bench.machine.cancel(any));
    QCOMPARE(bench.take(), 0xffffffff);
    QCOMPARE(bench.take(ConnectionId(7)), 7U);
    QCOMPARE(bench.take(ConnectionId(0)), 0U);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aWaitThatMayNotBegin_data()
{
    QTest::addColumn<QString>("state");
    QTest::addColumn<ErrorKind>("kind");
    QTest::newRow("line is full") << u"full"_s << ErrorKind::Limit;
    QTest::newRow("draining") << u"drain"_s << ErrorKind::Closed;
    QTest::newRow("closed") << u"shutDown"_s << ErrorKind::Closed;
    QTest::newRow("fatal error") << u"fatal"_s << ErrorKind::Pin;
}

void tst_PoolMachineTakes::aWaitThatMayNotBegin()
{
    QFETCH(QString, state);
    QFETCH(ErrorKind, kind);
    CorePolicy policy;
    policy.maximumWaiting = 1;
    Bench bench(policy);
    QVERIFY(bench.wait() != 0);
    Actions actions;
    if (state == "drain"_L1)
        actions = bench.machine.drain(bench.moment());
    else if (state == "shutDown"_L1)
        actions = bench.machine.shutDown(bench.moment());
    else if (state == "fatal"_L1)
        actions = bench.machine.setFatal({Phase::Handshake, ErrorKind::Pin, u"wrong"_s}, bench.generation, bench.now);
    QCOMPARE(actions.failed.size(), size_t(state == "full"_L1 ? 0 : 1));
    const auto refused = bench.machine.startWaiting({}, 1s, bench.now);
    QCOMPARE(refused.ticket, 0U);
    QCOMPARE(refused.error.kind(), kind);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aWaitEndsAtItsDeadline()
{
    Bench bench;
    const quint64 late = bench.wait(ConnectionId(9), 30ms);
    const quint64 early = bench.wait({}, 10ms);
    QVERIFY(bench.machine.nextDeadline() == bench.now + 10ms);
    QVERIFY(bench.machine.expire(bench.moment()).failed.empty());
    bench.now += 10ms;
    const Actions first = bench.machine.expire(bench.moment());
    QCOMPARE(first.failed.size(), size_t(1));
    QCOMPARE(first.failed.front().ticket, early);
    QCOMPARE(first.error.kind(), ErrorKind::Timeout);
    const PoolError told = PoolMachine::timeoutOf(first.failed.front(), *first.error.status(), 0);
    QVERIFY2(told.message().contains("did not come within 10 ms"_L1), qPrintable(told.message()));
    QVERIFY(bench.machine.nextDeadline() == bench.now + 20ms);
    bench.now += 1h;
    QCOMPARE(bench.machine.expire(bench.moment()).failed.front().ticket, late);
    QVERIFY(bench.machine.nextDeadline() == PoolMachine::Clock::time_point::max());
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aCancelledWaiterLeavesTheConnectionToTheNext()
{
    Bench bench;
    const quint64 cancelled = bench.wait();
    const quint64 lost = bench.wait();
    const quint64 last = bench.wait();
    auto arrival = bench.establish(1);
    QCOMPARE(bench.machine.offer(arrival.out, false, bench.moment()).ticket, cancelled);
    QCOMPARE(bench.status().waiting, 3);
    (void)bench.machine.notServed(cancelled, {}, bench.now);
    QCOMPARE(bench.machine.offer(arrival.out, false, bench.moment()).ticket, lost);
    const PoolError gone(Phase::Wait, ErrorKind::Closed, u"gone"_s);
    QCOMPARE(bench.machine.notServed(lost, gone, bench.now).failed.front().ticket, lost);
    QCOMPARE(bench.offer(arrival.out), last);
    QCOMPARE(bench.status().takesCancelled, 1);
    QCOMPARE(bench.status().takesFailed, 1);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aLateCancelCountsAsGivenBack()
{
    Bench bench;
    bench.wait();
    auto arrival = bench.establish(1);
    const quint64 token = arrival.out->token();
    bench.offer(arrival.out);
    CheckedOut back = bench.machine.takeBack(token);
    QVERIFY(back);
    bench.offer(back);
    QCOMPARE(bench.status().givenBack, 1);
    QCOMPARE(bench.status().parkedTotal, 2);
    QCOMPARE(bench.status().active, 1);
    QVERIFY2(!bench.machine.takeBack(token), "it is not taken");
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aFlushEndsEverythingOlder()
{
    Bench bench;
    bench.arrive(1);
    auto offered = bench.establish(2);
    QCOMPARE(closed(bench.machine.flush(bench.moment())), Ids{1});
    Actions actions;
    bench.offer(offered.out, &actions);
    QCOMPARE(closed(actions), Ids{2});
    bench.arrive(3); // begun before the flush
    QCOMPARE(bench.status().dropped, 2);
    QCOMPARE(bench.status().evictedBy(EvictionCause::Flushed), 1);
    bench.generation = bench.machine.generation();
    bench.arrive(4);
    QCOMPARE(bench.status().active, 1);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aFlushInTheMiddleOfATake()
{
    Bench bench;
    bench.arrive(1);
    CheckedOut out = bench.machine.checkOut({});
    QVERIFY(out);
    (void)bench.machine.flush(bench.moment());
    QVERIFY(!bench.machine.leaseWarm(out, bench.now, bench.now));
    QVERIFY2(out, "it is still out");
    QCOMPARE(closed(bench.machine.putAside(std::move(out), {}, {}, bench.moment())), Ids{1});
    QCOMPARE(bench.status().evictedBy(EvictionCause::Flushed), 1);
    QCOMPARE(bench.status().takesAsked, 0);
    VERIFY_RULES(bench);
}

// Whether it is parked, looked at by a taker, or left to the I/O thread.
void tst_PoolMachineTakes::oneIsEvictedByName()
{
    Bench bench;
    for (const quint32 id : {1U, 2U, 3U, 4U})
        bench.arrive(id);
    QVERIFY(!bench.machine.evictNamed(ConnectionId(5), bench.moment()));
    const auto evicted = bench.machine.evictNamed(ConnectionId(1), bench.moment());
    QVERIFY(evicted && evicted->wakesSupply);
    QCOMPARE(closed(*evicted), Ids{1});
    CheckedOut out = bench.machine.checkOut(ConnectionId(2));
    QVERIFY(bench.machine.evictNamed(ConnectionId(2), bench.moment()));
    QVERIFY(!bench.machine.leaseWarm(out, bench.now, bench.now));
    QCOMPARE(closed(bench.machine.putAside(std::move(out), {}, {}, bench.moment())), Ids{2});
    (void)bench.machine.putAside(bench.machine.checkOut(ConnectionId(3)), {}, {}, bench.moment());
    QVERIFY(bench.machine.evictNamed(ConnectionId(3), bench.moment()));
    out = bench.machine.nextToExamine();
    bench.machine.examined(out, 0, false, false);
    Actions actions;
    bench.offer(out, &actions);
    QCOMPARE(closed(actions), Ids{3});
    QCOMPARE(bench.status().evictedBy(EvictionCause::Requested), 3);
    QCOMPARE(bench.take(), 4U);
    QVERIFY2(!bench.machine.evictNamed(ConnectionId(4), bench.moment()), "it is taken");
    QCOMPARE(bench.machine.takeLosses().size(), 3U); // or else it would be dialled and evicted in a loop
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::whatIsLeftToTheIoThreadKeepsItsPlace()
{
    Bench bench(serverPolicy(1));
    bench.arrive(1);
    QVERIFY(bench.machine.putAside(bench.machine.checkOut({}), {}, {}, bench.moment()).looksLater);
    QCOMPARE(bench.status().checking, 1);
    QCOMPARE(bench.machine.room(), 0);
    QVERIFY2(!bench.establish(2).out, "nobody is let in instead");
    CheckedOut out = bench.machine.nextToExamine();
    bench.machine.examined(out, 0, false, true);
    QVERIFY2(!out, "there is more to look at");
    out = bench.machine.nextToExamine();
    bench.machine.examined(out, 100, false, false);
    bench.offer(out);
    QCOMPARE(bench.status().active, 1);
    QCOMPARE(bench.status().parkedTotal, 1);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aReportDuringAnExaminationIsNotLost()
{
    Bench bench;
    bench.arrive(1);
    CheckedOut out = bench.machine.checkOut({});
    const quint64 token = out->token();
    QVERIFY(!bench.machine.examine(token));
    Actions actions;
    bench.offer(out, &actions);
    QCOMPARE(actions.examine, token);
    out = bench.machine.examine(token);
    QVERIFY(out);
    bench.offer(out, &actions);
    QCOMPARE(actions.examine, 0U);
    QVERIFY(!bench.machine.examine(token + 1));
}

void tst_PoolMachineTakes::givingBack_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<bool>("isParked");
    QTest::addColumn<int>("dropped");
    QTest::newRow("good") << u"good"_s << true << 0;
    QTest::newRow("broken") << u"broken"_s << false << 0;
    QTest::newRow("full") << u"full"_s << false << 1;
    QTest::newRow("after a flush") << u"flush"_s << false << 1;
    QTest::newRow("after a drain") << u"drain"_s << false << 1;
}

void tst_PoolMachineTakes::givingBack()
{
    QFETCH(QString, what);
    QFETCH(bool, isParked);
    QFETCH(int, dropped);
    CorePolicy policy;
    policy.limit = 1;
    Bench bench(policy);
    bench.arrive(1);
    QCOMPARE(bench.take(), 1U);
    if (what == "full"_L1)
        bench.arrive(2);
    else if (what == "flush"_L1)
        (void)bench.machine.flush(bench.moment());
    else if (what == "drain"_L1)
        (void)bench.machine.drain(bench.moment());
    CheckedOut out = bench.machine.giveBack(bench.tokens.front(), what != "broken"_L1, false, bench.now);
    QCOMPARE(static_cast<bool>(out), isParked);
    if (out)
        bench.offer(out);
    QCOMPARE(bench.status().leased, 0);
    QCOMPARE(bench.status().dropped, dropped);
    QCOMPARE(bench.status().givenBack, what == "broken"_L1 ? 0 : 1);
    QCOMPARE(bench.status().failedIn(Phase::Validate), what == "broken"_L1 ? 1 : 0);
    QCOMPARE(bench.take(ConnectionId(1)), isParked ? 1U : 0xffffffff);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::aFullPoolTakesBackWhatIsAwaited()
{
    CorePolicy policy;
    policy.limit = 1;
    Bench bench(policy);
    bench.arrive(1);
    bench.take();
    bench.arrive(2);
    const quint64 waiter = bench.wait(ConnectionId(1));
    CheckedOut out = bench.machine.giveBack(bench.tokens.front(), true, false, bench.now);
    QVERIFY(out);
    QCOMPARE(bench.offer(out), waiter);
    VERIFY_RULES(bench);
}

void tst_PoolMachineTakes::returnsAreExpected()
{
    Bench bench;
    bench.arrive(1);
    bench.arrive(2);
    bench.take();
    bench.now += 10ms;
    CheckedOut out = bench.machine.giveBack(bench.tokens.front(), true, false, bench.now);
    bench.offer(out);
    QCOMPARE(bench.machine.demand(bench.now).returning, 0);
    bench.take();
    QCOMPARE(bench.machine.demand(bench.now).returning, 1);
    QVERIFY(bench.machine.leaseEnded(bench.tokens.back(), bench.now).wakesSupply);
    QCOMPARE(bench.machine.demand(bench.now).returning, 0);
    bench.take();
    bench.now += 1h;
    QCOMPARE(bench.machine.demand(bench.now).returning, 0);
}

QTEST_GUILESS_MAIN(tst_PoolMachineTakes)
#include "tst_poolmachine_takes.moc"
