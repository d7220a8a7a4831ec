// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What happens to connections while they are parked, and what is known of those that left.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_Parked : public QObject
{
    Q_OBJECT

private slots:
    void deathEvictsAtOnce_data();
    void deathEvictsAtOnce();
    void allDieTogether();
    void speakingIsSignalledOnce_data();
    void speakingIsSignalledOnce();
    void speakingEvicts_data();
    void speakingEvicts();
    void earlyBytesEvict();
    void speakingWhileTakenIsNotSignalled();
    void lastWordsThenClose();
    void muchIsHeldBack();
    void expires_data();
    void expires();
    void takenOnesDoNotExpire();
    void expiryIsSpread();
    void ledgerKeepsTheLast();
    void leaseWatchdog();
};

void tst_Parked::deathEvictsAtOnce_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<bool>("reset");
    QTest::newRow("closed") << false << false;
    QTest::newRow("reset") << false << true;
    QTest::newRow("closed, TLS") << true << false;
    QTest::newRow("reset, TLS") << true << true;
}

void tst_Parked::deathEvictsAtOnce()
{
    QFETCH(bool, encrypted);
    QFETCH(bool, reset);
    PeerScript script;
    if (encrypted)
        script.tls = selfSigned();
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setMinimumInterval(60s);
    pool.setMaximumInterval(60s);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    const ConnectionId victim = peer.ids().at(2);
    QElapsedTimer clock;
    clock.start();
    if (reset)
        peer.reset(victim);
    else
        peer.close(victim);
    QTRY_COMPARE(evicted.size(), 1);
    QVERIFY2(clock.elapsed() < 1'000, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), victim);
    const auto cause = evicted.at(0).at(1).value<EvictionCause>();
    QVERIFY(cause == EvictionCause::PeerClosed || (reset && cause == EvictionCause::SocketError));
    // Replaced at once, although the next round is a minute away.
    QTRY_COMPARE(pool.active(), 4);
    QVERIFY(!peer.openIds().contains(victim));
    QCOMPARE(pool.status().evictedTotal(), 1);
    QCOMPARE(pool.state(), PoolState::Ready);
    VERIFY_BOOKS(pool);
}

void tst_Parked::allDieTogether()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 64);
    pool.start();
    QTRY_COMPARE(pool.active(), 64);
    for (int i = 1; i <= 3; ++i) {
        peer.resetAll();
        QTRY_COMPARE(pool.status().evictedTotal(), 64 * i);
        QTRY_COMPARE(pool.active(), 64);
    }
    QCOMPARE(peer.open(), 64);
    VERIFY_BOOKS(pool);
}

void tst_Parked::speakingIsSignalledOnce_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::newRow("plain") << false;
    QTest::newRow("TLS") << true;
}

void tst_Parked::speakingIsSignalledOnce()
{
    QFETCH(bool, encrypted);
    PeerScript script;
    if (encrypted)
        script.tls = selfSigned();
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setMinimumInterval(60s); // leaves room for the one that is given back
    pool.setMaximumInterval(60s);
    pool.setRefill(Refill::AtRound);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy spoke(&pool, &Pool::connectionSpoke);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    const ConnectionId speaker = peer.ids().at(0);
    peer.send(speaker, "first ");
    QTRY_COMPARE(spoke.size(), 1);
    QCOMPARE(spoke.at(0).at(0).value<ConnectionId>(), speaker);
    peer.send(speaker, "second");
    QVERIFY(!QTest::qWaitFor([&] { return spoke.size() > 1; }, 150));
    QCOMPARE(pool.active(), 2);
    QCOMPARE(pool.status().evictedTotal(), 0);

    const TakeResult taken = await(pool.take(speaker));
    VERIFY_TAKEN(taken);
    QCOMPARE(readExactly(taken.connection().socket(), 12), "first second"_ba);
    QCOMPARE(echo(taken.connection().socket(), "third"), "third"_ba);

    // Once for each parking.
    pool.giveBack(taken.connection());
    QTRY_COMPARE(pool.status().givenBack, 1);
    peer.send(speaker, "again");
    QTRY_COMPARE(spoke.size(), 2);
}

void tst_Parked::speakingEvicts_data()
{
    speakingIsSignalledOnce_data();
}

void tst_Parked::speakingEvicts()
{
    QFETCH(bool, encrypted);
    PeerScript script;
    if (encrypted)
        script.tls = selfSigned();
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setUnsolicited(Unsolicited::Evict);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    const ConnectionId speaker = peer.ids().at(0);
    peer.send(speaker, "out of turn");
    QTRY_COMPARE(evicted.size(), 1);
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), speaker);
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::Unsolicited);
    QTRY_VERIFY(!peer.openIds().contains(speaker));
    QTRY_COMPARE(pool.active(), 2);
    VERIFY_BOOKS(pool);
}

// Bytes right behind the id are as unwanted as later ones: such a connection is never handed out.
void tst_Parked::earlyBytesEvict()
{
    PeerScript script;
    script.behind = "too early";
    script.serve = 3;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.setUnsolicited(Unsolicited::Evict);
    pool.start();
    QVERIFY(!await(pool.take(500ms)));
    QVERIFY(peer.accepted() >= 1);
    VERIFY_BOOKS(pool);
}

void tst_Parked::speakingWhileTakenIsNotSignalled()
{
    ServerPool pool;
    QSignalSpy spoke(&pool, &Pool::connectionSpoke);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    const TakeResult taken = await(pool.take(client.readHexId()));
    VERIFY_TAKEN(taken);
    client.write("for its owner");
    QCOMPARE(readExactly(taken.connection().socket(), 13), "for its owner"_ba);
    QCOMPARE(spoke.size(), 0);
}

