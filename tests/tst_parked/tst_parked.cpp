// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What happens to connections while they are parked.

#include "support/messagerecorder.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QDir>

#include <memory>
#include <thread>
#include <vector>

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
    void oneIsEvicted_data();
    void oneIsEvicted();
    void allDieTogether();
    void deathsGiveQtNothingToComplainOf();
    void speakingIsSignalledOnce_data();
    void speakingIsSignalledOnce();
    void speakingEvicts_data();
    void speakingEvicts();
    void speakingEvictsFromNowOn_data();
    void speakingEvictsFromNowOn();
    void earlyBytesEvict();
    void speakingWhileTakenIsNotSignalled();
    void muchIsHeldBack();
    void poolsShareAWatcher();
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
    TestPeer peer(PeerScript::echoing(encrypted));
    ClientPool pool;
    configure(pool, peer, 4);
    pool.setMinimumInterval(60s);
    pool.setMaximumInterval(60s);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    const ConnectionId victim = peer.ids().at(2);
    if (reset)
        peer.reset(victim);
    else
        peer.close(victim);
    QTRY_COMPARE(evicted.size(), 1);
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), victim);
    const auto cause = evicted.at(0).at(1).value<EvictionCause>();
    QVERIFY(cause == EvictionCause::PeerClosed || (reset && cause == EvictionCause::SocketError));
    // Replaced at once, although the next round is a minute away.
    QTRY_COMPARE(pool.active(), 4);
    QVERIFY(!peer.openIds().contains(victim));
    QCOMPARE(pool.status().evictedTotal(), 1);
    QCOMPARE(pool.state(), PoolState::Ready);
    VERIFY_COUNTERS(pool);
}

void tst_Parked::oneIsEvicted_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::newRow("plain") << false;
    QTest::newRow("TLS") << true;
}

// By the application, which knows more of it than the pool.
void tst_Parked::oneIsEvicted()
{
    QFETCH(bool, encrypted);
    TestPeer peer(PeerScript::echoing(encrypted));
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.idle(), 3);
    const ConnectionId unwanted = peer.ids().at(1);
    bool isEvicted = false;
    std::thread([&] { isEvicted = pool.evict(unwanted); }).join();
    QVERIFY(isEvicted);
    QVERIFY(!pool.evict(unwanted));
    QTRY_COMPARE(evicted.size(), 1);
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), unwanted);
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::Requested);
    QTRY_VERIFY(!peer.openIds().contains(unwanted));
    QTRY_COMPARE(pool.idle(), 3);
    const TakeResult take = await(pool.take());
    VERIFY_TAKEN(take);
    QVERIFY2(!pool.evict(take.connection().id()), "it is taken");
    VERIFY_COUNTERS(pool);
}

void tst_Parked::allDieTogether()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 64);
    pool.start();
    QTRY_COMPARE(pool.active(), 64);
    for (int i = 1; i <= 2; ++i) {
        peer.resetAll();
        QTRY_COMPARE(pool.status().evictedTotal(), 64 * i);
        // At once, and the second time in steps, because none had lived for long.
        QTRY_COMPARE_WITH_TIMEOUT(pool.active(), 64, 40'000);
    }
    QCOMPARE(peer.open(), 64);
    VERIFY_COUNTERS(pool);
}

void tst_Parked::deathsGiveQtNothingToComplainOf()
{
    const MessageRecorder recorder;
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    for (int i = 0; i < 20; ++i) {
        RawClient client(pool.serverPort());
        QVERIFY(client.readHexId().isValid());
        QTRY_COMPARE(pool.active(), 1);
        client.close();
        QTRY_COMPARE(pool.active(), 0);
    }
    QStringList complaints;
    for (const MessageRecorder::Message &message : recorder.messages()) {
        if (message.text.contains(u"QSocketNotifier"))
            complaints.append(message.text);
    }
    QCOMPARE(complaints, QStringList());
}

void tst_Parked::speakingIsSignalledOnce_data()
{
    addPlainAndTls();
}

