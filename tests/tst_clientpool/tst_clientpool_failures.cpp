// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/filledbacklog.h"
#include "support/messagerecorder.h"
#include "support/poolhelpers.h"
#include "support/process.h"

#include <QtCore/QElapsedTimer>

#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolFailures : public QObject
{
    Q_OBJECT

private slots:
    void refusedPort();
    void repeatedFailureIsLoggedOnce();
    void hostNotFound();
    void unknownTlsMode();
    void noHost();
    void badIdentity_data();
    void badIdentity();
    void phasesTimeOut_data();
    void phasesTimeOut();
    void eachPhaseHasItsOwnTime_data();
    void eachPhaseHasItsOwnTime();
    void gaugesTellThePhases_data();
    void gaugesTellThePhases();
    void timedOutTakeExplains();
    void takeIsServedWhenThePeerComes();
    void oneBadConnectionDoesNotStarveTheWaiters();
    void errorsOfTheApplicationFlushOnce();
    void errorsCanBeJustCounted();
};

void tst_ClientPoolFailures::refusedPort()
{
    ClientPool pool(u"127.0.0.1"_s, freePort());
    makeImpatient(pool);
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    QVERIFY(!pool.isReady());
    const PoolError error = pool.lastError();
    QCOMPARE(error.phase(), Phase::Dial);
    QCOMPARE(error.kind(), ErrorKind::Refused);
    QVERIFY(!error.isFatal());
    QVERIFY(!error.message().isEmpty());
    QCOMPARE(pool.status().lastError, error.message());
    QCOMPARE(pool.status().lastErrorKind, error.kind());
    QCOMPARE(pool.status().diagnosis, Diagnosis::Refused);
    QVERIFY(pool.status().failedInARow >= 1);
    QVERIFY(pool.status().failedIn(Phase::Dial) >= 1);
    QTRY_VERIFY(!failed.isEmpty());
    QCOMPARE(failed.at(0).at(0).value<PoolError>().kind(), ErrorKind::Refused);
    // It goes on trying.
    const qint64 before = pool.status().failedTotal();
    QTRY_VERIFY(pool.status().failedTotal() > before);
}

void tst_ClientPoolFailures::repeatedFailureIsLoggedOnce()
{
    const MessageRecorder recorder;
    ClientPool pool(u"127.0.0.1"_s, freePort());
    makeImpatient(pool);
    pool.start();
    QTRY_VERIFY(pool.status().failedTotal() >= 20);
    QVERIFY(!recorder.warnings().isEmpty());
    QVERIFY2(recorder.warnings().size() <= 3, qPrintable(recorder.warnings().join(u'\n')));
}

void tst_ClientPoolFailures::hostNotFound()
{
    ClientPool pool(u"no-such-host.invalid"_s, 4'000);
    makeImpatient(pool);
    Timeouts timeouts = pool.timeouts();
    timeouts.resolve = 30s; // a resolver that reaches no server takes its time
    pool.setTimeouts(timeouts);
    pool.start();
    QTRY_VERIFY_WITH_TIMEOUT(pool.status().failedIn(Phase::Resolve) >= 1, 30'000);
    QCOMPARE(pool.lastError().phase(), Phase::Resolve);
    QCOMPARE(pool.lastError().kind(), ErrorKind::HostNotFound);
    QCOMPARE(pool.status().diagnosis, Diagnosis::NameNotFound);
    QVERIFY2(pool.lastError().message().contains(u"no-such-host.invalid"_s), qPrintable(pool.lastError().message()));
}

void tst_ClientPoolFailures::unknownTlsMode()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer);
    pool.setTls(tlsMode(static_cast<TlsMode>(7)));
    pool.start();
    QTRY_COMPARE(pool.lastError().kind(), ErrorKind::Settings);
    QVERIFY2(pool.lastError().message().contains(u"TLS mode 7"_s), qPrintable(pool.lastError().message()));
    QCOMPARE(peer.accepted(), 0);
}

void tst_ClientPoolFailures::noHost()
{
    ClientPool pool;
    pool.start();
    QTRY_COMPARE(pool.lastError().kind(), ErrorKind::Settings);
    QVERIFY(pool.lastError().isFatal());
    QElapsedTimer clock;
    clock.start();
    const TakeResult taken = await(pool.take());
    QCOMPARE(taken.error().kind(), ErrorKind::Settings);
    QCOMPARE(pool.status().diagnosis, Diagnosis::ThisMachine);
    QVERIFY(clock.elapsed() < 4'500);

    TestPeer peer;
    configure(pool, peer);
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.status().diagnosis, Diagnosis::None);
}

