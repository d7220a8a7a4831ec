// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Taking what is there.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>

#include <sys/socket.h>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_TakeParked : public QObject
{
    Q_OBJECT

private slots:
    void parkedOneIsThereAtOnce();
    void order_data();
    void order();
    void byId();
    void tryTakeNeverWaits();
    void eachIsTakenOnce();
    void deadOnesAreNotHandedOut_data();
    void deadOnesAreNotHandedOut();
    void deadOnesAreReplaced();
    void deadOneByIdFails();
    void validationEatsNothing_data();
    void validationEatsNothing();
    void handleSemantics();
    void lastHandleCloses();
    void lastHandleSendsWhatWasWritten();
    void takeSocketHandsOverTheSocket();
    void connectionOutlivesThePool();
    void metrics();

private:
    /// Connects @p count clients one after the other and returns their ids in that order.
    static QList<ConnectionId> park(ServerPool &pool, std::vector<RawClient> &clients, int count);
};

QList<ConnectionId> tst_TakeParked::park(ServerPool &pool, std::vector<RawClient> &clients, int count)
{
    QList<ConnectionId> ids;
    for (int i = 0; i < count; ++i) {
        const qint64 parked = pool.status().parkedTotal;
        clients.emplace_back(pool.serverPort());
        ids.append(clients.back().readHexId());
        if (!QTest::qWaitFor([&] { return pool.status().parkedTotal > parked; }))
            qWarning("the pool did not park a client");
    }
    return ids;
}

void tst_TakeParked::parkedOneIsThereAtOnce()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    const QList<ConnectionId> ids = park(pool, clients, 1);
    const QFuture<TakeResult> take = pool.take();
    QVERIFY(take.isFinished());
    VERIFY_TAKEN(take.result());
    QCOMPARE(take.result().connection().id(), ids.at(0));
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.status().servedWarm, 1);
}

void tst_TakeParked::order_data()
{
    QTest::addColumn<TakeOrder>("order");
    QTest::newRow("newest first") << TakeOrder::NewestFirst;
    QTest::newRow("oldest first") << TakeOrder::OldestFirst;
}

void tst_TakeParked::order()
{
    QFETCH(TakeOrder, order);
    ServerPool pool;
    pool.setTakeOrder(order);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    const QList<ConnectionId> ids = park(pool, clients, 4);
    for (int i = 0; i < 4; ++i) {
        const TakeResult taken = i % 2 == 0 ? pool.tryTake() : await(pool.take());
        VERIFY_TAKEN(taken);
        QCOMPARE(taken.connection().id(), ids.at(order == TakeOrder::NewestFirst ? 3 - i : i));
    }
}

void tst_TakeParked::byId()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    const QList<ConnectionId> ids = park(pool, clients, 5);
    for (const int i : {2, 0, 4, 1, 3}) {
        const QFuture<TakeResult> take = pool.take(ids.at(i));
        QVERIFY(take.isFinished());
        VERIFY_TAKEN(take.result());
        QCOMPARE(take.result().connection().id(), ids.at(i));
        clients[static_cast<size_t>(i)].write("it is me");
        QCOMPARE(readExactly(take.result().connection().socket(), 8), "it is me"_ba);
    }
    QCOMPARE(pool.active(), 0);
}

void tst_TakeParked::tryTakeNeverWaits()
{
    ServerPool pool;
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Closed);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QElapsedTimer clock;
    clock.start();
    const TakeResult none = pool.tryTake();
    QVERIFY(clock.elapsed() < 5'000);
    QVERIFY(!none);
    QCOMPARE(none.error().kind(), ErrorKind::Empty);
    QCOMPARE(none.error().phase(), Phase::Wait);
    QVERIFY(!none.error().message().isEmpty());
    QVERIFY(!none.connection().isValid());

    std::vector<RawClient> clients;
    park(pool, clients, 1);
    VERIFY_TAKEN(pool.tryTake());
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Empty);
    VERIFY_COUNTERS(pool);
}

void tst_TakeParked::eachIsTakenOnce()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    const QList<ConnectionId> ids = park(pool, clients, 1);
    const TakeResult first = await(pool.take(ids.at(0)));
    VERIFY_TAKEN(first);
    const TakeResult second = await(pool.take(ids.at(0), 50ms));
    QCOMPARE(second.error().kind(), ErrorKind::Timeout);
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Empty);
}

