// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What is there to find out why something does not work, as docs/go-package.md has it.

#include "fixtures.h"
#include "walk.h"

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

class tst_GoPackageTroubleshooting : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest() { VERIFY_ROWS("Troubleshooting"); }

    void troubleConnecting();
    void troubleHandshaking();
    void troubleExhausted();
    void troubleLeaking();
    void troubleErrors();
    void logDialling();
    void logConnections();
    void logAdjustments();
    void logValidation();
};

void tst_GoPackageTroubleshooting::troubleConnecting()
{
    const Nowhere nowhere;
    QTRY_COMPARE(nowhere.client.lastError().kind(), ErrorKind::Refused);
    QCOMPARE(nowhere.client.lastError().phase(), Phase::Dial);
    QVERIFY(nowhere.client.lastError().message().contains(QString::number(nowhere.peer.port())));
}

void tst_GoPackageTroubleshooting::troubleHandshaking()
{
    Ends ends(tlsMode(TlsMode::SelfSigned), verifying(Authority().root(), {}));
    const TakeResult refused = await(ends.client.take());
    QCOMPARE(refused.error().kind(), ErrorKind::Certificate);
    QVERIFY(refused.error().isFatal());
    QCOMPARE(ends.client.state(), PoolState::Degraded);

    ends.client.setTls(tlsMode(TlsMode::SelfSigned));
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
}

void tst_GoPackageTroubleshooting::troubleExhausted()
{
    const TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();
    const PoolError error = await(pool.take(20ms)).error();
    QCOMPARE(error.phase(), Phase::Wait);
    QCOMPARE(error.kind(), ErrorKind::Timeout);
    QVERIFY(error.status());
    QCOMPARE(error.status()->capacity, capacity);
    QCOMPARE(error.status()->active, 0);
}

void tst_GoPackageTroubleshooting::troubleLeaking()
{
    Ends ends;
    ends.client.setLeaseThreshold(20ms);
    QSignalSpy held(&ends.client, &Pool::connectionHeldLong);
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QTRY_COMPARE(held.count(), 1);
    QCOMPARE(held.first().first().value<ConnectionId>(), result.connection().id());
    QCOMPARE(ends.client.status().leased, 1);
}

void tst_GoPackageTroubleshooting::troubleErrors()
{
    Nowhere nowhere;
    QTRY_VERIFY(nowhere.client.status().failedIn(Phase::Dial) > 0);
    nowhere.client.addError();
    QCOMPARE(nowhere.client.errorCount(), 1);
    nowhere.client.resetErrorCount();
    QCOMPARE(nowhere.client.errorCount(), 0);
}

void tst_GoPackageTroubleshooting::logDialling()
{
    TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer, capacity);
    QSignalSpy parked(&pool, &Pool::connectionParked);
    pool.start();
    QTRY_COMPARE(underWay(pool), capacity);
    QCOMPARE(parked.count(), 0);
    peer.setScript({});
    pool.flush();
    peer.closeAll();
    QTRY_VERIFY(parked.count() >= capacity);
}

void tst_GoPackageTroubleshooting::logConnections()
{
    ServerPool server;
    QSignalSpy parked(&server, &Pool::connectionParked);
    QSignalSpy taken(&server, &Pool::connectionTaken);
    QSignalSpy evicted(&server, &Pool::connectionEvicted);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool client(QStringLiteral("127.0.0.1"), server.serverPort());
    client.setMinimumCapacity(capacity);
    client.setMaximumCapacity(capacity);
    client.start();
    QTRY_COMPARE(server.active(), capacity);
    const TakeResult result = server.tryTake();
    VERIFY_TAKEN(result);
    client.close();
    QTRY_COMPARE(server.active(), 0);
    QTRY_COMPARE(parked.count(), taken.count() + evicted.count());
    QCOMPARE(taken.count(), 1);
    QCOMPARE(server.evictions().size(), evicted.count());
}

void tst_GoPackageTroubleshooting::logAdjustments()
{
    const Rounds rounds;
    QSignalSpy capacities(&rounds.client, &Pool::capacityChanged);
    QSignalSpy intervals(&rounds.client, &Pool::intervalChanged);
    QTRY_VERIFY(!capacities.isEmpty() && !intervals.isEmpty());
    QVERIFY(intervals.first().first().toInt() > 0);
}

void tst_GoPackageTroubleshooting::logValidation()
{
    Ends ends;
    QTRY_COMPARE(ends.client.active(), capacity);
    ends.server.close();
    QTRY_VERIFY(ends.client.evictions().size() >= capacity);
    const QList<EvictionRecord> log = ends.client.evictions();
    const EvictionRecord record = log.first();
    QCOMPARE(record.cause, EvictionCause::PeerClosed);
    QVERIFY(record.id.isValid() && record.when.isValid());
}

QTEST_GUILESS_MAIN(tst_GoPackageTroubleshooting)
#include "tst_gopackage_troubleshooting.moc"
