// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A pool may end at any moment, and leaves nothing behind: no thread, no descriptor, no connection.

#include "support/eventloopmonitor.h"
#include "support/filledbacklog.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"
#include "support/resources.h"

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QElapsedTimer>
#include <QtCore/QPointer>
#include <QtNetwork/QTcpServer>

#include <functional>
#include <memory>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// Timers of this thread that @p pool and what belongs to it have running.
int runningTimers(Pool &pool)
{
    QList<QObject *> objects = pool.findChildren<QObject *>();
    objects.append(&pool);
    qsizetype count = 0;
    for (QObject *object : std::as_const(objects))
        count += QAbstractEventDispatcher::instance()->registeredTimers(object).size();
    return static_cast<int>(count);
}

} // namespace

class tst_LifecycleEnds : public QObject
{
    Q_OBJECT

private slots:
    void leavesNothing_data();
    void leavesNothing();
    void closesWhatAFlushHasLeft();
    void closeLeavesTheClosingToTheIoThread();
    void closesAFewAtATime();
    void endsInEveryState_data();
    void endsInEveryState();
    void serverEndsInEveryState_data();
    void serverEndsInEveryState();
    void diesWithItsParent();
    void livesInAnotherThread();
    void leasesDieAfterThePool();
    void ioThreadsEndWithTheLastPool();
    void relaysHaveIoThreadsOfTheirOwn();
};

void tst_LifecycleEnds::leavesNothing_data()
{
    QTest::addColumn<TlsMode>("mode");
    QTest::addColumn<bool>("callerThread");
    QTest::newRow("plain") << TlsMode::None << false;
    QTest::newRow("TLS") << TlsMode::SelfSigned << false;
    QTest::newRow("TLS, caller's thread") << TlsMode::SelfSigned << true;
}

void tst_LifecycleEnds::leavesNothing()
{
    QFETCH(TlsMode, mode);
    QFETCH(bool, callerThread);
    if (openDescriptors() < 0)
        QSKIP("cannot count descriptors here");
    const auto cycle = [&] {
        ServerPool server;
        server.setTls(tlsMode(mode));
        server.setUsesCallerThread(callerThread);
        ClientPool client;
        client.setTls(tlsMode(mode));
        client.setUsesCallerThread(callerThread);
        client.setMinimumCapacity(4);
        client.setMaximumCapacity(4);
        client.setHost(u"127.0.0.1"_s);

        const int descriptors = openDescriptors();
        const int threads = runningThreads();
        QVERIFY(server.listen(QHostAddress::LocalHost));
        client.setPort(server.serverPort());
        client.start();
        QTRY_COMPARE(client.active(), 4);
        QVERIFY(openDescriptors() >= descriptors + 8);
        QVERIFY(callerThread == (runningThreads() == threads));
        {
            const TakeResult near = client.tryTake();
            VERIFY_TAKEN(near);
            const TakeResult far = await(server.take(near.connection().id()));
            VERIFY_TAKEN(far);
            near.connection().socket()->write("x");
            QCOMPARE(readExactly(far.connection().socket(), 1), "x"_ba);
        }
        client.close();
        server.close();
        // Without a turn of the event loop, but for the connections taken here.
        QTRY_COMPARE(openDescriptors(), descriptors);
        QTRY_COMPARE(runningThreads(), threads);
        QTRY_COMPARE(runningTimers(client) + runningTimers(server), 0);
        QCOMPARE(client.status().leased, 0);
        VERIFY_COUNTERS(client);
        VERIFY_COUNTERS(server);
    };
    // What Qt and OpenSSL set up once for the process is set up by the first of these.
    cycle();
    const int descriptors = openDescriptors();
    const int threads = runningThreads();
    for (int i = 0; i < times(20) && !QTest::currentTestFailed(); ++i)
        cycle();
    QCOMPARE(openDescriptors(), descriptors);
    QCOMPARE(runningThreads(), threads);
}

