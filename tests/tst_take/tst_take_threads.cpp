// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A take may come from any thread, and the socket arrives where it is used.

#include "support/eventloopmonitor.h"
#include "support/loopthread.h"
#include "support/rawclient.h"
#include "support/warmpool.h"

#include <QtCore/QDeadlineTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QFutureWatcher>
#include <QtCore/QTimer>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_TakeThreads : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void fromAPlainThread();
    void fromAThreadWithALoop();
    void whileThePoolsThreadIsBlocked();
    void waitingWhileThePoolsThreadIsBlocked();
    void socketArrivesWhereItIsAskedFor();
    void handleTravelsFirst();
    void takeInto_data();
    void takeInto();
    void takeIntoWhileBlocked();
    void contextGoesDuringTheWait_data();
    void contextGoesDuringTheWait();
    void contextOfAThreadThatHasEnded();
    void contextOfAThreadThatBeginsLater();
    void usedBeforeTheLoopBegins();
    void usedInAThreadThatHasEnded_data();
    void usedInAThreadThatHasEnded();
    void continuationWithContext();
    void futureWatcher();
    void manyThreads();
    void gettersFromAnyThread();

private:
    std::unique_ptr<WarmPool> m_warm;
};

void tst_TakeThreads::init()
{
    m_warm = std::make_unique<WarmPool>();
    QVERIFY(m_warm->isWarm());
}

void tst_TakeThreads::cleanup()
{
    m_warm->pool.close();
    VERIFY_COUNTERS(m_warm->pool);
    m_warm.reset();
}

void tst_TakeThreads::fromAPlainThread()
{
    QByteArray answer;
    bool isHere = false;
    std::thread taker([&] {
        const TakeResult taken = m_warm->pool.take().result();
        if (!taken)
            return;
        QSslSocket *socket = taken.connection().socket();
        isHere = socket->thread() == QThread::currentThread();
        answer = blockingEcho(socket, "from a std::thread");
    });
    taker.join();
    QVERIFY(isHere);
    QCOMPARE(answer, "from a std::thread"_ba);
}

void tst_TakeThreads::fromAThreadWithALoop()
{
    LoopThread worker;
    bool isThere = false;
    QByteArray answer;
    worker.run([&] {
        const TakeResult taken = m_warm->pool.tryTake();
        if (!taken)
            return;
        QSslSocket *socket = taken.connection().socket();
        isThere = socket->thread() == worker.thread();
        answer = blockingEcho(socket, "from a QThread");
    });
    QVERIFY(isThere);
    QCOMPARE(answer, "from a QThread"_ba);
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
}

// This thread, the pool's own, does nothing but wait; I/O thread and peer go on.
void tst_TakeThreads::whileThePoolsThreadIsBlocked()
{
    for (int i = 0; i < 12; ++i) {
        const TakeResult taken = m_warm->pool.take(5s).result();
        VERIFY_TAKEN(taken);
        QCOMPARE(blockingEcho(taken.connection().socket(), "blocked"), "blocked"_ba);
    }
}

void tst_TakeThreads::waitingWhileThePoolsThreadIsBlocked()
{
    m_warm->pool.pause();
    while (m_warm->pool.tryTake()) {}
    PeerScript slow = PeerScript::overTls(selfSigned());
    slow.delay = 100ms;
    m_warm->peer.setScript(slow);
    std::atomic<int> served = 0;
    std::vector<std::thread> takers;
    for (int i = 0; i < 4; ++i) {
        takers.emplace_back([&] {
            const TakeResult taken = m_warm->pool.take(5s).result();
            if (taken && blockingEcho(taken.connection().socket(), "late") == "late")
                ++served;
        });
    }
    m_warm->pool.resume();
    for (std::thread &taker : takers)
        taker.join();
    QCOMPARE(served.load(), 4);
}

void tst_TakeThreads::socketArrivesWhereItIsAskedFor()
{
    // Taken here, used there: the first call of socket() decides.
    LoopThread worker;
    const TakeResult taken = m_warm->pool.tryTake();
    VERIFY_TAKEN(taken);
    QThread *there = nullptr;
    worker.run([&] { there = taken.connection().socket()->thread(); });
    QCOMPARE(there, worker.thread());
    // From then on it stays.
    QCOMPARE(taken.connection().socket()->thread(), worker.thread());
}

void tst_TakeThreads::handleTravelsFirst()
{
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    QByteArray answer;
    std::thread user([&, handle = std::move(connection)] {
        const Connection mine = handle;
        answer = blockingEcho(mine.socket(), "travelled");
    });
    user.join();
    QCOMPARE(answer, "travelled"_ba);
}

void tst_TakeThreads::takeInto_data()
{
    QTest::addColumn<bool>("mustWait");
    QTest::newRow("parked") << false;
    QTest::newRow("next to come") << true;
}

