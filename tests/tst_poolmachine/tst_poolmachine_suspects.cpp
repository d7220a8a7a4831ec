// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "suspectsbench.h"

#include <functional>

using namespace Qt::StringLiterals;
using namespace TestSupport;

/// Connections whose peer may be gone, in virtual time.
class tst_PoolMachineSuspects : public QObject
{
    Q_OBJECT

private slots:
    void signs_data();
    void signs();
    void noSigns_data();
    void noSigns();
    void areHandedOutLast();
    void whoAnswersIsTrusted();
    void whoSpeaksIsTrusted();
    void keepAliveIsTheUsersAgain();
    void nobodyIsAskedWhoseKeepAliveIsOff();
    void areReplacedWhenOthersComeUp();
    void stayWhenTheLinkComesBack();
    void areTheFirstToGo();
    void signsThatComeTogetherAreOne();
    void falseAlarmsBecomeRare();
    void aPausedPoolHeedsSigns();
    void whoEndsIsNoSuspect();
    void thousandsAreAskedInTurns();
    void areFlushedAsTheOthers();
    void lifetimesHoldForThem();
};

void tst_PoolMachineSuspects::signs_data()
{
    using How = std::function<void(SuspectsBench &)>;
    QTest::addColumn<How>("how");
    const auto failure = [](Phase phase) {
        return How([phase](SuspectsBench &bench) {
            QVERIFY(bench.machine.attemptFailed({phase, ErrorKind::Timeout, u"no answer"_s}));
        });
    };
    QTest::newRow("a dial gets no answer") << failure(Phase::Dial);
    QTest::newRow("nor a handshake") << failure(Phase::Handshake);
    QTest::newRow("a router says that it is not there") << How([](SuspectsBench &bench) {
        QVERIFY(bench.machine.attemptFailed({Phase::Dial, ErrorKind::Unreachable, u"no route"_s}));
    });
    QTest::newRow("a parked one breaks") << How(
        [](SuspectsBench &bench) { QVERIFY(bench.die(1, EvictionCause::SocketError)); });
    QTest::newRow("half of them end within a second") << How([](SuspectsBench &bench) {
        QVERIFY(bench.die(1));
        bench.wait(900ms);
        QVERIFY(bench.die(2));
    });
}

