// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Signals come in the pool's thread only, and at most one change of each kind for a turn of its event loop.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QSet>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_LifecycleSignals : public QObject
{
    Q_OBJECT

private slots:
    void comeInThePoolsThread();
    void changesAreCoalesced();
    void nothingIsEmittedInsideACall();
    void valuesAgreeWithTheSignals();
    void eventsAreComplete();
    void noSignalAfterTheEnd();
    void serverReportsALongLease();
};

void tst_LifecycleSignals::comeInThePoolsThread()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    std::atomic<int> here = 0;
    std::atomic<int> elsewhere = 0;
    const auto note = [&, own = QThread::currentThread()] { ++(QThread::currentThread() == own ? here : elsewhere); };
    // Direct connections: the slot runs where the signal was emitted.
    const auto watch = [&](auto signal) { connect(&pool, signal, &pool, note, Qt::DirectConnection); };
    watch(&Pool::connectionParked);
    watch(&Pool::connectionTaken);
    watch(&Pool::connectionEvicted);
    watch(&Pool::connectionReadable);
    watch(&Pool::attemptFailed);
    watch(&Pool::closed);
    watch(&Pool::settingsChanged);
    watch(&Pool::readyChanged);
    watch(&Pool::activeChanged);
    watch(&Pool::capacityChanged);
    watch(&Pool::intervalChanged);
    watch(&Pool::stateChanged);
    watch(&Pool::waitingChanged);
    watch(&Pool::errorCountChanged);
    watch(&Pool::statusChanged);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);

    std::thread taker([&] {
        for (int i = 0; i < 10; ++i) {
            static_cast<void>(pool.take(2s).result());
            pool.addError();
        }
        pool.resetErrorCount();
    });
    QTRY_COMPARE(pool.status().takenTotal, 10);
    taker.join();
    QTRY_COMPARE(pool.active(), 4);
    peer.send(peer.openIds().value(0), "hello");
    peer.resetAll();
#ifndef TIDEPOOL_PORTABLE // without POLLRDHUP, who spoke and then closed is found out when it is taken
    const auto gone = [&pool] {
        const PoolStatus status = pool.status();
        return status.evictedTotal() + status.ended; // who spoke first is kept for who names it
    };
    QTRY_VERIFY(gone() >= 4);
#endif
    pool.close();
    QTRY_VERIFY(here > 20);
    QCOMPARE(elsewhere.load(), 0);
}

void tst_LifecycleSignals::changesAreCoalesced()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 64);
    int turns = 0;
    QObject context;
    connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::awake, &context, [&] { ++turns; });
    QSignalSpy active(&pool, &Pool::activeChanged);
    QSignalSpy status(&pool, &Pool::statusChanged);
    QSignalSpy errors(&pool, &Pool::errorCountChanged);
    pool.setFlushesOnErrors(false);
    pool.start();

    // 64 connections are parked while this thread looks away: one change when it looks again.
    const auto done = [&] { return pool.active() == 64; };
    while (!done())
        std::this_thread::yield();
    QCOMPARE(active.size(), 0);
    QTRY_VERIFY(!active.isEmpty());
    QCOMPARE(active.size(), 1);
    QCOMPARE(active.at(0).at(0).toInt(), 64);
    QCOMPARE(status.size(), 1);

    for (int i = 0; i < 1'000; ++i)
        pool.addError();
    QTRY_COMPARE(errors.size(), 1);
    QCOMPARE(errors.at(0).at(0).toInt(), 1'000);

    turns = 0;
    active.clear();
    for (int i = 0; i < 30; ++i) {
        VERIFY_TAKEN(pool.tryTake());
        QCoreApplication::processEvents();
    }
    QTRY_COMPARE(pool.active(), 64);
    QVERIFY2(active.size() <= turns + 1, qPrintable(u"%1 changes in %2 turns"_s.arg(active.size()).arg(turns)));
}

// A slot never runs inside take() or another call: the caller need not be ready for it.
void tst_LifecycleSignals::nothingIsEmittedInsideACall()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QCoreApplication::processEvents();
    bool isInside = false;
    int inside = 0;
    int outside = 0;
    QObject context;
    const auto note = [&] { ++(isInside ? inside : outside); };
    connect(&pool, &Pool::activeChanged, &context, note);
    connect(&pool, &Pool::connectionTaken, &context, note);
    connect(&pool, &Pool::statusChanged, &context, note);
    connect(&pool, &Pool::waitingChanged, &context, note);
    connect(&pool, &Pool::errorCountChanged, &context, note);
    isInside = true;
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QFuture<TakeResult> waiting = pool.take(ConnectionId(0xffffffff));
    pool.addError();
    pool.giveBack(taken.connection());
    waiting.cancel();
    isInside = false;
    QTRY_COMPARE(pool.waiting(), 0);
    QTRY_VERIFY(outside >= 3);
    QCOMPARE(inside, 0);
}

