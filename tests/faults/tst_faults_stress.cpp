// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Eight threads do everything at once to a ClientPool and the ServerPool it dials, which meanwhile change, end, begin
// again and are replaced; afterwards the counters balance.

#include "actors.h"

#include <QtCore/QElapsedTimer>

using namespace Stress;
using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

std::chrono::seconds stressDuration()
{
    bool given = false;
    const int seconds = qEnvironmentVariableIntValue("TIDEPOOL_STRESS_SECONDS", &given);
    return std::chrono::seconds(given ? seconds : 3);
}

void configureServer(ServerPool &server, TlsMode mode)
{
    server.setTls(tlsMode(mode));
    server.setMaximumCapacity(200);
}

void configureClient(ClientPool &client, TlsMode mode)
{
    client.setTls(tlsMode(mode));
    client.setMinimumCapacity(16);
    client.setMaximumCapacity(32);
    client.setMinimumInterval(10ms);
    client.setMaximumInterval(50ms);
    client.setBackoff({1ms, 20ms, 2.0});
}

} // namespace

class tst_FaultsStress : public QObject
{
    Q_OBJECT

private slots:
    void everythingAtOnce_data();
    void everythingAtOnce();
    void endsAndBeginnings_data() { everythingAtOnce_data(); }
    void endsAndBeginnings();
};

void tst_FaultsStress::everythingAtOnce_data()
{
    QTest::addColumn<TlsMode>("mode");
    QTest::newRow("plain") << TlsMode::None;
    QTest::newRow("TLS") << TlsMode::SelfSigned;
}

void tst_FaultsStress::everythingAtOnce()
{
    QFETCH(TlsMode, mode);
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::minstd_rand random(seed);

    ServerPool server;
    configureServer(server, mode);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool client(u"127.0.0.1"_s, server.serverPort());
    configureClient(client, mode);
    client.start();
    QTRY_VERIFY(client.isReady());

    Arena arena;
    arena.client = &client;
    arena.server = &server;
    Cast cast(arena, seed);

    // What belongs to the pools' own thread.
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < std::chrono::milliseconds(stressDuration()).count()) {
        switch (random() % 8) {
        case 0:
            client.flush();
            break;
        case 1:
            server.flush();
            break;
        case 2:
            client.setMaximumCapacity(client.minimumCapacity() + static_cast<int>(random() % 20));
            break;
        case 3:
            client.setMinimumCapacity(1 + static_cast<int>(random()) % client.maximumCapacity());
            break;
        case 4:
            server.setMaximumCapacity(static_cast<int>(4 + random() % 200));
            break;
        case 5:
            client.pause();
            client.resume();
            break;
        case 6:
            client.setTakeOrder(random() % 2 == 0 ? TakeOrder::NewestFirst : TakeOrder::OldestFirst);
            server.setOverflow(random() % 2 == 0 ? Overflow::Refuse : Overflow::ReplaceOldest);
            break;
        case 7:
            client.resetErrorCount();
            break;
        }
        QTest::qWait(static_cast<int>(random() % 30));
    }
    arena.stop = true;
    QTRY_COMPARE(client.waiting() + server.waiting(), 0);
    cast.join();

    // It still works.
    server.setMaximumCapacity(200);
    VERIFY_TAKEN(await(client.take()));
    // In a storm over TLS on a slow machine, hardly a connection lives long enough to be spoken through.
    QTRY_VERIFY((Actor(arena, seed).converse(), arena.conversations.load() > 0));
    QTRY_COMPARE(client.status().leased + server.status().leased, 0);
    client.close();
    server.close();
    QCOMPARE(arena.garbled.load(), 0);
    QCOMPARE(arena.wrongIds.load(), 0);
    QCOMPARE(arena.imbalances.load(), 0);
    VERIFY_COUNTERS(client);
    VERIFY_COUNTERS(server);
    for (const PoolStatus &status : {client.status(), server.status()}) {
        QCOMPARE(status.active + status.connecting + status.handshaking + status.waiting, 0);
        qInfo("established %lld, taken %lld, given back %lld, evicted %lld, dropped %lld; takes %lld, warm %lld, "
              "after a wait %lld, failed %lld, cancelled %lld",
              status.established, status.takenTotal, status.givenBack, status.evictedTotal(), status.dropped,
              status.takesAsked, status.servedWarm, status.servedAfterWait, status.takesFailed, status.takesCancelled);
    }
    qInfo("conversations %d", arena.conversations.load());
}