void tst_TakeParked::deadOnesAreNotHandedOut_data()
{
    QTest::addColumn<bool>("reset");
    QTest::addColumn<bool>("encrypted");
    QTest::newRow("closed") << false << false;
    QTest::newRow("reset") << true << false;
    QTest::newRow("closed, TLS") << false << true;
    QTest::newRow("reset, TLS") << true << true;
}

// The take comes at once after the close, before any event loop has had a turn.
void tst_TakeParked::deadOnesAreNotHandedOut()
{
    QFETCH(bool, reset);
    QFETCH(bool, encrypted);
    ServerPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 10);
    QList<ConnectionId> ids;
    for (RawClient &client : clients) {
        QVERIFY(!encrypted || client.encrypt());
        ids.append(client.readHexId());
    }
    QTRY_COMPARE(pool.active(), 10);
    // Only number 4 stays alive.
    for (size_t i = 0; i < clients.size(); ++i) {
        if (i == 4)
            continue;
        if (reset) {
            clients[i].reset();
        } else {
            ::shutdown(static_cast<int>(clients[i].socket()->socketDescriptor()), SHUT_WR);
        }
    }
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().id(), ids.at(4));
    QTRY_COMPARE(pool.status().evictedTotal(), 9);
    const PoolStatus status = pool.status();
    QCOMPARE(status.evictedBy(EvictionCause::PeerClosed) + status.evictedBy(EvictionCause::SocketError), 9);
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Empty);
    VERIFY_COUNTERS(pool);
}

// Also when nobody but the take has seen that they are dead: the I/O thread is this thread, and it does not turn in
// between.
void tst_TakeParked::deadOnesAreReplaced()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    makeImpatient(pool);
    pool.setMinimumInterval(1h);
    pool.setMaximumInterval(1h);
    pool.setUsesCallerThread(true);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    peer.resetAll();
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Empty);
    QCOMPARE(pool.status().evictedTotal(), 2);
    QTRY_COMPARE(pool.active(), 2);
    VERIFY_COUNTERS(pool);
}

void tst_TakeParked::deadOneByIdFails()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    const QList<ConnectionId> ids = park(pool, clients, 2);
    clients[0].reset();
    const TakeResult taken = await(pool.take(ids.at(0), 100ms));
    QVERIFY(!taken);
    QCOMPARE(pool.active(), 1);
    VERIFY_TAKEN(await(pool.take(ids.at(1))));
}