void tst_PoolMachineSuspects::signs()
{
    QFETCH(const std::function<void(SuspectsBench &)>, how);
    SuspectsBench bench;
    for (const quint32 id : {1U, 2U, 3U, 4U})
        bench.come(id);
    bench.wait(10s);
    how(bench);
    (void)bench.machine.expire(bench.moment());
    QVERIFY(bench.status().suspects >= 2);
    QCOMPARE(bench.status().suspects, bench.status().active); // they are parked as before
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::noSigns_data()
{
    using How = std::function<void(SuspectsBench &)>;
    QTest::addColumn<bool>("isServer");
    QTest::addColumn<How>("how");
    QTest::newRow("refused: the network works") << false << How([](SuspectsBench &bench) {
        QVERIFY(!bench.machine.attemptFailed({Phase::Dial, ErrorKind::Refused, u"refused"_s}));
    });
    QTest::newRow("a slow name server") << false << How([](SuspectsBench &bench) {
        QVERIFY(!bench.machine.attemptFailed({Phase::Resolve, ErrorKind::Timeout, u"no answer"_s}));
    });
    QTest::newRow("one ends now and then") << false << How([](SuspectsBench &bench) {
        for (const quint32 id : {1U, 2U}) {
            QVERIFY(bench.die(id));
            bench.wait(2'100ms);
        }
    });
    QTest::newRow("the application evicts") << false << How([](SuspectsBench &bench) {
        for (const quint32 id : {1U, 2U})
            QVERIFY(bench.machine.evictNamed(ConnectionId(id), bench.moment()));
    });
    QTest::newRow("a server's client breaks")
        << true << How([](SuspectsBench &bench) { QVERIFY(bench.die(1, EvictionCause::SocketError)); });
}

void tst_PoolMachineSuspects::noSigns()
{
    QFETCH(const bool, isServer);
    QFETCH(const std::function<void(SuspectsBench &)>, how);
    CorePolicy policy;
    policy.isServer = isServer;
    SuspectsBench bench(policy);
    for (const quint32 id : {1U, 2U, 3U, 4U})
        bench.come(id);
    bench.wait(10s);
    how(bench);
    bench.wait(100ms);
    QCOMPARE(bench.status().suspects, 0);
}

void tst_PoolMachineSuspects::areHandedOutLast()
{
    SuspectsBench bench;
    bench.come(1);
    bench.come(2);
    bench.wait(10s);
    bench.sign();
    bench.come(3);
    bench.come(4);
    QCOMPARE(bench.status().suspects, 2);
    QCOMPARE(bench.status().active, 4);
    QCOMPARE(bench.take(), 4U);
    QCOMPARE(bench.take(), 3U);
    QCOMPARE(bench.take(), 2U); // rather than none
    QCOMPARE(bench.take(ConnectionId(1)), 1U); // by name as ever
    QCOMPARE(bench.status().suspects, 0);
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::whoAnswersIsTrusted()
{
    SuspectsBench bench;
    bench.come(1);
    bench.come(2);
    bench.wait(10s);
    bench.sign();
    QCOMPARE(lines[1].asked, 1);
    bench.wait(200ms);
    bench.answer(1);
    bench.wait(50ms);
    QCOMPARE(bench.status().suspects, 1);
    QCOMPARE(bench.take(), 1U); // although 2 is newer
    bench.wait(5s);
    QCOMPARE(bench.status().suspects, 1);
    QCOMPARE(bench.machine.demand(bench.now).retiring, 1); // one is dialled, to see whether the network works
    bench.answer(2); // late: the link was down for a moment
    bench.wait(300ms);
    QCOMPARE(bench.status().suspects, 0);
    QCOMPARE(bench.machine.demand(bench.now).retiring, 0);
    QVERIFY(bench.machine.nextDeadline() > bench.now + 1min); // nobody is looked at any more
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::whoSpeaksIsTrusted()
{
    SuspectsBench bench;
    bench.come(1);
    bench.wait(10s);
    bench.sign();
    CheckedOut out = bench.machine.examine(bench.machine.held().front()->token());
    QVERIFY(out);
    out->hasSpoken = true;
    bench.machine.examined(out, 5, true, false);
    bench.offer(out);
    QCOMPARE(bench.status().active, 1);
    QCOMPARE(bench.status().suspects, 0);
    QVERIFY(lines[1].times == usual);
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::keepAliveIsTheUsersAgain()
{
    SuspectsBench bench;
    for (const quint32 id : {1U, 2U, 3U})
        bench.come(id);
    bench.wait(10s);
    bench.sign();
    QCOMPARE(lines[2].times.idle, 1);
    QCOMPARE(bench.take(), 3U);
    QVERIFY(lines[3].times == usual);
    bench.answer(2);
    bench.wait(50ms);
    QVERIFY(lines[2].times == usual);
    QCOMPARE(lines[1].times.idle, 1);
}

void tst_PoolMachineSuspects::nobodyIsAskedWhoseKeepAliveIsOff()
{
    SuspectsBench bench;
    bench.come(1);
    lines[1].hasKeepAlive = false;
    bench.wait(10s);
    bench.sign();
    QCOMPARE(bench.status().suspects, 0); // it cannot be found out
    QCOMPARE(bench.take(), 1U);
    VERIFY_RULES(bench);
}

// A NAT that has lost its state, or a server that has lost its power: the network is there, and only the old
// connections are dead. At the limit, too.
void tst_PoolMachineSuspects::areReplacedWhenOthersComeUp()
{
    CorePolicy policy;
    policy.limit = 3;
    SuspectsBench bench(policy);
    for (const quint32 id : {1U, 2U, 3U})
        bench.come(id);
    bench.wait(10s);
    bench.sign();
    bench.wait(1s);
    QCOMPARE(bench.machine.demand(bench.now).retiring, 0); // they may still answer
    bench.wait(2s);
    QCOMPARE(bench.machine.demand(bench.now).retiring, 1); // one is dialled
    bench.come(4);
    QCOMPARE(bench.status().active, 4);
    QCOMPARE(bench.status().overflowed, 0);
    QCOMPARE(bench.take(), 4U);
    QCOMPARE(bench.wait(2'400ms), Ids{}); // they are asked twice more
    QCOMPARE(bench.wait(400ms), (Ids{1, 2, 3}));
    QCOMPARE(bench.machine.evictions().constLast().cause, EvictionCause::SocketError);
    QVERIFY2(bench.machine.evictions().constLast().errorText.startsWith(u"no answer for 5 s"_s),
             qPrintable(bench.machine.evictions().constLast().errorText));
    QVERIFY2(bench.machine.takeLosses().empty(), "the server did not close what was just made");
    bench.come(5);
    bench.come(6);
    bench.wait(2s);
    QCOMPARE(bench.status().suspects, 0); // the end of the old ones says nothing of the new
    QCOMPARE(bench.machine.demand(bench.now).retiring, 0);
    VERIFY_RULES(bench);
}

// The first dial may come through before the next question does.
void tst_PoolMachineSuspects::stayWhenTheLinkComesBack()
{
    SuspectsBench bench;
    for (const quint32 id : {1U, 2U, 3U})
        bench.come(id);
    bench.wait(10s);
    bench.sign();
    bench.wait(20s);
    bench.come(4);
    bench.wait(1s);
    for (const quint32 id : {1U, 2U, 3U})
        bench.answer(id);
    QCOMPARE(bench.wait(10s), Ids{});
    QCOMPARE(bench.status().suspects, 0);
    QCOMPARE(bench.status().active, 4);
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::areTheFirstToGo()
{
    SuspectsBench bench;
    bench.come(1);
    bench.come(2);
    bench.wait(10s);
    bench.sign();
    bench.answer(1);
    bench.wait(50ms);
    bench.come(3);
    QCOMPARE(closed(bench.machine.evictSurplusOf(2, bench.moment())), Ids{2});
    QCOMPARE(bench.status().suspects, 0);
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::signsThatComeTogetherAreOne()
{
    SuspectsBench bench;
    bench.come(1);
    bench.wait(10s);
    bench.sign();
    bench.answer(1);
    bench.wait(50ms);
    bench.sign();
    QCOMPARE(bench.status().suspects, 0); // it has just answered
    bench.wait(1s);
    QCOMPARE(bench.status().suspects, 1); // but the sign is not forgotten
}

// A server whose handshakes time out all the time, because it has too much to do, is not to be asked all the time.
void tst_PoolMachineSuspects::falseAlarmsBecomeRare()
{
    SuspectsBench bench;
    bench.come(1);
    bench.wait(10s);
    for (int second = 0; second < 300; ++second) {
        bench.sign();
        bench.answer(1);
        bench.wait(1s);
        bench.answer(1);
    }
    QVERIFY2(lines[1].asked >= 5 && lines[1].asked <= 12, qPrintable(QString::number(lines[1].asked)));
    for (int second = 0; second < 130; ++second) {
        bench.answer(1);
        bench.wait(1s);
    }
    bench.sign();
    bench.wait(3s); // this time it is right
    QCOMPARE(bench.machine.demand(bench.now).retiring, 1);
    bench.answer(1);
    bench.wait(60s);
    const int before = lines[1].asked;
    for (int second = 0; second < 4; ++second) {
        bench.sign();
        bench.answer(1);
        bench.wait(1s);
    }
    QVERIFY(lines[1].asked - before >= 2); // as in the beginning
}

// Nobody else would see to it in a pool that dials nothing.
void tst_PoolMachineSuspects::aPausedPoolHeedsSigns()
{
    SuspectsBench bench;
    bench.come(1);
    bench.come(2);
    bench.wait(10s);
    QVERIFY(bench.machine.setPaused(true));
    QVERIFY(!bench.machine.needsWakeAfterTake());
    QVERIFY(bench.die(2, EvictionCause::SocketError));
    QVERIFY(bench.machine.needsWakeAfterTake());
    (void)bench.machine.expire(bench.moment());
    QCOMPARE(bench.status().suspects, 1);
    QVERIFY(!bench.machine.needsWakeAfterTake());
}

void tst_PoolMachineSuspects::whoEndsIsNoSuspect()
{
    SuspectsBench bench;
    bench.come(1);
    bench.wait(10s);
    bench.sign();
    CheckedOut out = bench.machine.examine(bench.machine.held().front()->token());
    QVERIFY(out);
    out->hasEnded = true;
    bench.machine.examined(out, 5, false, false);
    bench.offer(out);
    QCOMPARE(bench.status().ended, 1);
    QVERIFY(lines[1].times == usual);
    VERIFY_RULES(bench);
}

// A few at once under the mutex, for which takers wait.
void tst_PoolMachineSuspects::thousandsAreAskedInTurns()
{
    CorePolicy policy;
    policy.limit = 1'000;
    SuspectsBench bench(policy);
    for (quint32 id = 1; id <= 1'000; ++id)
        bench.come(id);
    bench.wait(10s);
    bench.sign();
    const auto asked = [] {
        return std::count_if(lines.begin(), lines.end(), [](const auto &line) { return line.second.asked > 0; });
    };
    QVERIFY(asked() > 0 && asked() < 100);
    bench.wait(1s);
    QCOMPARE(asked(), 1'000);
    for (quint32 id = 1; id <= 1'000; ++id)
        bench.answer(id);
    bench.wait(1s);
    QCOMPARE(bench.status().suspects, 0);
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::areFlushedAsTheOthers()
{
    SuspectsBench bench;
    for (const quint32 id : {1U, 2U, 3U})
        bench.come(id);
    bench.wait(10s);
    bench.sign();
    bench.wait(3s);
    QCOMPARE(bench.machine.held().size(), size_t(3));
    QCOMPARE(bench.machine.connections(9, bench.now).size(), 3);
    QCOMPARE(closed(bench.machine.flush(bench.moment())), (Ids{1, 2, 3}));
    QCOMPARE(bench.status().suspects, 0);
    QCOMPARE(bench.machine.demand(bench.now).retiring, 0);
    bench.generation = bench.machine.generation();
    bench.come(4);
    QCOMPARE(bench.take(), 4U);
    VERIFY_RULES(bench);
}

void tst_PoolMachineSuspects::lifetimesHoldForThem()
{
    SuspectsBench bench;
    bench.come(1);
    bench.come(2);
    bench.wait(10s);
    bench.sign();
    CorePolicy policy;
    policy.lifetimes.jitter = 0;
    policy.lifetimes.maximumIdle = 30s;
    (void)bench.machine.setPolicy(policy, bench.moment());
    QCOMPARE(bench.status().suspects, 2);
    QCOMPARE(bench.wait(21s).size(), size_t(2));
    QCOMPARE(bench.status().evictedBy(EvictionCause::Expired), 2);
    VERIFY_RULES(bench);
}

QTEST_GUILESS_MAIN(tst_PoolMachineSuspects)
#include "tst_poolmachine_suspects.moc"