// A flush closes a few at each turn of the I/O thread, which is this thread here and has no turn in between.
void tst_LifecycleEnds::closesWhatAFlushHasLeft()
{
    if (openDescriptors() < 0)
        QSKIP("cannot count descriptors here");
    ServerPool server;
    ClientPool client;
    client.setUsesCallerThread(true);
    client.setMinimumCapacity(40);
    client.setMaximumCapacity(40);
    client.setHost(u"127.0.0.1"_s);
    const int descriptors = openDescriptors();
    QVERIFY(server.listen(QHostAddress::LocalHost));
    client.setPort(server.serverPort());
    client.start();
    QTRY_COMPARE(client.active(), 40);
    QTRY_COMPARE(server.active(), 40);

    client.flush();
    QCOMPARE(client.active(), 0);
    QVERIFY(openDescriptors() >= descriptors + 80);
    client.close();
    server.close();
    QTRY_COMPARE(openDescriptors(), descriptors);
    VERIFY_COUNTERS(client);
}

// Here the I/O thread is the caller's thread, so all that is closed before close() returns is closed by close().
void tst_LifecycleEnds::closeLeavesTheClosingToTheIoThread()
{
    TestPeer peer(PeerScript::echoing(true));
    if (openDescriptors() < 0)
        QSKIP("cannot count descriptors here");
    const int descriptors = openDescriptors();
    {
        ClientPool client;
        client.setUsesCallerThread(true);
        client.setTls(tlsMode(TlsMode::SelfSigned));
        configure(client, peer, 40);
        client.start();
        QTRY_COMPARE(client.active(), 40);
        QTRY_COMPARE(peer.open(), 40);
        const int before = openDescriptors();
        client.close();
        QCOMPARE(client.active(), 0);
        QCOMPARE(client.status().evictedBy(EvictionCause::PoolClosed), 40);
        QVERIFY2(openDescriptors() >= before - 8, qPrintable(QString::number(before - openDescriptors())));
        VERIFY_COUNTERS(client);
    }
    QTRY_COMPARE(peer.open(), 0);
    QTRY_COMPARE(openDescriptors(), descriptors);
}

