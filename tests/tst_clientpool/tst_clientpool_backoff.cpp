// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Failures slow a client pool down, and it comes back by itself.

#include "support/poolhelpers.h"

#include <QtCore/QElapsedTimer>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolBackoff : public QObject
{
    Q_OBJECT

private slots:
    void failuresDoNotLoop_data();
    void failuresDoNotLoop();
    void deathsDoNotLoop_data();
    void deathsDoNotLoop();
    void deathsAreExplained();
    void oneDeathIsNoFailure();
    void recoversWhenThePeerAppears();
    void recoversAfterAnOutage();
    void retryNowEndsABackoff();
};

void tst_ClientPoolBackoff::failuresDoNotLoop_data()
{
    QTest::addColumn<PeerScript>("script");
    QTest::addColumn<TlsMode>("mode");
    QTest::newRow("closes at once") << PeerScript::ending(PeerScript::Then::Close) << TlsMode::None;
    QTest::newRow("no id") << PeerScript::sending("GET / HTTP/1.1") << TlsMode::None;
    QTest::newRow("no TLS") << PeerScript::sending("00000001") << TlsMode::SelfSigned;
}

void tst_ClientPoolBackoff::failuresDoNotLoop()
{
    QFETCH(PeerScript, script);
    QFETCH(TlsMode, mode);
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setMinimumInterval(1ms);
    pool.setMaximumInterval(1ms);
    pool.setTls(tlsMode(mode));
    pool.setBackoff({5s, 30s, 10.0});
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    // The first delay is up to 5 s, the next ones longer: at most a few attempts, each of 4 dials, fall into a second.
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 24; }, 1'000));
}

void tst_ClientPoolBackoff::deathsDoNotLoop_data()
{
    QTest::addColumn<PeerScript>("script");
    QTest::addColumn<Identity>("identity");
    PeerScript closing;
    closing.then = PeerScript::Then::Close;
    QTest::newRow("closes behind the id") << closing << Identity::FromServer;
    closing.greeting = PeerScript::Greeting::Nothing;
    QTest::newRow("closes, and needs no id") << closing << Identity::Local;
    QTest::newRow("the same id always") << PeerScript::sending("00000001") << Identity::FromServer;
}

// Every dial succeeds, and nothing comes of it.
void tst_ClientPoolBackoff::deathsDoNotLoop()
{
    QFETCH(PeerScript, script);
    QFETCH(Identity, identity);
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setIdentity(identity);
    pool.setMinimumInterval(1ms);
    pool.setMaximumInterval(1ms);
    pool.setBackoff({5s, 30s, 10.0});
    pool.start();
    QTRY_VERIFY(peer.accepted() >= 4);
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 24; }, 1'000));
}

void tst_ClientPoolBackoff::deathsAreExplained()
{
    PeerScript closing;
    closing.then = PeerScript::Then::Close;
    TestPeer peer(closing);
    ClientPool pool;
    configure(pool, peer, 4);
    makeImpatient(pool);
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(!failed.isEmpty());
    const auto error = failed.first().first().value<PoolError>();
    QCOMPARE(error.kind(), ErrorKind::PeerClosed);
    QVERIFY2(error.message().contains(u"as soon as they are made"_s), qPrintable(error.message()));
    peer.setScript({});
    QTRY_COMPARE(pool.active(), 4);
}

// A server's flush is no failure, however new the connections are.
void tst_ClientPoolBackoff::oneDeathIsNoFailure()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    makeImpatient(pool);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    peer.closeAll();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::PeerClosed), 4);
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.status().failedTotal(), 0);
}

void tst_ClientPoolBackoff::recoversWhenThePeerAppears()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, 4);
    makeImpatient(pool);
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    QVERIFY(peer.listenAgain());
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.state(), PoolState::Ready);
    QVERIFY(pool.isReady());
    QVERIFY(!pool.lastError());
    QCOMPARE(pool.status().lastError, QString());
    QCOMPARE(pool.status().lastErrorKind, ErrorKind::None);
}

void tst_ClientPoolBackoff::recoversAfterAnOutage()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    makeImpatient(pool);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QTRY_VERIFY(pool.isReady());
    QCoreApplication::processEvents();
    QSignalSpy ready(&pool, &Pool::readyChanged);
    for (int outage = 0; outage < 3; ++outage) {
        peer.stopListening();
        peer.resetAll();
        QTRY_COMPARE(pool.state(), PoolState::Degraded);
        QTRY_COMPARE(ready.size(), 2 * outage + 1);
        QCOMPARE(pool.active(), 0);
        QVERIFY(!pool.isReady());
        QVERIFY(peer.listenAgain());
        QTRY_COMPARE(pool.active(), 4);
        QVERIFY(pool.isReady());
        QTRY_COMPARE(ready.size(), 2 * outage + 2);
    }
    QCOMPARE(pool.status().evictedTotal(), 12);
    VERIFY_BOOKS(pool);
}

void tst_ClientPoolBackoff::retryNowEndsABackoff()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, 4);
    // Somewhere in ten hours: not by chance within this test.
    pool.setBackoff({10h, 10h, 1.0});
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    QTRY_COMPARE(pool.status().connecting, 0);
    const auto rest = pool.status().nextAttempt;
    QVERIFY2(rest > 0ms && rest <= 10h, qPrintable(QString::number(rest.count())));
    QVERIFY(peer.listenAgain());
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 0; }, 300));
    QVERIFY(pool.status().nextAttempt <= rest - 300ms); // it counts down
    pool.retryNow();
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.status().nextAttempt, -1ms);
}

QTEST_GUILESS_MAIN(tst_ClientPoolBackoff)
#include "tst_clientpool_backoff.moc"