// A peer that says something and closes is gone, words or not.
void tst_Parked::lastWordsThenClose()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    const ConnectionId id = client.readHexId();
    QTRY_COMPARE(pool.active(), 1);
    client.write("good bye");
    client.close();
    QTRY_COMPARE(pool.status().evictedTotal(), 1);
    QCOMPARE(pool.active(), 0);
    QVERIFY(!await(pool.take(id, 50ms)));
}

// A parked connection whose peer sends and sends does not fill the memory, and loses nothing.
void tst_Parked::muchIsHeldBack()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    const ConnectionId id = client.readHexId();
    QTRY_COMPARE(pool.active(), 1);
    QByteArray much(32'000'000, '\0');
    for (qsizetype i = 0; i < much.size(); ++i)
        much[i] = static_cast<char>(i % 251);
    client.socket()->write(much);
    // The systems' buffers and what the pool lets in take some of it, but by far not all.
    QVERIFY(!QTest::qWaitFor([&] { return client.socket()->bytesToWrite() < 8'000'000; }, 700));
    const TakeResult taken = await(pool.take(id));
    VERIFY_TAKEN(taken);
    QSslSocket *socket = taken.connection().socket();
    QByteArray got;
    QTRY_VERIFY_WITH_TIMEOUT((got += socket->readAll()).size() >= much.size(), 20'000);
    QVERIFY(got == much);
}

void tst_Parked::expires_data()
{
    QTest::addColumn<Lifetimes>("lifetimes");
    QTest::newRow("by age") << Lifetimes{300ms, 0ms, 0.0};
    QTest::newRow("by idle time") << Lifetimes{0ms, 300ms, 0.0};
}

void tst_Parked::expires()
{
    QFETCH(Lifetimes, lifetimes);
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setLifetimes(lifetimes);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    QElapsedTimer clock;
    clock.start();
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    QTRY_VERIFY(evicted.size() >= 3);
    QVERIFY2(clock.elapsed() >= 290, qPrintable(QString::number(clock.elapsed())));
    QVERIFY2(clock.elapsed() < 3'000, qPrintable(QString::number(clock.elapsed())));
    for (const auto &arguments : evicted)
        QCOMPARE(arguments.at(1).value<EvictionCause>(), EvictionCause::Expired);
    // Replaced, so that there is always one to take.
    QTRY_VERIFY(pool.active() >= 2);
    QCOMPARE(pool.state(), PoolState::Ready);
    VERIFY_TAKEN(await(pool.take(1s)));
    VERIFY_BOOKS(pool);
}

void tst_Parked::takenOnesDoNotExpire()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setLifetimes({200ms, 200ms, 0.0});
    pool.start();
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QTRY_VERIFY(pool.status().evictedBy(EvictionCause::Expired) >= 2);
    QCOMPARE(echo(taken.connection().socket(), "still mine"), "still mine"_ba);
}

// Born together, with a jitter of a half they do not die together.
void tst_Parked::expiryIsSpread()
{
    ServerPool pool;
    pool.setLifetimes({1s, 0ms, 0.5});
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    const std::vector<RawClient> clients = connectMany(pool.serverPort(), 40);
    QTRY_COMPARE(pool.active(), 40);
    QTRY_VERIFY(!evicted.isEmpty());
    QElapsedTimer clock;
    clock.start();
    QTRY_COMPARE(evicted.size(), 40);
    QVERIFY2(clock.elapsed() > 200, qPrintable(QString::number(clock.elapsed())));
    QVERIFY2(clock.elapsed() < 1'500, qPrintable(QString::number(clock.elapsed())));
    for (const EvictionRecord &record : pool.evictions())
        QVERIFY2(record.age >= 490ms && record.age < 1'500ms, qPrintable(QString::number(record.age.count())));
}

void tst_Parked::ledgerKeepsTheLast()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QCOMPARE(pool.evictions().size(), 0);
    QList<ConnectionId> ids;
    for (int i = 0; i < 70; ++i) {
        RawClient client(pool.serverPort());
        ids.append(client.readHexId());
        QTRY_COMPARE(pool.active(), 1);
        client.close();
        QTRY_COMPARE(pool.active(), 0);
    }
    const QList<EvictionRecord> ledger = pool.evictions();
    QCOMPARE(ledger.size(), 64);
    for (int i = 0; i < 64; ++i) {
        QCOMPARE(ledger.at(i).id, ids.at(i + 6));
        QCOMPARE(ledger.at(i).cause, EvictionCause::PeerClosed);
        QVERIFY(ledger.at(i).age >= ledger.at(i).idle);
        QVERIFY(ledger.at(i).idle >= 0ms);
        QCOMPARE(ledger.at(i).when.timeSpec(), Qt::UTC);
        QVERIFY(qAbs(ledger.at(i).when.secsTo(QDateTime::currentDateTimeUtc())) < 60);
    }
}

void tst_Parked::leaseWatchdog()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setLeaseThreshold(200ms);
    QSignalSpy held(&pool, &Pool::connectionHeldLong);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    const TakeResult kept = pool.tryTake();
    VERIFY_TAKEN(kept);
    VERIFY_TAKEN(pool.tryTake()); // and let go at once
    QTRY_COMPARE(held.size(), 1);
    QCOMPARE(held.at(0).at(0).value<ConnectionId>(), kept.connection().id());
    QVERIFY(!QTest::qWaitFor([&] { return held.size() > 1; }, 500));
    QCOMPARE(echo(kept.connection().socket(), "reported, not taken away"), "reported, not taken away"_ba);
}

QTEST_GUILESS_MAIN(tst_Parked)
#include "tst_parked.moc"
