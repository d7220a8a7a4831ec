// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machinebench.h"

using namespace Qt::StringLiterals;
using namespace TestSupport;

/// What a pool says of its state, and of what went wrong: in virtual time.
class tst_PoolMachineHealth : public QObject
{
    Q_OBJECT

private slots:
    void aFatalErrorFailsTheWaiters();
    void aHaltLeavesAFatalErrorAlone();
    void statesOfAClient();
    void statesOfAServer();
    void renewals();
    void diagnosis();
    void oldErrorsAreNoDiagnosis();
    void diagnosisOfAServer();
};

void tst_PoolMachineHealth::aFatalErrorFailsTheWaiters()
{
    Bench bench;
    const PoolError pin(Phase::Handshake, ErrorKind::Pin, u"wrong pin"_s);
    bench.wait();
    (void)bench.machine.flush(bench.moment());
    QVERIFY2(bench.machine.setFatal(pin, bench.generation, bench.now).failed.empty(), "of settings that are gone");
    const Actions actions = bench.machine.setFatal(pin, bench.machine.generation(), bench.now);
    QCOMPARE(actions.failed.size(), size_t(1));
    QCOMPARE(actions.error, pin);
    QCOMPARE(bench.status().state, PoolState::Degraded);
    QCOMPARE(bench.wait(), 0U);
    bench.machine.forgetFatal();
    QVERIFY(bench.wait() != 0);
    VERIFY_RULES(bench);
}

void tst_PoolMachineHealth::aHaltLeavesAFatalErrorAlone()
{
    Bench bench;
    const PoolError nobody(Phase::Wait, ErrorKind::Closed, u"nobody there"_s);
    bench.wait();
    QCOMPARE(bench.machine.halt(nobody, bench.now).failed.size(), size_t(1));
    QCOMPARE(bench.wait(), 0U);
    bench.machine.goOn();
    QVERIFY(bench.wait() != 0);
    (void)bench.machine.setFatal({Phase::Handshake, ErrorKind::Pin, u"wrong pin"_s}, bench.generation, bench.now);
    (void)bench.machine.halt(nobody, bench.now);
    bench.machine.goOn();
    QCOMPARE(bench.wait(), 0U);
    VERIFY_RULES(bench);
}

void tst_PoolMachineHealth::statesOfAClient()
{
    Bench bench;
    const auto state = [&bench] { return bench.status().state; };
    const auto lose = [&bench] {
        (void)bench.machine.putAside(bench.machine.checkOut({}), EvictionCause::PeerClosed, {}, bench.moment());
    };
    const PoolError refused(Phase::Dial, ErrorKind::Refused, u"refused"_s);
    QCOMPARE(state(), PoolState::Warming);
    bench.machine.attemptFailed(refused);
    QCOMPARE(state(), PoolState::Degraded);
    QCOMPARE(bench.status().lastErrorKind, ErrorKind::Refused);
    bench.arrive(1);
    QCOMPARE(state(), PoolState::Ready);
    QVERIFY(bench.status().lastError.isEmpty());
    bench.machine.attemptFailed(refused);
    QCOMPARE(state(), PoolState::Ready);
    lose();
    QCOMPARE(state(), PoolState::Ready); // the next dial will tell
    bench.machine.attemptFailed(refused);
    QCOMPARE(state(), PoolState::Degraded);
    bench.machine.setTrouble({Phase::Validate, ErrorKind::PeerClosed, u"they die"_s});
    bench.arrive(2);
    QCOMPARE(state(), PoolState::Degraded);
    bench.machine.setTrouble({});
    QCOMPARE(state(), PoolState::Ready);
    QVERIFY(bench.machine.demand(bench.now).isOpen);
    QVERIFY(bench.machine.setPaused(true));
    QVERIFY2(!bench.machine.demand(bench.now).isOpen, "at once, and not when the supply hears of it");
    QCOMPARE(state(), PoolState::Paused);
    QVERIFY(!bench.machine.needsWakeAfterTake());
    (void)bench.machine.setNextAttempt(bench.now + 1500us);
    QVERIFY(bench.status().nextAttempt == 2ms);
}

void tst_PoolMachineHealth::statesOfAServer()
{
    Bench bench(serverPolicy(4));
    bench.machine.attemptFailed({Phase::Handshake, ErrorKind::Tls, u"a client failed"_s});
    QCOMPARE(bench.status().state, PoolState::Warming);
    bench.arrive(1);
    QCOMPARE(bench.status().state, PoolState::Ready);
    (void)bench.machine.putAside(bench.machine.checkOut({}), EvictionCause::PeerClosed, {}, bench.moment());
    QCOMPARE(bench.status().state, PoolState::Warming);
    QVERIFY(bench.machine.takeLosses().empty());
}

