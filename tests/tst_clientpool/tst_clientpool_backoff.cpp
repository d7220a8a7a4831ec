// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Failures slow a client pool down, and it comes back by itself.

#include "support/poolhelpers.h"

#include <memory>
#include <set>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

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
    void delaysAreRandom();
    void failuresTogetherCountOnce();
    void oneDialGoesAhead();
    void successesEndTheBackoff();
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
    QSignalSpy ready(&pool, &Pool::readyChanged);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QTRY_COMPARE(ready.size(), 1);
    ready.clear();
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
    VERIFY_COUNTERS(pool);
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
    QTRY_VERIFY(pool.status().nextAttempt > 0ms);
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

// Full jitter: pools that lose one server do not come back together.
void tst_ClientPoolBackoff::delaysAreRandom()
{
    TestPeer peer;
    peer.stopListening();
    std::vector<std::unique_ptr<ClientPool>> pools;
    std::set<milliseconds> delays;
    for (int i = 0; i < 20; ++i) {
        pools.push_back(std::make_unique<ClientPool>());
        configure(*pools.back(), peer, 1);
        pools.back()->setBackoff({10h, 10h, 1.0});
        pools.back()->start();
    }
    for (const auto &pool : pools) {
        QTRY_VERIFY(pool->status().nextAttempt >= 0ms);
        delays.insert(pool->status().nextAttempt);
    }
    QVERIFY2(*delays.rbegin() <= 10h, "the bound is the cap");
    // Each of these fails once in a million runs.
    QVERIFY(delays.size() >= 19);
    QVERIFY2(*delays.begin() < 5h && *delays.rbegin() > 5h, "from 0 on, and evenly");
}

void tst_ClientPoolBackoff::failuresTogetherCountOnce()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, 16);
    pool.setBackoff({1h, 24h * 20, 10.0}); // the second delay is up to ten hours, the fifth up to twenty days
    pool.start();
    QTRY_COMPARE(pool.status().failedTotal(), 16);
    QTRY_VERIFY(pool.status().nextAttempt > 0ms);
    const auto rest = pool.status().nextAttempt;
    QVERIFY2(rest > 0ms && rest <= 1h, qPrintable(QString::number(rest.count())));
}

// To see whether the others have a chance.
void tst_ClientPoolBackoff::oneDialGoesAhead()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, 16);
    pool.setBackoff({40ms, 40ms, 1.0});
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    // Between two attempts, and the first 16 are over.
    QVERIFY(QTest::qWaitFor([&] { return pool.status().connecting == 0; }));
    PeerScript slow;
    slow.delay = 60s;
    peer.setScript(slow);
    QVERIFY(peer.listenAgain());
    QTRY_COMPARE(peer.accepted(), 1);
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > 1; }, 300));
    peer.setScript({});
    peer.greetWaiting();
    QTRY_COMPARE(pool.active(), 16);
}

void tst_ClientPoolBackoff::successesEndTheBackoff()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setBackoff({1ms, 10s, 10.0}); // 1 ms, 10 ms, 100 ms, 1 s, 10 s
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(failed.size() >= 4 + 4);
    QVERIFY(peer.listenAgain());
    QTRY_COMPARE_WITH_TIMEOUT(pool.active(), 4, 30'000);
    peer.stopListening();
    failed.clear();
    peer.close(peer.openIds().constFirst()); // one, so that each failure is a dial alone
    // Begun anew, four attempts take 0.1 s; gone on with, each waits for up to 10 s.
    QTRY_VERIFY_WITH_TIMEOUT(failed.size() >= 4, 2'000);
}

QTEST_GUILESS_MAIN(tst_ClientPoolBackoff)
#include "tst_clientpool_backoff.moc"
