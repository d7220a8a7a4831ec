// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The connection with the id 00000000, which the newest Go pool servers keep for control.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolControl : public QObject
{
    Q_OBJECT

private slots:
    void firstOfAStartGetsIt();
    void whoeverLeavesTooEarlyDoesNotUseItUp();
    void isTakenByNameOnly();
    void bothEndsKeepItForWhoNamesIt();
    void newOneReplacesTheOld_data();
    void newOneReplacesTheOld();
};

void tst_ServerPoolControl::firstOfAStartGetsIt()
{
    ServerPool pool;
    pool.setIdFormat(IdFormat::Raw4);
    QVERIFY(!pool.reservesControlId());
    pool.setReservesControlId(true);
    QList<Connection> held; // by an application that does not let go
    for (int start = 0; start < 2; ++start) {
        QVERIFY(pool.listen(QHostAddress::LocalHost));
        RawClient first(pool.serverPort());
        QCOMPARE(first.readRawId(), ConnectionId(0));
        RawClient second(pool.serverPort());
        QVERIFY(second.readRawId() != ConnectionId(0));
        QTRY_COMPARE(pool.active(), 1);
        QCOMPARE(pool.status().control, 1);
        const TakeResult control = await(pool.take(ConnectionId(0)));
        VERIFY_TAKEN(control);
        held.append(control.connection());
        pool.flush();
        RawClient third(pool.serverPort());
        QVERIFY(third.readRawId() != ConnectionId(0)); // it is in use
        QTRY_COMPARE(pool.active(), 1);
        VERIFY_COUNTERS(pool);
        pool.close();
    }
}

void tst_ServerPoolControl::whoeverLeavesTooEarlyDoesNotUseItUp()
{
    ServerPool pool;
    pool.setReservesControlId(true);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    {
        RawClient unknown(pool.serverPort());
        unknown.write("GET / HTTP/1.1\r\n\r\n");
        QTRY_COMPARE(pool.status().failedTotal(), 1);
    }
    RawClient first(pool.serverPort());
    QVERIFY(first.encrypt());
    QCOMPARE(first.readHexId(), ConnectionId(0));
}

void tst_ServerPoolControl::isTakenByNameOnly()
{
    ServerPool pool;
    pool.setIdFormat(IdFormat::Raw4);
    pool.setReservesControlId(true);
    pool.setMaximumCapacity(1);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const QFuture<TakeResult> any = pool.take();
    RawClient control(pool.serverPort());
    QCOMPARE(control.readRawId(), ConnectionId(0));
    QTRY_COMPARE(pool.status().control, 1);
    QVERIFY(!any.isFinished());
    QVERIFY(!pool.tryTake());
    QCOMPARE(pool.connections().size(), 1);

    RawClient other(pool.serverPort()); // it takes no room from the others
    const TakeResult taken = await(any);
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().id(), other.readRawId());

    control.write("hello");
    const TakeResult named = await(pool.take(ConnectionId(0)));
    VERIFY_TAKEN(named);
    QCOMPARE(readExactly(named.connection().socket(), 5), "hello"_ba);
    QCOMPARE(pool.status().control, 0);
    VERIFY_COUNTERS(pool);
}

void tst_ServerPoolControl::bothEndsKeepItForWhoNamesIt()
{
    ServerPool server;
    server.setIdFormat(IdFormat::Raw4);
    server.setReservesControlId(true);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool client(u"127.0.0.1"_s, server.serverPort());
    client.setIdFormat(IdFormat::Raw4);
    client.setMinimumCapacity(4);
    client.setMaximumCapacity(4);
    client.start();
    QTRY_COMPARE(client.active(), 4);
    QTRY_COMPARE(client.status().control, 1);
    for (int i = 0; i < 4; ++i) {
        const TakeResult taken = client.tryTake();
        VERIFY_TAKEN(taken);
        QVERIFY(taken.connection().id() != ConnectionId(0));
    }
    {
        const TakeResult near = await(client.take(ConnectionId(0)));
        const TakeResult far = await(server.take(ConnectionId(0)));
        VERIFY_TAKEN(near);
        VERIFY_TAKEN(far);
        near.connection().socket()->write("who is there?");
        QCOMPARE(readExactly(far.connection().socket(), 13), "who is there?"_ba);
    }
    QTRY_COMPARE(server.status().leased, 0);
    server.flush();
    QTRY_COMPARE(client.status().control, 1); // the first behind the flush
    VERIFY_COUNTERS(client);
    VERIFY_COUNTERS(server);
}

void tst_ServerPoolControl::newOneReplacesTheOld_data()
{
    QTest::addColumn<bool>("taken");
    QTest::newRow("one that was taken") << true;
    QTest::newRow("one that its peer has closed") << false;
}

// A server that was started again gives the same id again, and its client may notice the end of the old one later.
void tst_ServerPoolControl::newOneReplacesTheOld()
{
    QFETCH(bool, taken);
    TestPeer peer(PeerScript::sending("0000cafe"_ba));
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.start();
    QTRY_COMPARE(pool.active(), 1);
    TakeResult held = PoolError();
    if (taken) {
        held = pool.tryTake();
        VERIFY_TAKEN(held);
    } else {
        peer.closeAll();
    }
    QTRY_COMPARE(pool.status().established, 2);
    QTRY_COMPARE(pool.active(), 1);
    QCOMPARE(pool.status().failedIn(Phase::Identify), 0);
    if (taken)
        QVERIFY(held.connection().socket()->isOpen());
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ServerPoolControl)
#include "tst_serverpool_control.moc"
