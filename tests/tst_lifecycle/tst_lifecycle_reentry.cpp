// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What a pool calls, a signal's slot or a take's continuation, may close, start or destroy the pool.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QPointer>

#include <functional>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// Changes one setting.
using Change = std::function<void(Pool &)>;

/// Has an action done at one of a pool's signals, once.
using Wire = std::function<void(ClientPool &, const std::function<void()> &)>;

template <typename Signal>
void addSignal(const char *name, Signal signal)
{
    QTest::newRow(name) << Wire([signal](ClientPool &pool, const std::function<void()> &action) {
        QObject::connect(&pool, signal, &pool, action, Qt::SingleShotConnection);
    });
}

} // namespace

class tst_LifecycleReentry : public QObject
{
    Q_OBJECT

private slots:
    void closesFromItsOwnSignal_data();
    void closesFromItsOwnSignal();
    void diesInItsOwnSignal_data();
    void diesInItsOwnSignal();
    void diesInASetter_data();
    void diesInASetter();
    void closesFromAContinuation();
    void continuationOfTheClosing_data();
    void continuationOfTheClosing();
};

void tst_LifecycleReentry::closesFromItsOwnSignal_data()
{
    QTest::addColumn<Wire>("wire");
    addSignal("connectionParked", &Pool::connectionParked);
    addSignal("activeChanged", &Pool::activeChanged);
    addSignal("readyChanged", &Pool::readyChanged);
    addSignal("stateChanged", &Pool::stateChanged);
    addSignal("statusChanged", &Pool::statusChanged);
    addSignal("connectionEvicted", &Pool::connectionEvicted);
    addSignal("connectionTaken", &Pool::connectionTaken);
}

void tst_LifecycleReentry::closesFromItsOwnSignal()
{
    QFETCH(Wire, wire);
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    bool ended = false;
    wire(pool, [&] {
        pool.close();
        ended = true;
    });
    pool.start();
    QVERIFY(QTest::qWaitFor([&] { return ended || pool.active() == 4; }));
    if (!ended) { // for those that are not emitted on the way up
        static_cast<void>(pool.tryTake());
        peer.closeAll();
    }
    QTRY_VERIFY(ended);
    QCOMPARE(pool.state(), PoolState::Closed);
    QVERIFY(QTest::qWaitFor([&] { return peer.open() == 0; }));
    VERIFY_COUNTERS(pool);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
}

void tst_LifecycleReentry::diesInItsOwnSignal_data()
{
    closesFromItsOwnSignal_data();
    addSignal("connectionReadable", &Pool::connectionReadable);
    addSignal("attemptFailed", &Pool::attemptFailed);
    addSignal("capacityChanged", &Pool::capacityChanged);
    addSignal("intervalChanged", &Pool::intervalChanged);
    addSignal("waitingChanged", &Pool::waitingChanged);
    addSignal("errorCountChanged", &Pool::errorCountChanged);
    addSignal("closed", &Pool::closed);
}