void tst_ClientPoolFailures::badIdentity_data()
{
    using Then = PeerScript::Then;
    QTest::addColumn<PeerScript>("script");
    QTest::addColumn<IdFormat>("format");
    QTest::addColumn<QList<ErrorKind>>("kinds");
    const QList ends{ErrorKind::PeerClosed, ErrorKind::BadIdentity};
    QTest::newRow("letters beyond f") << PeerScript::sending("12345g78") << IdFormat::Hex8
                                      << QList{ErrorKind::BadIdentity};
    QTest::newRow("upper case") << PeerScript::sending("ABCDEF12") << IdFormat::Hex8 << QList{ErrorKind::BadIdentity};
    QTest::newRow("blanks") << PeerScript::sending("  123456") << IdFormat::Hex8 << QList{ErrorKind::BadIdentity};
    QTest::newRow("zero bytes") << PeerScript::sending(QByteArray(8, '\0')) << IdFormat::Hex8
                                << QList{ErrorKind::BadIdentity};
    QTest::newRow("too short") << PeerScript::sending("1234567") << IdFormat::Hex8 << QList{ErrorKind::Timeout};
    QTest::newRow("too short, closed") << PeerScript::sending("1234567", Then::Close) << IdFormat::Hex8 << ends;
    QTest::newRow("too short, raw") << PeerScript::sending("123") << IdFormat::Raw4 << QList{ErrorKind::Timeout};
    QTest::newRow("too short, raw, closed") << PeerScript::sending("123", Then::Close) << IdFormat::Raw4 << ends;
    QTest::newRow("silent") << PeerScript::silent() << IdFormat::Hex8 << QList{ErrorKind::Timeout};
    QTest::newRow("closes") << PeerScript::ending(Then::Close) << IdFormat::Hex8 << QList{ErrorKind::PeerClosed};
    PeerScript late = PeerScript::ending(Then::Reset);
    late.delay = 50ms;
    QTest::newRow("resets") << late << IdFormat::Hex8 << QList{ErrorKind::PeerClosed};
}

void tst_ClientPoolFailures::badIdentity()
{
    QFETCH(PeerScript, script);
    QFETCH(IdFormat, format);
    QFETCH(QList<ErrorKind>, kinds);
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 2);
    makeImpatient(pool);
    if (kinds.contains(ErrorKind::Timeout))
        shortenTimeout(pool, &Timeouts::identify);
    pool.setIdFormat(format);
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Identify);
    QVERIFY2(kinds.contains(pool.lastError().kind()), qPrintable(pool.lastError().message()));
    QVERIFY(!pool.lastError().isFatal());
    QVERIFY(pool.status().failedIn(Phase::Identify) >= 1);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.status().established, 0);
    // Such connections are closed, not left lying about.
    pool.pause();
    // A dial that had begun may be accepted only now. QTRY_COMPARE() would look twice, and see 0 and then 1.
    QVERIFY(QTest::qWaitFor([&] { return underWay(pool) == 0 && peer.open() == 0; }));
}

void tst_ClientPoolFailures::phasesTimeOut_data()
{
    QTest::addColumn<Phase>("phase");
    QTest::newRow("dial") << Phase::Dial;
    QTest::newRow("handshake") << Phase::Handshake;
    QTest::newRow("identify") << Phase::Identify;
}

void tst_ClientPoolFailures::phasesTimeOut()
{
    QFETCH(Phase, phase);
    TestPeer peer(PeerScript::silent());
    const FilledBacklog unresponsive;
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    if (phase == Phase::Dial) {
        if (unresponsive.port() == 0)
            QSKIP("this system answers connects to a full queue");
        pool.setPort(unresponsive.port());
    }
    shortenTimeout(pool,
                   phase == Phase::Dial            ? &Timeouts::dial
                       : phase == Phase::Handshake ? &Timeouts::handshake
                                                   : &Timeouts::identify);
    pool.setTls(tlsMode(phase == Phase::Handshake ? TlsMode::SelfSigned : TlsMode::None));
    QElapsedTimer clock;
    clock.start();
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QVERIFY2(clock.elapsed() >= 290, qPrintable(QString::number(clock.elapsed())));
    QVERIFY2(clock.elapsed() < 4'500, "it waits as long as by default");
    QCOMPARE(pool.lastError().phase(), phase);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Timeout);
    QTRY_VERIFY(pool.status().failedIn(phase) >= 2);
}

void tst_ClientPoolFailures::eachPhaseHasItsOwnTime_data()
{
    phasesTimeOut_data();
}

void tst_ClientPoolFailures::eachPhaseHasItsOwnTime()
{
    QFETCH(Phase, phase);
    TestPeer peer(PeerScript::silent());
    const FilledBacklog unresponsive;
    ClientPool pool;
    configure(pool, peer, 1);
    Timeouts timeouts;
    for (auto *timeout : {&timeouts.resolve, &timeouts.dial, &timeouts.handshake, &timeouts.identify})
        *timeout = 30s;
    if (phase == Phase::Dial) {
        if (unresponsive.port() == 0)
            QSKIP("this system answers connects to a full queue");
        pool.setPort(unresponsive.port());
        timeouts.dial = 300ms;
    } else if (phase == Phase::Handshake) {
        timeouts.handshake = 300ms;
    } else {
        timeouts.identify = 300ms;
    }
    pool.setTimeouts(timeouts);
    pool.setTls(tlsMode(phase == Phase::Handshake ? TlsMode::SelfSigned : TlsMode::None));
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), phase);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Timeout);
}