void tst_LifecycleSignals::valuesAgreeWithTheSignals()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 8);
    int lastActive = 0;
    bool lastReady = false;
    PoolState lastState = PoolState::Stopped;
    int repeated = 0;
    QObject context;
    connect(&pool, &Pool::activeChanged, &context, [&](int value) {
        repeated += value == lastActive ? 1 : 0;
        lastActive = value;
    });
    connect(&pool, &Pool::readyChanged, &context, [&](bool value) {
        repeated += value == lastReady ? 1 : 0;
        lastReady = value;
    });
    connect(&pool, &Pool::stateChanged, &context, [&](PoolState value) {
        repeated += value == lastState ? 1 : 0;
        lastState = value;
    });
    pool.start();
    QTRY_COMPARE(pool.active(), 8);
    for (int i = 0; i < 10; ++i)
        VERIFY_TAKEN(await(pool.take()));
    peer.stopListening();
    peer.resetAll();
    QTRY_COMPARE(lastState, PoolState::Degraded);
    QTRY_COMPARE(lastActive, 0);
    QVERIFY(!lastReady);
    pool.close();
    QTRY_COMPARE(lastState, PoolState::Closed);
    QCOMPARE(repeated, 0);
}

// Unlike changes, events are not merged: one for each connection.
void tst_LifecycleSignals::eventsAreComplete()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 16);
    QSignalSpy parked(&pool, &Pool::connectionParked);
    QSignalSpy taken(&pool, &Pool::connectionTaken);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    QSet<quint32> present; // parked and not yet taken or evicted, as the signals tell it
    int outOfOrder = 0;
    const auto come = [&](ConnectionId id) { present.insert(id.value()); };
    const auto go = [&](ConnectionId id) { outOfOrder += present.remove(id.value()) ? 0 : 1; };
    connect(&pool, &Pool::connectionParked, this, come);
    connect(&pool, &Pool::connectionTaken, this, go);
    connect(&pool, &Pool::connectionEvicted, this, go);
    pool.start();
    QTRY_COMPARE(pool.active(), 16);
    for (int i = 0; i < 16; ++i)
        VERIFY_TAKEN(pool.tryTake());
    QTRY_COMPARE(pool.active(), 16);
    pool.flush();
    QTRY_COMPARE(pool.active(), 16);
    QTRY_COMPARE(taken.size(), 16);
    QTRY_COMPARE(evicted.size(), 16);
    QTRY_COMPARE(parked.size(), 48);
    QCOMPARE(pool.status().parkedTotal, 48);

    // In order: nobody is taken or evicted before it was parked.
    QCOMPARE(outOfOrder, 0);
    QCOMPARE(present.size(), 16);
    pool.disconnect(this);
}

void tst_LifecycleSignals::noSignalAfterTheEnd()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    QSignalSpy closed(&pool, &Pool::closed);
    QSignalSpy active(&pool, &Pool::activeChanged);
    QSignalSpy status(&pool, &Pool::statusChanged);
    pool.start();
    // By the signal: what has not been signalled yet is not taken back either.
    QTRY_VERIFY(!active.isEmpty() && active.constLast().at(0).toInt() == 4);
    active.clear();
    pool.close();
    QTRY_COMPARE(closed.size(), 1);
    QTRY_COMPARE(active.size(), 1);
    QCOMPARE(active.at(0).at(0).toInt(), 0);
    QTRY_COMPARE(peer.open(), 0);
    QCoreApplication::processEvents();
    status.clear();
    QVERIFY(!QTest::qWaitFor([&] { return active.size() > 1 || closed.size() > 1 || !status.isEmpty(); }, 200));
}

// A server pool does nothing else when a connection is taken, and yet has to watch it.
void tst_LifecycleSignals::serverReportsALongLease()
{
    ServerPool pool;
    pool.setLeaseThreshold(200ms);
    QSignalSpy held(&pool, &Pool::connectionHeldLong);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const std::vector<RawClient> clients = connectMany(pool.serverPort(), 2);
    QTRY_COMPARE(pool.active(), 2);
    const TakeResult kept = pool.tryTake();
    VERIFY_TAKEN(kept);
    QTRY_COMPARE_WITH_TIMEOUT(held.size(), 1, 2'000);
    QCOMPARE(held.at(0).at(0).value<ConnectionId>(), kept.connection().id());
    QVERIFY(!QTest::qWaitFor([&] { return held.size() > 1; }, 400));
    QCOMPARE(pool.status().leased, 1);
}

QTEST_GUILESS_MAIN(tst_LifecycleSignals)
#include "tst_lifecycle_signals.moc"
