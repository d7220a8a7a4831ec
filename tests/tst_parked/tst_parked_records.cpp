// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What a pool tells of its connections, and of those that left.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QSet>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ParkedRecords : public QObject
{
    Q_OBJECT

private slots:
    void listsWhatIsParkedAndTaken_data();
    void listsWhatIsParkedAndTaken();
    void evictionLogKeepsTheLast();
    void evictionLogOfAFlush();
    void leaseWatchdog();
};

void tst_ParkedRecords::listsWhatIsParkedAndTaken_data()
{
    addPlainAndTls();
}

void tst_ParkedRecords::listsWhatIsParkedAndTaken()
{
    QFETCH(bool, encrypted);
    TestPeer peer(PeerScript::echoing(encrypted));
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setRefill(Refill::AtRound);
    pool.setMinimumInterval(60s);
    pool.setMaximumInterval(60s);
    if (encrypted)
        pool.setTls(tlsMode(TlsMode::SelfSigned));
    QCOMPARE(pool.connections().size(), 0);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    const QList<ConnectionRecord> list = pool.connections();
    QCOMPARE(list.size(), 3);
    QSet<quint32> ids;
    for (const ConnectionRecord &record : list) {
        ids.insert(record.id.value());
        QCOMPARE(record.peer, u"127.0.0.1:%1"_s.arg(peer.port()));
        QCOMPARE(record.cipher.startsWith(u"TLS_"_s), encrypted);
        QCOMPARE(record.cipher.isEmpty(), !encrypted);
        QVERIFY(record.age >= record.idle);
        QVERIFY(record.age >= 0ms && record.age < 60s);
    }
    QCOMPARE(ids.size(), 3);
    QVERIFY(!list.at(0).isTaken && !list.at(1).isTaken);
    QVERIFY(list.at(2).isTaken);
    QCOMPARE(list.at(2).id, taken.connection().id());
    QCOMPARE(pool.connections(2).size(), 2);
    QVERIFY(pool.connections(2).constLast().isTaken); // the parked ones leave room for it
    QCOMPARE(pool.connections(0).size(), 0);
    QCOMPARE(pool.connections(-1).size(), 0);
    (void)taken.connection().socket(); // into this thread, so that it ends here
    pool.close();
    QCOMPARE(pool.connections().size(), 1); // the one still held
}

void tst_ParkedRecords::evictionLogKeepsTheLast()
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
    QTRY_COMPARE(pool.status().evictedTotal(), 70); // the last one may still be looked at
    const QList<EvictionRecord> log = pool.evictions();
    QCOMPARE(log.size(), 64);
    for (int i = 0; i < 64; ++i) {
        QCOMPARE(log.at(i).id, ids.at(i + 6));
        QCOMPARE(log.at(i).cause, EvictionCause::PeerClosed);
        QVERIFY(log.at(i).isByPeer());
        QVERIFY(log.at(i).age >= log.at(i).idle);
        QVERIFY(log.at(i).idle >= 0ms);
        QCOMPARE(log.at(i).when.timeSpec(), Qt::UTC);
        QVERIFY(qAbs(log.at(i).when.secsTo(QDateTime::currentDateTimeUtc())) < 60);
    }
}

void tst_ParkedRecords::evictionLogOfAFlush()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 70);
    QTRY_COMPARE(pool.active(), 70);
    QList<ConnectionId> ids;
    for (const ConnectionRecord &record : pool.connections())
        ids.prepend(record.id); // oldest first
    pool.flush();
    QCOMPARE(pool.active(), 0);
    const QList<EvictionRecord> log = pool.evictions();
    QCOMPARE(log.size(), 64);
    for (int i = 0; i < 64; ++i) {
        QCOMPARE(log.at(i).id, ids.at(i + 6));
        QCOMPARE(log.at(i).cause, EvictionCause::Flushed);
        QVERIFY(!log.at(i).isByPeer());
        QCOMPARE(log.at(i).when, log.at(0).when);
        QVERIFY(log.at(i).age >= log.at(i).idle);
    }
    QTRY_COMPARE(evicted.size(), 70);
    QCOMPARE(pool.status().evictedBy(EvictionCause::Flushed), 70);
    for (RawClient &client : clients)
        QVERIFY(client.waitForClosed());
    VERIFY_COUNTERS(pool);
}

void tst_ParkedRecords::leaseWatchdog()
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

QTEST_GUILESS_MAIN(tst_ParkedRecords)
#include "tst_parked_records.moc"