// Others in that thread have their turn in between. A busy machine can make one of the turns longer, but hardly three
// times in a row.
void tst_LifecycleEnds::closesAFewAtATime()
{
    const int count = times(400);
    TestPeer peer(PeerScript::echoing(true));
    bool isFewAtATime = false;
    QString seen;
    for (int i = 0; i < 3 && !isFewAtATime; ++i) {
        ClientPool client;
        client.setUsesCallerThread(true);
        client.setTls(tlsMode(TlsMode::SelfSigned));
        configure(client, peer, count);
        client.start();
        QTRY_COMPARE_WITH_TIMEOUT(client.active(), count, 30'000);
        const auto before = threadTime();
        client.close();
        EventLoopMonitor monitor;
        QVERIFY(monitor.runUntil([&] { return peer.open() == 0; }));
        const auto all = threadTime() - before;
        isFewAtATime = 4 * monitor.longestWork() < all;
        seen += u"%1 ms at once, of %2 us in all; "_s.arg(monitor.longestWork().count()).arg(all.count() / 1'000);
    }
    QVERIFY2(isFewAtATime, qPrintable(seen));
}

void tst_LifecycleEnds::endsInEveryState_data()
{
    QTest::addColumn<QString>("moment");
    QTest::addColumn<bool>("destroy");
    const QStringList moments{u"stopped"_s,       u"just started"_s, u"resolving"_s,    u"mid-dial"_s,
                              u"mid-handshake"_s, u"mid-identify"_s, u"with waiters"_s, u"with leases"_s,
                              u"backing off"_s,   u"paused"_s,       u"draining"_s,     u"fatal"_s,
                              u"warm"_s};
    for (const QString &moment : moments) {
        QTest::addRow("close %s", qPrintable(moment)) << moment << false;
        QTest::addRow("destroy %s", qPrintable(moment)) << moment << true;
    }
}

void tst_LifecycleEnds::endsInEveryState()
{
    QFETCH(QString, moment);
    QFETCH(bool, destroy);
    TestPeer peer;
    const FilledBacklog unresponsive;
    auto pool = std::make_unique<ClientPool>();
    configure(*pool, peer, 4);
    QList<QFuture<TakeResult>> waiters;
    Connection lease;
    const auto reaches = [&](auto condition) { QTRY_VERIFY(condition(pool->status())); };

    if (moment == "mid-handshake"_L1 || moment == "mid-identify"_L1 || moment == "with waiters"_L1)
        peer.setScript(PeerScript::silent());
    if (moment == "mid-handshake"_L1)
        pool->setTls(tlsMode(TlsMode::SelfSigned));
    if (moment == "mid-dial"_L1)
        pool->setPort(unresponsive.port());
    if (moment == "resolving"_L1)
        pool->setHost(u"no-such-host.invalid"_s);
    if (moment == "backing off"_L1)
        peer.stopListening();
    if (moment == "fatal"_L1)
        pool->setHost({});
    if (moment != "stopped"_L1)
        pool->start();

    if (moment == "mid-dial"_L1 && unresponsive.port() != 0)
        reaches([](const PoolStatus &s) { return s.connecting > 0; });
    if (moment == "mid-handshake"_L1 || moment == "mid-identify"_L1)
        reaches([](const PoolStatus &s) { return s.handshaking > 0; });
    if (moment == "backing off"_L1 || moment == "fatal"_L1)
        reaches([](const PoolStatus &s) { return s.state == PoolState::Degraded; });
    if (moment == "with waiters"_L1)
        waiters = {pool->take(), pool->take(ConnectionId(1)), pool->takeInto(this)};
    if (moment == "with leases"_L1 || moment == "paused"_L1 || moment == "draining"_L1 || moment == "warm"_L1) {
        reaches([](const PoolStatus &s) { return s.active == 4; });
        if (moment != "warm"_L1)
            lease = pool->tryTake().connection();
        if (moment == "paused"_L1)
            pool->pause();
        if (moment == "draining"_L1)
            pool->drain(30s);
    }
    if (QTest::currentTestFailed())
        return;

    QElapsedTimer clock;
    clock.start();
    if (destroy)
        pool.reset();
    else
        pool->close();
    QVERIFY2(clock.elapsed() < 4'000, qPrintable(QString::number(clock.elapsed())));
    for (const QFuture<TakeResult> &waiter : waiters)
        QCOMPARE(await(waiter, 2s).error().kind(), ErrorKind::Closed);
    if (lease) {
        QCOMPARE(echo(lease.socket(), "lives on"), "lives on"_ba);
        lease.close();
    }
    QVERIFY(QTest::qWaitFor([&] { return peer.open() == 0; }));
    if (pool) {
        const PoolStatus status = pool->status();
        QCOMPARE(status.active + status.connecting + status.handshaking + status.waiting, 0);
        VERIFY_COUNTERS(*pool);
    }
}

void tst_LifecycleEnds::serverEndsInEveryState_data()
{
    QTest::addColumn<QString>("moment");
    for (const QString &moment : {u"never listened"_s, u"listening"_s, u"silent clients"_s, u"half a handshake"_s,
                                  u"parked"_s, u"taken"_s, u"waiters"_s, u"clients under way"_s})
        QTest::newRow(qPrintable(moment)) << moment;
}

void tst_LifecycleEnds::serverEndsInEveryState()
{
    QFETCH(QString, moment);
    auto pool = std::make_unique<ServerPool>();
    if (moment == "silent clients"_L1 || moment == "half a handshake"_L1)
        pool->setTls(tlsMode(TlsMode::SelfSigned));
    if (moment != "never listened"_L1)
        QVERIFY(pool->listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients;
    QList<QFuture<TakeResult>> waiters;
    Connection lease;
    if (moment == "waiters"_L1)
        waiters = {pool->take(), pool->take(ConnectionId(3))};
    else if (moment != "never listened"_L1 && moment != "listening"_L1)
        clients = connectMany(pool->serverPort(), 8);
    if (moment == "silent clients"_L1)
        QTRY_COMPARE(pool->status().handshaking, 8);
    if (moment == "half a handshake"_L1) {
        for (RawClient &client : clients)
            client.write(QByteArray::fromHex("160301020001000100"));
    }
    if (moment == "parked"_L1 || moment == "taken"_L1)
        QTRY_COMPARE(pool->active(), 8);
    if (moment == "taken"_L1)
        lease = await(pool->take(clients[0].readHexId())).connection();

    QElapsedTimer clock;
    clock.start();
    pool.reset();
    QVERIFY2(clock.elapsed() < 4'000, qPrintable(QString::number(clock.elapsed())));
    for (const QFuture<TakeResult> &waiter : waiters)
        QCOMPARE(await(waiter, 2s).error().kind(), ErrorKind::Closed);
    if (lease) {
        clients[0].write("lives on");
        QCOMPARE(readExactly(lease.socket(), 8), "lives on"_ba);
        lease.close();
    }
    for (RawClient &client : clients)
        QVERIFY(client.waitForClosed());
}

void tst_LifecycleEnds::diesWithItsParent()
{
    TestPeer peer;
    {
        QObject parent;
        auto *pool = new ClientPool(u"127.0.0.1"_s, peer.port(), &parent);
        pool->start();
        QTRY_VERIFY(pool->isReady());
    }
    QTRY_COMPARE(peer.open(), 0);
}

void tst_LifecycleEnds::livesInAnotherThread()
{
    TestPeer peer;
    QThread home;
    home.start();
    QObject context;
    context.moveToThread(&home);
    std::unique_ptr<ClientPool> pool;
    QMetaObject::invokeMethod(
        &context,
        [&] {
            pool = std::make_unique<ClientPool>();
            configure(*pool, peer, 2);
            pool->start();
        },
        Qt::BlockingQueuedConnection);
    const TakeResult taken = await(pool->take());
    VERIFY_TAKEN(taken);
    QCOMPARE(echo(taken.connection().socket(), "from here"), "from here"_ba);
    QMetaObject::invokeMethod(
        &context, [&] { pool.reset(); }, Qt::BlockingQueuedConnection);
    QCOMPARE(echo(taken.connection().socket(), "and now"), "and now"_ba);
    home.quit();
    home.wait();
}

void tst_LifecycleEnds::leasesDieAfterThePool()
{
    TestPeer peer;
    QList<Connection> leases;
    {
        ClientPool pool;
        configure(pool, peer, 8);
        pool.start();
        for (int i = 0; i < 8; ++i)
            leases.append(await(pool.take()).connection());
    }
    QTRY_COMPARE(peer.open(), 8);
    leases.at(0).socket()->write("last");
    leases.clear();
    QTRY_COMPARE(peer.open(), 0);
}

void tst_LifecycleEnds::ioThreadsEndWithTheLastPool()
{
    if (runningThreads() < 0)
        QSKIP("cannot count threads here");
    TestPeer peer;
    const QByteArray ioThread = "tidepool-io";
    QTRY_COMPARE(runningThreads(ioThread), 0);
    QCOMPARE(IoThreads::count(), 1);
    IoThreads::setCount(3);
    QCOMPARE(IoThreads::count(), 3);
    {
        std::vector<std::unique_ptr<ClientPool>> pools;
        for (int i = 0; i < 6; ++i) {
            pools.push_back(std::make_unique<ClientPool>());
            configure(*pools.back(), peer, 2);
            pools.back()->start();
        }
        for (const auto &pool : pools)
            QTRY_COMPARE(pool->active(), 2);
        QCOMPARE(runningThreads(ioThread), 3);
        pools.pop_back();
        VERIFY_TAKEN(pools.front()->tryTake());
    }
    QTRY_COMPARE(runningThreads(ioThread), 0);
    IoThreads::setCount(0);
    QCOMPARE(IoThreads::count(), 1);
    IoThreads::setCount(1'000);
    QCOMPARE(IoThreads::count(), 64);
    IoThreads::setCount(1);
}

// A dial would wait for relays that are busy.
void tst_LifecycleEnds::relaysHaveIoThreadsOfTheirOwn()
{
    if (runningThreads() < 0)
        QSKIP("cannot count threads here");
    TestPeer peer;
    const QByteArray ioThread = "tidepool-io";
    QTRY_COMPARE(runningThreads(ioThread), 0);
    {
        ClientPool pool;
        configure(pool, peer, 2);
        pool.start();
        QTRY_COMPARE(pool.active(), 2);
        QCOMPARE(runningThreads(ioThread), 1);
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        std::vector<std::unique_ptr<Relay>> relays;
        for (int i = 0; i < 2; ++i) {
            auto socket = std::make_unique<QTcpSocket>();
            socket->connectToHost(server.serverAddress(), server.serverPort());
            QVERIFY(socket->waitForConnected());
            relays.push_back(std::make_unique<Relay>(pool.take().result().connection(), std::move(socket)));
            relays.back()->start();
            QTRY_COMPARE(runningThreads(ioThread), 2); // a thread names itself
        }
        pool.close();
        QTRY_COMPARE(runningThreads(ioThread), 1);
    }
    QTRY_COMPARE(runningThreads(ioThread), 0);
}

QTEST_GUILESS_MAIN(tst_LifecycleEnds)
#include "tst_lifecycle_ends.moc"