void tst_TakeParked::validationEatsNothing_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<qsizetype>("size");
    for (const bool encrypted : {false, true}) {
        for (const qsizetype size : {qsizetype(1), qsizetype(100), qsizetype(60'000)})
            QTest::addRow("%lld bytes%s", static_cast<qint64>(size), encrypted ? ", TLS" : "") << encrypted << size;
    }
}

void tst_TakeParked::validationEatsNothing()
{
    QFETCH(bool, encrypted);
    QFETCH(qsizetype, size);
    QByteArray bytes(size, '\0');
    for (qsizetype i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(i * 7);
    ServerPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QVERIFY(!encrypted || client.encrypt());
    const ConnectionId id = client.readHexId();
    QTRY_COMPARE(pool.active(), 1);
    client.write(bytes.left(size / 2));
    if (size > 1)
        QTRY_COMPARE(readable.size(), 1);
    client.write(bytes.mid(size / 2));
    const TakeResult taken = await(pool.take(id));
    VERIFY_TAKEN(taken);
    QCOMPARE(readExactly(taken.connection().socket(), size), bytes);
}

void tst_TakeParked::handleSemantics()
{
    const Connection empty;
    QVERIFY(!empty);
    QVERIFY(!empty.id().isValid());
    QVERIFY(!empty.socket());
    Connection alsoEmpty;
    QVERIFY(!alsoEmpty.takeSocket());
    alsoEmpty.close();

    const TakeResult none;
    QVERIFY(!none);

    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    park(pool, clients, 1);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    const Connection one = taken.connection();
    Connection two = one;
    QCOMPARE(one.socket(), two.socket());
    QCOMPARE(one.id(), two.id());
    two.close();
    QVERIFY(!one.isValid());
    QVERIFY(clients[0].waitForClosed());
    QTRY_COMPARE(pool.status().leased, 0);
}

void tst_TakeParked::lastHandleCloses()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    park(pool, clients, 2);
    {
        // Used here before.
        const TakeResult taken = pool.tryTake();
        VERIFY_TAKEN(taken);
        QVERIFY(taken.connection().socket());
        QCOMPARE(pool.status().leased, 1);
    }
    QVERIFY(clients[1].waitForClosed());
    {
        // Never looked at.
        const TakeResult taken = pool.tryTake();
        VERIFY_TAKEN(taken);
    }
    QVERIFY(clients[0].waitForClosed());
    QTRY_COMPARE(pool.status().leased, 0);
}

void tst_TakeParked::lastHandleSendsWhatWasWritten()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    const ConnectionId id = client.readHexId();
    const QByteArray much(2'000'000, 'w');
    {
        const TakeResult taken = await(pool.take(id));
        VERIFY_TAKEN(taken);
        taken.connection().socket()->write(much);
    }
    QVERIFY(client.waitForClosed());
    QCOMPARE(client.read(much.size()).size(), much.size());
}

void tst_TakeParked::takeSocketHandsOverTheSocket()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    park(pool, clients, 1);
    std::unique_ptr<QSslSocket> socket;
    {
        const TakeResult taken = pool.tryTake();
        VERIFY_TAKEN(taken);
        Connection connection = taken.connection();
        socket = connection.takeSocket();
        QVERIFY(!connection.isValid());
        QVERIFY(!taken.connection().isValid());
    }
    QVERIFY(socket);
    QCOMPARE(socket->thread(), QThread::currentThread());
    QVERIFY(!socket->parent());
    QCOMPARE(socket->state(), QAbstractSocket::ConnectedState);
    QTRY_COMPARE(pool.status().leased, 0);
    clients[0].write("to the released one");
    QCOMPARE(readExactly(socket.get(), 19), "to the released one"_ba);
}

void tst_TakeParked::connectionOutlivesThePool()
{
    TestPeer peer(PeerScript::overTls(selfSigned()));
    Connection used;
    Connection untouched;
    {
        ClientPool pool;
        configure(pool, peer, 2);
        pool.setTls(tlsMode(TlsMode::SelfSigned));
        pool.start();
        QTRY_COMPARE(pool.active(), 2);
        used = pool.tryTake().connection();
        untouched = pool.tryTake().connection();
        QCOMPARE(echo(used.socket(), "before"), "before"_ba);
    }
    QVERIFY(used && untouched);
    QCOMPARE(echo(used.socket(), "after"), "after"_ba);
    QCOMPARE(echo(untouched.socket(), "first"), "first"_ba);
    QTRY_COMPARE(peer.open(), 2);
    used.close();
    untouched = Connection();
    QTRY_COMPARE(peer.open(), 0);
}

void tst_TakeParked::metrics()
{
    ServerPool pool;
    QSignalSpy taken(&pool, &Pool::connectionTaken);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    const QList<ConnectionId> ids = park(pool, clients, 3);
    const TakeResult one = pool.tryTake();
    const TakeResult two = await(pool.take(ids.at(0)));
    VERIFY_TAKEN(one);
    VERIFY_TAKEN(two);
    QTRY_COMPARE(taken.size(), 2);
    QCOMPARE(taken.at(0).at(0).value<ConnectionId>(), one.connection().id());
    QCOMPARE(taken.at(1).at(0).value<ConnectionId>(), ids.at(0));
    const PoolStatus status = pool.status();
    QCOMPARE(status.active, 1);
    QCOMPARE(status.leased, 2);
    QCOMPARE(status.parkedTotal, 3);
    QCOMPARE(status.established, 3);
    QCOMPARE(status.takenTotal, 2);
    QCOMPARE(status.takesAsked, 2);
    QCOMPARE(status.servedWarm, 2);
    QCOMPARE(status.waitTime.count, 2);
    QCOMPARE(status.dialTime.count, 3);
    QVERIFY(status.dialTime.p50() > 0);
    QVERIFY(status.dialTime.p99() >= status.dialTime.p50());
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_TakeParked)
#include "tst_take_parked.moc"