void tst_TakeThreads::takeInto()
{
    QFETCH(bool, mustWait);
    LoopThread worker;
    if (mustWait) {
        m_warm->pool.pause();
        while (m_warm->pool.tryTake()) {}
    }
    const QFuture<TakeResult> take = m_warm->pool.takeInto(worker.context());
    m_warm->pool.resume();
    const TakeResult taken = await(take);
    VERIFY_TAKEN(taken);
    // Asked for in this thread, and yet at home in the other one.
    QSslSocket *socket = taken.connection().socket();
    QCOMPARE(socket->thread(), worker.thread());
    QByteArray answer;
    worker.run([&] { answer = blockingEcho(socket, "into"); });
    QCOMPARE(answer, "into"_ba);
}

// Who blocks in result() is woken before the future has finished.
void tst_TakeThreads::takeIntoWhileBlocked()
{
    LoopThread worker;
    int rounds = 0;
    int right = 0;
    std::atomic<bool> isDone = false;
    std::thread taker([&] {
        const QDeadlineTimer deadline(5s); // enough for some hundred
        for (; rounds < 300 && !deadline.hasExpired(); ++rounds) {
            while (m_warm->pool.tryTake()) {}
            const TakeResult taken = m_warm->pool.takeInto(worker.context()).result();
            if (taken && taken.connection().socket()->thread() == worker.thread())
                ++right;
        }
        isDone = true;
    });
    QTRY_VERIFY_WITH_TIMEOUT(isDone, 30'000);
    taker.join();
    QVERIFY(rounds > 0);
    QCOMPARE(right, rounds);
}

void tst_TakeThreads::contextGoesDuringTheWait_data()
{
    QTest::addColumn<QString>("what");
    QTest::newRow("destroyed") << u"context"_s;
    QTest::newRow("with its thread") << u"thread"_s;
    QTest::newRow("the thread has ended") << u"only the thread"_s;
}

void tst_TakeThreads::contextGoesDuringTheWait()
{
    QFETCH(QString, what);
    m_warm->pool.pause();
    while (m_warm->pool.tryTake()) {}
    auto thread = std::make_unique<QThread>();
    thread->start();
    auto context = std::make_unique<QObject>();
    context->moveToThread(thread.get());
    const QFuture<TakeResult> take = m_warm->pool.takeInto(context.get(), 30s);
    const QFuture<TakeResult> next = m_warm->pool.take();
    if (what == "context"_L1)
        context.release()->deleteLater();
    thread->quit();
    thread->wait();
    if (what == "thread"_L1) {
        context.reset();
        thread.reset();
    }
    QCOMPARE(await(take, 3s).error().kind(), ErrorKind::Closed);
    m_warm->pool.resume();
    VERIFY_TAKEN(await(next, 3s));
}

void tst_TakeThreads::contextOfAThreadThatHasEnded()
{
    QThread thread;
    QObject context;
    context.moveToThread(&thread);
    thread.start();
    thread.quit();
    thread.wait();
    const TakeResult taken = await(m_warm->pool.takeInto(&context));
    QVERIFY(!taken);
    QCOMPARE(taken.error().kind(), ErrorKind::Closed);
    QCOMPARE(m_warm->pool.active(), WarmPool::capacity); // nothing was used up
}

void tst_TakeThreads::contextOfAThreadThatBeginsLater()
{
    QThread thread;
    QObject context;
    context.moveToThread(&thread);
    TakeResult taken = await(m_warm->pool.takeInto(&context));
    TakeResult unused = await(m_warm->pool.takeInto(&context));
    VERIFY_TAKEN(taken);
    VERIFY_TAKEN(unused);
    unused = {}; // let go before the thread begins
    QTRY_COMPARE(m_warm->pool.status().leased, 1);
    thread.start();
    QByteArray answer;
    QMetaObject::invokeMethod(
        &context, [&] { answer = blockingEcho(taken.connection().socket(), "later"); }, Qt::BlockingQueuedConnection);
    taken = {};
    thread.quit();
    thread.wait();
    QCOMPARE(answer, "later"_ba);
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
}

// What counts is whether the thread runs an event loop when the connection is given back.
void tst_TakeThreads::usedBeforeTheLoopBegins()
{
    m_warm->pool.pause();
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    QCOMPARE(m_warm->pool.active(), WarmPool::capacity - 1);
    std::atomic<bool> isRunning = false;
    const std::unique_ptr<QThread> thread(QThread::create([&] {
        static_cast<void>(blockingEcho(connection.socket(), "before"));
        QEventLoop loop;
        QTimer::singleShot(0, &loop, [&] { isRunning = true; });
        loop.exec();
    }));
    thread->start();
    QTRY_VERIFY(isRunning);
    m_warm->pool.giveBack(std::move(connection));
    const bool isParked = QTest::qWaitFor([&] { return m_warm->pool.active() == WarmPool::capacity; }, 3'000);
    thread->quit();
    thread->wait();
    QVERIFY(isParked);
    QCOMPARE(m_warm->pool.status().givenBack, 1);
}

void tst_TakeThreads::usedInAThreadThatHasEnded_data()
{
    QTest::addColumn<bool>("isQThread");
    QTest::addColumn<QString>("then");
    for (const QString &then : {u"used"_s, u"given back"_s, u"closed"_s}) {
        QTest::addRow("std::thread, %s", qPrintable(then)) << false << then;
        QTest::addRow("QThread, %s", qPrintable(then)) << true << then;
    }
}

// The socket belongs to no thread again, so that everything can be done with it as before.
void tst_TakeThreads::usedInAThreadThatHasEnded()
{
    QFETCH(bool, isQThread);
    QFETCH(QString, then);
    m_warm->pool.pause();
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    QByteArray answer;
    const auto use = [&] { answer = blockingEcho(connection.socket(), "there"); };
    if (isQThread) {
        const std::unique_ptr<QThread> thread(QThread::create(use));
        thread->start();
        thread->wait();
    } else {
        std::thread(use).join();
    }
    QCOMPARE(answer, "there"_ba);
    if (then == "used"_L1) {
        QCOMPARE(connection.socket()->thread(), QThread::currentThread());
        QCOMPARE(echo(connection.socket(), "here"), "here"_ba);
        return;
    }
    if (then == "given back"_L1)
        m_warm->pool.giveBack(connection);
    connection = Connection();
    QTRY_COMPARE(m_warm->peer.open(), WarmPool::capacity - (then == "closed"_L1 ? 1 : 0));
    QCOMPARE(m_warm->pool.status().leased, 0);
    QCOMPARE(m_warm->pool.status().givenBack, then == "closed"_L1 ? 0 : 1);
}

void tst_TakeThreads::continuationWithContext()
{
    LoopThread worker;
    std::atomic<bool> isThere = false;
    std::atomic<bool> echoed = false;
    m_warm->pool.take().then(worker.context(), [&](const TakeResult &taken) {
        if (!taken)
            return;
        QSslSocket *socket = taken.connection().socket();
        isThere = socket->thread() == worker.thread();
        echoed = blockingEcho(socket, "then") == "then";
    });
    QTRY_VERIFY(echoed);
    QVERIFY(isThere);
}

void tst_TakeThreads::futureWatcher()
{
    m_warm->pool.pause();
    while (m_warm->pool.tryTake()) {}
    QFutureWatcher<TakeResult> watcher;
    QSignalSpy finished(&watcher, &QFutureWatcher<TakeResult>::finished);
    watcher.setFuture(m_warm->pool.take());
    QVERIFY(finished.isEmpty());
    m_warm->pool.resume();
    EventLoopMonitor monitor;
    QVERIFY(monitor.runUntil([&] { return !finished.isEmpty(); }));
    const TakeResult taken = watcher.result();
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().socket()->thread(), QThread::currentThread());
    QCOMPARE(echo(taken.connection().socket(), "watched"), "watched"_ba);
}

void tst_TakeThreads::manyThreads()
{
    constexpr int threads = 6;
    constexpr int takesEach = 15;
    std::mutex mutex;
    QList<ConnectionId> ids;
    std::vector<std::thread> takers;
    for (int i = 0; i < threads; ++i) {
        takers.emplace_back([&, i] {
            for (int j = 0; j < takesEach; ++j) {
                const TakeResult taken = m_warm->pool.take(10s).result();
                if (!taken)
                    return;
                const QByteArray words = QByteArray::number(i * 1'000 + j);
                if (blockingEcho(taken.connection().socket(), words) != words)
                    return;
                const std::lock_guard lock(mutex);
                ids.append(taken.connection().id());
            }
        });
    }
    for (std::thread &taker : takers)
        taker.join();
    QCOMPARE(ids.size(), threads * takesEach);
    std::ranges::sort(ids, {}, &ConnectionId::value);
    const auto duplicate = std::ranges::adjacent_find(ids);
    QVERIFY(duplicate == ids.end());
    QCOMPARE(m_warm->pool.status().takenTotal, threads * takesEach);
}

void tst_TakeThreads::gettersFromAnyThread()
{
    m_warm->pool.setFlushesOnErrors(false);
    std::atomic<bool> stop = false;
    std::atomic<int> contradictions = 0;
    int reported = 0;
    std::thread reader([&] {
        while (!stop) {
            const QString mismatch = imbalance(m_warm->pool.status());
            if (!mismatch.isEmpty()) {
                qWarning("%s", qPrintable(mismatch));
                ++contradictions;
            }
            if (m_warm->pool.active() < 0 || m_warm->pool.capacity() < 1 || m_warm->pool.waiting() < 0
                || m_warm->pool.interval() <= 0ms || m_warm->pool.state() == PoolState::Closed)
                ++contradictions;
            m_warm->pool.addError();
            ++reported;
            static_cast<void>(m_warm->pool.lastError());
            static_cast<void>(m_warm->pool.evictions());
        }
    });
    for (int i = 0; i < 20; ++i) {
        VERIFY_TAKEN(await(m_warm->pool.take()));
        if (i % 5 == 0)
            m_warm->peer.resetAll();
    }
    stop = true;
    reader.join();
    QCOMPARE(contradictions.load(), 0);
    QVERIFY(reported > 0);
    QCOMPARE(m_warm->pool.errorCount(), reported);
    m_warm->pool.resetErrorCount();
    QCOMPARE(m_warm->pool.errorCount(), 0);
}

QTEST_GUILESS_MAIN(tst_TakeThreads)
#include "tst_take_threads.moc"