void tst_ClientPoolFailures::gaugesTellThePhases_data()
{
    phasesTimeOut_data();
}

void tst_ClientPoolFailures::gaugesTellThePhases()
{
    QFETCH(Phase, phase);
    TestPeer peer(PeerScript::silent());
    const FilledBacklog unresponsive;
    ClientPool pool;
    configure(pool, peer, 3);
    if (phase == Phase::Dial) {
        if (unresponsive.port() == 0)
            QSKIP("this system answers connects to a full queue");
        pool.setPort(unresponsive.port());
    }
    pool.setTls(tlsMode(phase == Phase::Handshake ? TlsMode::SelfSigned : TlsMode::None));
    pool.start();
    QTRY_COMPARE(pool.status().connecting, phase == Phase::Dial ? 3 : 0);
    QTRY_COMPARE(pool.status().handshaking, phase == Phase::Dial ? 0 : 3);
    QCOMPARE(pool.active(), 0);
    pool.close();
    QCOMPARE(pool.status().connecting, 0);
    QCOMPARE(pool.status().handshaking, 0);
}

void tst_ClientPoolFailures::timedOutTakeExplains()
{
    ClientPool pool(u"127.0.0.1"_s, freePort());
    makeImpatient(pool);
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QElapsedTimer clock;
    clock.start();
    const TakeResult taken = await(pool.take(200ms));
    QVERIFY(!taken);
    QVERIFY2(clock.elapsed() >= 195 && clock.elapsed() < 4'500, qPrintable(QString::number(clock.elapsed())));
    const PoolError error = taken.error();
    QCOMPARE(error.kind(), ErrorKind::Timeout);
    QCOMPARE(error.phase(), Phase::Wait);
    QVERIFY(error.status());
    QCOMPARE(error.status()->state, PoolState::Degraded);
    QCOMPARE(error.status()->active, 0);
    QVERIFY(error.status()->failedIn(Phase::Dial) >= 1);
    QVERIFY(!error.status()->lastError.isEmpty());
    QVERIFY2(error.message().contains(error.status()->lastError), qPrintable(error.message()));
    QCOMPARE(pool.status().takesFailed, 1);
    VERIFY_COUNTERS(pool);
}

void tst_ClientPoolFailures::takeIsServedWhenThePeerComes()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    const QFuture<TakeResult> take = pool.take();
    QTRY_COMPARE(pool.waiting(), 1);
    QVERIFY(peer.listenAgain());
    VERIFY_TAKEN(await(take));
    QCOMPARE(pool.status().servedAfterWait, 1);
}

// The peer closes every connection but the last two at once; the waiters get those.
void tst_ClientPoolFailures::oneBadConnectionDoesNotStarveTheWaiters()
{
    TestPeer peer(PeerScript::ending(PeerScript::Then::Close));
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.start();
    const QFuture<TakeResult> first = pool.take();
    const QFuture<TakeResult> second = pool.take();
    QTRY_VERIFY(pool.status().failedTotal() >= 2);
    QVERIFY(!first.isFinished());
    peer.setScript({});
    VERIFY_TAKEN(await(first));
    VERIFY_TAKEN(await(second));
}

// As in the Go package: more errors than half of what is parked.
void tst_ClientPoolFailures::errorsOfTheApplicationFlushOnce()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setMinimumInterval(1h); // no round dials one more
    pool.setMaximumInterval(1h);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    pool.addError();
    pool.addError();
    QVERIFY(!QTest::qWaitFor([&] { return pool.status().evictedTotal() > 0; }, 100));
    QCOMPARE(pool.errorCount(), 2);
    std::thread([&] { pool.addError(); }).join();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::Flushed), 4);
    QCOMPARE(pool.errorCount(), 0);
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(peer.accepted(), 8);
    // They have another cause, it seems.
    for (int i = 0; i < 10; ++i)
        pool.addError();
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 8; }, 100));
    QCOMPARE(pool.errorCount(), 10);
}

void tst_ClientPoolFailures::errorsCanBeJustCounted()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    QVERIFY(pool.flushesOnErrors());
    pool.setFlushesOnErrors(false);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    for (int i = 0; i < 10; ++i)
        pool.addError();
    QVERIFY(!QTest::qWaitFor([&] { return pool.status().evictedTotal() > 0; }, 100));
    QCOMPARE(pool.errorCount(), 10);
}

QTEST_GUILESS_MAIN(tst_ClientPoolFailures)
#include "tst_clientpool_failures.moc"
