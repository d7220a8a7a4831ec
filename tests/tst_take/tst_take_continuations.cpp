// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A continuation without a context runs in a thread of the library's, and may block there like any other code.

#include "support/poolhelpers.h"
#include "support/resources.h"

#include <QtCore/QSemaphore>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {
const ConnectionId nobody(0xffff'ffff); // no connection of the peer's
}

class tst_TakeContinuations : public QObject
{
    Q_OBJECT

private slots:
    void mayWaitForAnotherTake();
    void mayWaitForAFutureToFinish();
    void blocksNoOther();
    void keepsTheOrder();
    void closeDoesNotWaitForABlockedOne();
    void runsInTheCallersThread();
    void leavesNoThread();

private:
    static int threadsOfThePools() { return runningThreads("tidepool-io") + runningThreads("tidepool-ends"); }
    /// Takes that have to wait: connections come only when the pool is resumed.
    static void startPaused(ClientPool &pool, const TestPeer &peer, int capacity)
    {
        configure(pool, peer, capacity);
        pool.start();
        QTRY_COMPARE(pool.active(), capacity); // no dial is under way any more
        pool.pause();
        while (pool.tryTake()) {}
    }
};

void tst_TakeContinuations::mayWaitForAnotherTake()
{
    PeerScript slow;
    slow.delay = 100ms;
    TestPeer peer(slow);
    ClientPool pool;
    startPaused(pool, peer, 1);
    std::atomic<int> served = 0;
    pool.take().then([&](const TakeResult &first) {
        const TakeResult second = pool.take(5s).result(); // not parked: it has to wait as well
        served = (first ? 1 : 0) + (second ? 1 : 0);
    });
    const QFuture<TakeResult> behind = pool.take(nobody, 300ms); // will not come
    pool.resume();
    QTRY_COMPARE_WITH_TIMEOUT(served, 2, 3'000);
    QCOMPARE(await(behind, 3s).error().kind(), ErrorKind::Timeout);
}

// Not only for its result: that is there a little earlier.
void tst_TakeContinuations::mayWaitForAFutureToFinish()
{
    TestPeer peer;
    ClientPool pool;
    startPaused(pool, peer, 4);
    std::atomic<int> finished = 0;
    for (int i = 0; i < 3; ++i) {
        pool.take().then([&](const TakeResult &) {
            QFuture<TakeResult> inner = pool.take(nobody, 100ms);
            inner.waitForFinished();
            finished += inner.isFinished() ? 1 : 0;
        });
    }
    pool.resume();
    QTRY_COMPARE_WITH_TIMEOUT(finished, 3, 3'000);
}

void tst_TakeContinuations::blocksNoOther()
{
    TestPeer peer;
    ClientPool pool;
    ServerPool other; // shares the I/O thread
    QVERIFY(other.listen(QHostAddress::LocalHost));
    startPaused(pool, peer, 2);
    QSemaphore gate;
    std::atomic<bool> isInside = false;
    std::atomic<bool> isOver = false;
    pool.take().then([&](const TakeResult &) {
        isInside = true;
        gate.acquire();
        isOver = true;
    });
    QList<QFuture<TakeResult>> takes;
    for (int i = 0; i < 20; ++i)
        takes.append(pool.take(5s));
    pool.resume();
    QTRY_VERIFY(isInside);
    for (const QFuture<TakeResult> &take : std::as_const(takes)) {
        VERIFY_TAKEN(await(take, 3s));
        QTRY_VERIFY(take.isFinished());
    }
    QCOMPARE(await(other.take(50ms), 3s).error().kind(), ErrorKind::Timeout);
    QVERIFY(!isOver);
    gate.release();
    QTRY_VERIFY(isOver);
}

// Whoever takes longer than 20 ms is overtaken. On a machine that is busy enough, that may be anybody.
void tst_TakeContinuations::keepsTheOrder()
{
    using Clock = std::chrono::steady_clock;
    TestPeer peer;
    ClientPool pool;
    startPaused(pool, peer, 8);
    std::mutex mutex;
    QList<int> order;
    std::atomic<int> inside = 0;
    std::atomic<int> mostInside = 0;
    Clock::time_point begun;
    std::map<std::thread::id, Clock::time_point> lastEnds;
    Clock::duration longest{0}; // from the end of one to the end of the next in the same thread
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) {
        pool.take().then([&, i](const TakeResult &) {
            mostInside = std::max(mostInside.load(), ++inside);
            {
                const std::scoped_lock lock(mutex);
                order.append(i);
                const Clock::time_point now = Clock::now();
                const bool isFirst = lastEnds.empty();
                const auto last = lastEnds.try_emplace(std::this_thread::get_id(), isFirst ? begun : now).first;
                longest = std::max(longest, now - std::exchange(last->second, now));
            }
            --inside;
        });
    }
    begun = Clock::now();
    pool.resume();
    QTRY_COMPARE(
        [&] {
            const std::scoped_lock lock(mutex);
            return order.size();
        }(),
        count);
    const bool isInOrder = std::ranges::is_sorted(order);
    if (longest >= 15ms && (mostInside > 1 || !isInOrder))
        QSKIP("This machine had one take so long that others overtook it.");
    QCOMPARE(mostInside.load(), 1);
    QVERIFY(isInOrder);
}

void tst_TakeContinuations::closeDoesNotWaitForABlockedOne()
{
    TestPeer peer;
    QSemaphore gate;
    std::atomic<bool> isInside = false;
    std::atomic<bool> isOver = false;
    {
        ClientPool pool;
        startPaused(pool, peer, 2);
        pool.take().then([&](const TakeResult &) {
            isInside = true;
            gate.acquire();
            isOver = true;
        });
        pool.resume();
        QTRY_VERIFY(isInside);
        const QFuture<TakeResult> waiting = pool.take(nobody);
        pool.close();
        QVERIFY(waiting.isFinished());
        QCOMPARE(waiting.result().error().kind(), ErrorKind::Closed);
    }
    QVERIFY(!isOver);
    gate.release();
    QTRY_VERIFY(isOver);
    QTRY_COMPARE(threadsOfThePools(), 0);
}

void tst_TakeContinuations::runsInTheCallersThread()
{
    TestPeer peer;
    ClientPool pool;
    pool.setUsesCallerThread(true);
    QTRY_COMPARE(threadsOfThePools(), 0); // of the tests before
    startPaused(pool, peer, 2);
    QThread *there = nullptr;
    pool.take().then([&](const TakeResult &) { there = QThread::currentThread(); });
    pool.resume();
    QTRY_VERIFY(there);
    QCOMPARE(there, QThread::currentThread());
    QCOMPARE(threadsOfThePools(), 0);
}

void tst_TakeContinuations::leavesNoThread()
{
    if (runningThreads() < 0)
        QSKIP("cannot count threads here");
    TestPeer peer;
    for (int i = 0; i < times(50); ++i) {
        ClientPool pool;
        configure(pool, peer, 2);
        pool.start();
        std::atomic<int> ended = 0;
        for (int j = 0; j < 4; ++j)
            pool.take().then([&](const TakeResult &) { ++ended; });
        QTRY_COMPARE(ended, 4);
    }
    QTRY_COMPARE(threadsOfThePools(), 0);
}

QTEST_GUILESS_MAIN(tst_TakeContinuations)
#include "tst_take_continuations.moc"