void tst_PoolMachineHealth::renewals()
{
    Bench bench;
    bench.arrive(1);
    bench.machine.attemptFailed({Phase::Dial, ErrorKind::Refused, u"refused"_s});
    const quint64 generation = bench.machine.generation();
    const auto renew = [&](quint64 of, Renewal cause) {
        return bench.machine.renew(of, cause, bench.now + 5s, bench.moment());
    };
    QVERIFY(!renew(generation - 1, Renewal::Sleep).generation);
    QCOMPARE(bench.status().active, 1);
    const auto renewed = renew(generation, Renewal::Sleep);
    QCOMPARE(renewed.generation.value_or(0), generation + 1);
    QVERIFY(renewed.actions.wakesSupply);
    QCOMPARE(bench.status().active, 0);
    QCOMPARE(bench.status().state, PoolState::Warming); // as after the start
    QVERIFY(bench.status().lastError.isEmpty());
    QVERIFY(bench.status().waking);
    QCOMPARE(bench.machine.nextDeadline(), bench.now + 5s);
    bench.now += 5s;
    QVERIFY(!bench.status().waking);
    QVERIFY2(bench.machine.expire(bench.moment()).announce == Actions::Announce::Now, "somebody shows the text");
    QVERIFY(bench.machine.nextDeadline() > bench.now);
    QVERIFY(renew(generation + 1, Renewal::Network).generation);
    QVERIFY(!bench.status().waking);
    QCOMPARE(bench.status().sleeps, 1);
    QCOMPARE(bench.status().networkChanges, 1);
    QVERIFY(bench.machine.setOffline(true));
    QVERIFY(!bench.machine.setOffline(true));
    QCOMPARE(bench.status().state, PoolState::Degraded);
    bench.generation = bench.machine.generation();
    bench.arrive(2); // it knows better
    QCOMPARE(bench.status().state, PoolState::Ready);
    (void)bench.machine.shutDown(bench.moment());
    QVERIFY(!bench.status().offline);
    QVERIFY(!renew(bench.machine.generation(), Renewal::Sleep).generation);
}

void tst_PoolMachineHealth::diagnosis()
{
    Bench bench;
    const PoolError silent(Phase::Dial, ErrorKind::Timeout, u"no answer"_s);
    const PoolError refused(Phase::Dial, ErrorKind::Refused, u"refused"_s);
    QCOMPARE(bench.status().diagnosis, Diagnosis::None);
    QCOMPARE(bench.status().diagnosisText(), QString());
    for (int i = 0; i < 11; ++i)
        bench.machine.attemptFailed(silent);
    bench.machine.attemptFailed(refused); // the last one counts
    QCOMPARE(bench.status().diagnosis, Diagnosis::Refused);
    QCOMPARE(bench.status().failedInARow, 12);
    bench.machine.attemptFailed(silent);
    QCOMPARE(bench.status().diagnosisText(), u"Nothing answers at the server's address: 13 attempts in a row failed"_s);
    QVERIFY(bench.machine.setOffline(true));
    QCOMPARE(bench.status().diagnosis, Diagnosis::NoNetwork);
    QVERIFY(bench.machine.setOffline(false));
    QCOMPARE(bench.status().diagnosis, Diagnosis::NoAnswer);
    bench.arrive(1);
    QCOMPARE(bench.status().diagnosis, Diagnosis::None);
    QCOMPARE(bench.status().failedInARow, 0);
    bench.machine.attemptFailed(silent);
    (void)bench.machine.flush(bench.moment());
    QCOMPARE(bench.status().failedInARow, 0); // those were of the generation before
    QCOMPARE(bench.status().diagnosis, Diagnosis::None);
    bench.machine.setTrouble({Phase::Validate, ErrorKind::PeerClosed, u"they die"_s});
    QCOMPARE(bench.status().diagnosis, Diagnosis::ServerCloses);
    bench.machine.attemptFailed(refused);
    bench.machine.setTrouble({});
    QCOMPARE(bench.status().diagnosis, Diagnosis::Refused); // which is newer
    (void)bench.machine.shutDown(bench.moment());
    QCOMPARE(bench.status().diagnosis, Diagnosis::None);
    bench.machine.setStartError({Phase::Dial, ErrorKind::Resources, u"no descriptors"_s});
    QCOMPARE(bench.status().diagnosis, Diagnosis::ThisMachine);
}

// What failed last does not matter any more when nothing is lacking: nobody dials then.
void tst_PoolMachineHealth::oldErrorsAreNoDiagnosis()
{
    Bench bench;
    (void)bench.machine.setTarget(2, 1s);
    bench.arrive(1);
    bench.arrive(2);
    QCOMPARE(bench.take(), 2U);
    bench.machine.attemptFailed({Phase::Dial, ErrorKind::Timeout, u"no answer"_s});
    QCOMPARE(bench.status().diagnosis, Diagnosis::NoAnswer);
    QVERIFY(bench.machine.setPaused(true));
    QCOMPARE(bench.status().diagnosis, Diagnosis::None);
    QVERIFY(bench.machine.setPaused(false));
    CheckedOut back = bench.machine.giveBack(bench.tokens.back(), true, false, bench.now);
    QVERIFY(back);
    bench.offer(back);
    QCOMPARE(bench.status().diagnosis, Diagnosis::None);
    QCOMPARE(bench.status().diagnosisText(), QString());
}

// Its clients fail for reasons of their own.
void tst_PoolMachineHealth::diagnosisOfAServer()
{
    Bench bench(serverPolicy(4));
    bench.machine.attemptFailed({Phase::Handshake, ErrorKind::Tls, u"a client failed"_s});
    QCOMPARE(bench.status().diagnosis, Diagnosis::None);
    QCOMPARE(bench.status().failedInARow, 0);
}

QTEST_GUILESS_MAIN(tst_PoolMachineHealth)
#include "tst_poolmachine_health.moc"
