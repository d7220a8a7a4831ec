// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What the two kinds of pools have in common, as docs/go-package.md has it.

#include "fixtures.h"
#include "support/resources.h"
#include "walk.h"

#include <QtCore/QMetaProperty>
#include <QtCore/QThreadPool>

#include <atomic>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

namespace {

/// Does the property exist, and does it tell when it changes?
bool isLive(const QObject &object, const char *property)
{
    const QMetaObject *meta = object.metaObject();
    const int index = meta->indexOfProperty(property);
    return index >= 0 && meta->property(index).hasNotifySignal();
}

} // namespace

class tst_GoPackageBothPools : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest() { VERIFY_ROWS("Both pools"); }

    void readyProperty();
    void activeProperty();
    void capacityProperty();
    void intervalProperty();
    void flush();
    void close();
    void threadSafety();
    void healthMonitoring();
    void validation();
    void recovery();
    void backoff();
    void lifecycle();
};

void tst_GoPackageBothPools::readyProperty()
{
    Ends ends;
    QVERIFY(isLive(ends.client, "ready") && isLive(ends.client, "state"));
    QTRY_VERIFY(ends.client.isReady());
    QTRY_VERIFY(ends.server.isReady());
    QCOMPARE(ends.client.state(), PoolState::Ready);
}

void tst_GoPackageBothPools::activeProperty()
{
    Ends ends;
    QVERIFY(isLive(ends.client, "active"));
    QTRY_COMPARE(ends.client.active(), capacity);
    QTRY_COMPARE(ends.server.active(), capacity);
}

void tst_GoPackageBothPools::capacityProperty()
{
    Ends ends;
    QVERIFY(isLive(ends.client, "capacity"));
    QTRY_COMPARE(ends.client.capacity(), capacity);
    QCOMPARE(ends.server.capacity(), ends.server.maximumCapacity());
}

void tst_GoPackageBothPools::intervalProperty()
{
    const Ends ends;
    QVERIFY(isLive(ends.client, "interval"));
    QTRY_COMPARE(ends.client.interval(), ends.client.minimumInterval());
    QCOMPARE(ends.server.interval(), 0ms);
}

void tst_GoPackageBothPools::flush()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    const auto before = peer.openIds();
    pool.flush();
    QCOMPARE(pool.status().evictedBy(EvictionCause::Flushed), capacity);
    QTRY_COMPARE(pool.active(), capacity);
    QTRY_VERIFY(!peer.openIds().contains(before.first()));
}

void tst_GoPackageBothPools::close()
{
    const TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    const QFuture<TakeResult> take = pool.take();
    pool.close();
    QCOMPARE(await(take).error().kind(), ErrorKind::Closed);
    QCOMPARE(pool.state(), PoolState::Closed);

    Ends ends;
    TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QSignalSpy closed(&ends.client, &Pool::closed);
    ends.client.drain(10s);
    QCOMPARE(ends.client.state(), PoolState::Draining);
    QVERIFY(result.connection().isValid());
    result = {};
    QTRY_COMPARE(closed.count(), 1);
}

void tst_GoPackageBothPools::threadSafety()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();

    constexpr int threads = 4;
    constexpr int takesEach = 5;
    std::atomic<int> echoed = 0;
    QThreadPool threadPool;
    threadPool.setMaxThreadCount(threads);
    for (int i = 0; i < threads; ++i) {
        threadPool.start([&pool, &echoed] {
            for (int j = 0; j < takesEach; ++j) {
                const TakeResult result = pool.take().result();
                if (result && blockingEcho(result.connection().socket(), "ping") == "ping")
                    ++echoed;
            }
        });
    }
    QVERIFY(threadPool.waitForDone(20'000));
    QCOMPARE(echoed, threads * takesEach);
}

void tst_GoPackageBothPools::healthMonitoring()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    peer.closeAll();
    QTRY_COMPARE(evicted.count(), capacity);
    QCOMPARE(evicted.first().at(1).value<EvictionCause>(), EvictionCause::PeerClosed);
    QTRY_COMPARE(pool.active(), capacity);
}

void tst_GoPackageBothPools::validation()
{
    PeerScript script;
    script.behind = "early bytes";
    const TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    const TakeResult result = pool.tryTake();
    VERIFY_TAKEN(result);
    QCOMPARE(readExactly(result.connection().socket(), script.behind.size()), script.behind);
}

void tst_GoPackageBothPools::recovery()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    makeImpatient(pool);
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(pool.isReady());
    peer.stopListening();
    peer.closeAll();
    QTRY_VERIFY(!failed.isEmpty());
    QTRY_VERIFY(!pool.isReady());
    QVERIFY(pool.lastError());
    QVERIFY(peer.listenAgain());
    QTRY_COMPARE(pool.active(), capacity);
    QVERIFY(!pool.lastError());
}

void tst_GoPackageBothPools::backoff()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, capacity);
    QCOMPARE(pool.backoff(), (Backoff{.base = 200ms, .cap = 10s, .factor = 2.0}));
    pool.setBackoff({.base = 24h, .cap = 24h});
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(!failed.isEmpty());
    QVERIFY(peer.listenAgain());
    pool.retryNow();
    QTRY_COMPARE(pool.active(), capacity);
}

void tst_GoPackageBothPools::lifecycle()
{
    const auto run = [] {
        Ends ends;
        QTRY_COMPARE(ends.client.active(), capacity);
        QTRY_COMPARE(ends.server.active(), capacity);
        ends.client.close();
        ends.client.start();
        QTRY_COMPARE(ends.client.active(), capacity);
    };
    run();
    const int descriptors = openDescriptors();
    const int threads = runningThreads();
    run();
    QTRY_VERIFY(openDescriptors() <= descriptors);
    QTRY_VERIFY(runningThreads() <= threads);
}

QTEST_GUILESS_MAIN(tst_GoPackageBothPools)
#include "tst_gopackage_both_pools.moc"