void tst_LifecycleReentry::diesInItsOwnSignal()
{
    QFETCH(Wire, wire);
    TestPeer peer;
    QPointer<ClientPool> pool = new ClientPool;
    configure(*pool, peer, 4);
    wire(*pool, [&] { delete pool; });
    const auto lives = [&] { return !pool.isNull(); };
    // Each step brings signals that the ones before do not.
    pool->start();
    const QFuture<TakeResult> waiter = pool->take(ConnectionId(0xffff'ffff));
    pool->addError();
    const bool isWarm = QTest::qWaitFor([&] { return !lives() || pool->active() == 4; });
    QVERIFY(isWarm);
    if (lives()) {
        static_cast<void>(pool->tryTake());
        const QSignalSpy readable(pool, &Pool::connectionReadable);
        for (const ConnectionId id : peer.openIds())
            peer.send(id, "unasked");
        const bool isHeard = QTest::qWaitFor([&] { return !lives() || !readable.isEmpty(); });
        QVERIFY(isHeard);
    }
    if (lives()) {
        peer.stopListening();
        peer.closeAll();
        static_cast<void>(QTest::qWaitFor([&] { return !lives() || pool->state() == PoolState::Degraded; }));
    }
    if (lives())
        pool->close();
    QTRY_VERIFY(!lives());
    QCOMPARE(await(waiter).error().kind(), ErrorKind::Closed);
    QVERIFY(QTest::qWaitFor([&] { return peer.open() == 0; }));
}

void tst_LifecycleReentry::diesInASetter_data()
{
    QTest::addColumn<bool>("isServer");
    QTest::addColumn<Change>("change");
    const auto add = [](const char *name, bool isServer, const Change &change) {
        QTest::newRow(name) << isServer << change;
    };
    const auto addForBoth = [&](const char *name, const Change &change) {
        QTest::addRow("client: %s", name) << false << change;
        QTest::addRow("server: %s", name) << true << change;
    };
    addForBoth("tls", [](Pool &pool) { pool.setTls(tlsMode(TlsMode::SelfSigned)); });
    addForBoth("idFormat", [](Pool &pool) { pool.setIdFormat(IdFormat::Raw4); });
    addForBoth("timeouts", [](Pool &pool) { pool.setTimeouts({1s, 1s, 1s, 1s, 1s}); });
    addForBoth("keepAlive", [](Pool &pool) { pool.setKeepAlive({.idle = 7s}); });
    addForBoth("lifetimes", [](Pool &pool) { pool.setLifetimes({1h, 0ms, 0.0}); });
    addForBoth("takeOrder", [](Pool &pool) { pool.setTakeOrder(TakeOrder::OldestFirst); });
    addForBoth("unsolicited", [](Pool &pool) { pool.setUnsolicited(Unsolicited::Evict); });
    addForBoth("maximumWaiting", [](Pool &pool) { pool.setMaximumWaiting(7); });
    addForBoth("leaseThreshold", [](Pool &pool) { pool.setLeaseThreshold(7s); });
    addForBoth("usesCallerThread", [](Pool &pool) { pool.setUsesCallerThread(true); });
    add("host", false, [](Pool &pool) { static_cast<ClientPool &>(pool).setHost(u"::1"_s); });
    add("maximumCapacity", false, [](Pool &pool) { static_cast<ClientPool &>(pool).setMaximumCapacity(7); });
    add("allowedClients", true, [](Pool &pool) { static_cast<ServerPool &>(pool).setAllowedClients({u"::1"_s}); });
    add("limit", true, [](Pool &pool) { static_cast<ServerPool &>(pool).setMaximumCapacity(7); });
    add("maximumHandshakes", true, [](Pool &pool) { static_cast<ServerPool &>(pool).setMaximumHandshakes(7); });
    add("overflow", true, [](Pool &pool) { static_cast<ServerPool &>(pool).setOverflow(Overflow::ReplaceOldest); });
}

// Their settingsChanged() is emitted in the middle of it. Without AddressSanitizer this may go well by luck.
void tst_LifecycleReentry::diesInASetter()
{
    QFETCH(bool, isServer);
    QFETCH(Change, change);
    TestPeer peer;
    QPointer<Pool> pool;
    if (isServer) {
        auto *server = new ServerPool;
        pool = server;
        QVERIFY(server->listen(QHostAddress::LocalHost));
    } else {
        auto *client = new ClientPool;
        pool = client;
        configure(*client, peer, 2);
        client->start();
    }
    connect(
        pool, &Pool::settingsChanged, this, [&] { delete pool; }, Qt::SingleShotConnection);
    change(*pool);
    QVERIFY(pool.isNull());
    QVERIFY(QTest::qWaitFor([&] { return peer.open() == 0; }));
}

void tst_LifecycleReentry::closesFromAContinuation()
{
    PeerScript slow;
    slow.delay = 50ms;
    TestPeer peer(slow);
    ClientPool pool;
    configure(pool, peer, 4);
    pool.start();
    QObject context;
    bool ended = false;
    pool.take().then(&context, [&](const TakeResult &taken) {
        ended = static_cast<bool>(taken);
        pool.close();
    });
    QTRY_VERIFY(ended);
    QCOMPARE(pool.state(), PoolState::Closed);
    QVERIFY(QTest::qWaitFor([&] { return peer.open() == 0; }));
}

void tst_LifecycleReentry::continuationOfTheClosing_data()
{
    QTest::addColumn<QString>("deed");
    for (const char *deed : {"close", "start", "destroy"})
        QTest::newRow(deed) << QString::fromLatin1(deed);
}

// A take waits, close() fails it, and its continuation, which runs inside close(), goes at the pool itself.
void tst_LifecycleReentry::continuationOfTheClosing()
{
    QFETCH(QString, deed);
    auto pool = std::make_unique<ServerPool>();
    QVERIFY(pool->listen(QHostAddress::LocalHost));
    QObject context;
    int ended = 0;
    pool->take().then(&context, [&](const TakeResult &taken) {
        ended += taken.error().kind() == ErrorKind::Closed ? 1 : 0;
        if (deed == "close"_L1)
            pool->close();
        else if (deed == "start"_L1)
            pool->start();
        else
            pool.reset();
    });
    pool->close();
    QTRY_COMPARE(ended, 1);
    if (!pool)
        return;
    QCOMPARE(pool->isListening(), deed == "start"_L1);
    QCOMPARE(pool->status().takesFailed, 1);
    VERIFY_COUNTERS(*pool);
}

QTEST_GUILESS_MAIN(tst_LifecycleReentry)
#include "tst_lifecycle_reentry.moc"