// The pools drain, close, start, and are destroyed and made anew while threads take from them, wait and hold what they
// took. Every wait ends, or the threads could not be joined.
void tst_FaultsStress::endsAndBeginnings()
{
    QFETCH(TlsMode, mode);
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::minstd_rand random(seed);

    auto server = std::make_unique<ServerPool>();
    configureServer(*server, mode);
    QVERIFY(server->listen(QHostAddress::LocalHost));
    quint16 port = server->serverPort();
    auto client = std::make_unique<ClientPool>(u"127.0.0.1"_s, port);
    configureClient(*client, mode);
    client->start();
    QTRY_VERIFY(client->isReady());

    Arena arena;
    arena.client = client.get();
    arena.server = server.get();
    Cast cast(arena, seed);
    const auto isUp = [](const Pool &pool) {
        const PoolState state = pool.state();
        return state != PoolState::Closed && state != PoolState::Stopped;
    };
    const auto begin = [&] {
        if (!isUp(*client))
            client->start();
        if (isUp(*server))
            return;
        // Meanwhile somebody else may have got the port.
        if (!server->listen(QHostAddress::LocalHost, port) && !server->listen(QHostAddress::LocalHost))
            qFatal("cannot listen again: %s", qUtf8Printable(server->lastError().message()));
        port = server->serverPort();
        client->setPort(port);
    };
    const auto replace = [&](auto &pool, auto make) {
        arena.isReplacing = true;
        if (random() % 2 == 0)
            pool->close(); // with the threads inside; else their waits end by themselves
        const std::scoped_lock lock(arena.poolsMutex);
        arena.imbalances += imbalance(pool->status()).isEmpty() ? 0 : 1;
        pool.reset();
        pool = make();
        arena.client = client.get();
        arena.server = server.get();
        arena.isReplacing = false;
    };

    int ends = 0;
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < std::chrono::milliseconds(stressDuration()).count()) {
        Pool &pool = random() % 2 == 0 ? static_cast<Pool &>(*client) : *server;
        switch (random() % 6) {
        case 0:
            pool.close();
            break;
        case 1:
            pool.close();
            begin();
            break;
        case 2:
            pool.drain(std::chrono::milliseconds(random() % 40));
            break;
        case 3:
            pool.flush();
            break;
        case 4:
            replace(client, [&] {
                auto made = std::make_unique<ClientPool>(u"127.0.0.1"_s, port);
                configureClient(*made, mode);
                return made;
            });
            break;
        case 5:
            replace(server, [&] {
                auto made = std::make_unique<ServerPool>();
                configureServer(*made, mode);
                return made;
            });
            break;
        }
        ++ends;
        QTest::qWait(static_cast<int>(random() % 30));
        begin();
        QTest::qWait(static_cast<int>(random() % 30));
    }
    cast.join();

    QTRY_VERIFY(client->state() != PoolState::Draining && server->state() != PoolState::Draining);
    begin();
    VERIFY_TAKEN(await(client->take()));
    QTRY_VERIFY((Actor(arena, seed).converse(), arena.conversations.load() > 0));
    client->close();
    server->close();
    QCOMPARE(arena.garbled.load(), 0);
    QCOMPARE(arena.wrongIds.load(), 0);
    QCOMPARE(arena.imbalances.load(), 0);
    for (const Pool *pool : {static_cast<Pool *>(client.get()), static_cast<Pool *>(server.get())}) {
        VERIFY_COUNTERS(*pool);
        const PoolStatus status = pool->status();
        QCOMPARE(status.active + status.connecting + status.handshaking + status.checking + status.waiting, 0);
        QTRY_COMPARE(pool->status().leased, 0);
    }
    qInfo("%d ends, conversations %d", ends, arena.conversations.load());
}

QTEST_GUILESS_MAIN(tst_FaultsStress)
#include "tst_faults_stress.moc"