void tst_Parked::speakingIsSignalledOnce()
{
    QFETCH(bool, encrypted);
    TestPeer peer(PeerScript::echoing(encrypted));
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setMinimumInterval(60s); // leaves room for the one that is given back
    pool.setMaximumInterval(60s);
    pool.setRefill(Refill::AtRound);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    const ConnectionId speaker = peer.ids().at(0);
    peer.send(speaker, "first ");
    QTRY_COMPARE(readable.size(), 1);
    QCOMPARE(readable.at(0).at(0).value<ConnectionId>(), speaker);
    peer.send(speaker, "second");
    QVERIFY(!QTest::qWaitFor([&] { return readable.size() > 1; }, 150));
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
    QTRY_COMPARE(readable.size(), 2);
}

void tst_Parked::speakingEvicts_data()
{
    speakingIsSignalledOnce_data();
}

void tst_Parked::speakingEvicts()
{
    QFETCH(bool, encrypted);
    TestPeer peer(PeerScript::echoing(encrypted));
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
    VERIFY_COUNTERS(pool);
}

void tst_Parked::speakingEvictsFromNowOn_data()
{
    speakingIsSignalledOnce_data();
}

// Set while the pool runs: what has spoken before is not handed out any more either.
void tst_Parked::speakingEvictsFromNowOn()
{
    QFETCH(bool, encrypted);
    ServerPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient early(pool.serverPort());
    RawClient late(pool.serverPort());
    QVERIFY(!encrypted || (early.encrypt() && late.encrypt()));
    const ConnectionId spokeEarly = early.readHexId();
    const ConnectionId spokeLate = late.readHexId();
    QTRY_COMPARE(pool.active(), 2);
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    early.write("allowed");
    QTRY_COMPARE(readable.size(), 1);
    QTRY_COMPARE(pool.active(), 2);

    pool.setUnsolicited(Unsolicited::Evict);
    QCOMPARE(await(pool.take(spokeEarly, 50ms)).error().kind(), ErrorKind::Timeout);
    QTRY_COMPARE(evicted.size(), 1);
    late.write("forbidden");
    QTRY_COMPARE(evicted.size(), 2);
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), spokeEarly);
    QCOMPARE(evicted.at(1).at(0).value<ConnectionId>(), spokeLate);
    QCOMPARE(pool.status().evictedBy(EvictionCause::Unsolicited), 2);
    QCOMPARE(readable.size(), 1);
    VERIFY_COUNTERS(pool);
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
    QTRY_VERIFY(pool.status().evictedBy(EvictionCause::Unsolicited) >= 1);
    VERIFY_COUNTERS(pool);
}

void tst_Parked::speakingWhileTakenIsNotSignalled()
{
    ServerPool pool;
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    const TakeResult taken = await(pool.take(client.readHexId()));
    VERIFY_TAKEN(taken);
    client.write("for its owner");
    QCOMPARE(readExactly(taken.connection().socket(), 13), "for its owner"_ba);
    QCOMPARE(readable.size(), 0);
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

// However many pools there are, an I/O thread polls one descriptor for all that is parked; and each still hears of its
// own.
void tst_Parked::poolsShareAWatcher()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("Only Linux has a descriptor that watches others.");
#endif
    const auto watchers = [] {
        int count = 0;
        const QFileInfoList descriptors =
            QDir(u"/proc/self/fd"_s).entryInfoList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot);
        for (const QFileInfo &descriptor : descriptors)
            count += descriptor.symLinkTarget().contains(u"[eventpoll]"_s) ? 1 : 0;
        return count;
    };
    std::vector<std::unique_ptr<ServerPool>> pools;
    std::vector<RawClient> clients;
    for (int i = 0; i < 20; ++i) {
        pools.push_back(std::make_unique<ServerPool>());
        QVERIFY(pools.back()->listen(QHostAddress::LocalHost));
        clients.emplace_back(pools.back()->serverPort());
        QTRY_COMPARE(pools.back()->active(), 1);
    }
    QVERIFY2(watchers() <= 1, qPrintable(QString::number(watchers())));
    pools.erase(pools.begin(), pools.begin() + 10);
    clients.erase(clients.begin(), clients.begin() + 10);
    for (size_t i = 0; i < 10; ++i) {
        clients[i].close();
        QTRY_COMPARE(pools[i]->status().evictedBy(EvictionCause::PeerClosed), 1);
    }
    pools.clear();
    QTRY_COMPARE(watchers(), 0);
}

QTEST_GUILESS_MAIN(tst_Parked)
#include "tst_parked.moc"
