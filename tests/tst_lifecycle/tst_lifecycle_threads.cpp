// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A pool may outlive its thread, its application object, even its process: it ends where it may, and nobody waits for
// ever.

#include "support/poolhelpers.h"
#include "support/resources.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

#include <atomic>
#include <thread>

#ifndef Q_OS_WIN
#    include <sys/wait.h>
#    include <unistd.h>

#    include <csignal>
#endif

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_LifecycleThreads : public QObject
{
    Q_OBJECT

private slots:
    void outlivesItsThread_data();
    void outlivesItsThread();
    void endsWithItsThread();
    void childOfAForkCloses_data();
    void childOfAForkCloses();
    void childOfAForkTakesNothing();
    void childOfAForkHasPoolsOfItsOwn();
};

namespace {

/// Runs @p act in a thread with an event loop, std::thread or QThread, until that says so.
void inAThreadOfItsOwn(bool isQThread, const std::function<void(QEventLoop &)> &act)
{
    const auto run = [&] {
        QEventLoop loop;
        act(loop);
    };
    if (isQThread) {
        const std::unique_ptr<QThread> thread(QThread::create(run));
        thread->start();
        thread->wait();
    } else {
        std::thread(run).join();
    }
}

#ifndef Q_OS_WIN
/// Forks; the child does @p act and ends with what it returns. -1 if it did not end within 5 s.
int exitCodeOfChild(const std::function<int()> &act)
{
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(act());
    int status = 0;
    const bool hasEnded = QTest::qWaitFor([&] { return ::waitpid(child, &status, WNOHANG) == child; }, 5'000);
    if (!hasEnded) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}
#endif

} // namespace

void tst_LifecycleThreads::outlivesItsThread_data()
{
    QTest::addColumn<bool>("isQThread");
    QTest::addColumn<bool>("callerThread");
    QTest::newRow("QThread") << true << false;
    QTest::newRow("std::thread") << false << false;
    QTest::newRow("QThread, caller's thread") << true << true;
    QTest::newRow("std::thread, caller's thread") << false << true;
}

void tst_LifecycleThreads::outlivesItsThread()
{
    QFETCH(bool, isQThread);
    QFETCH(bool, callerThread);
    TestPeer peer;
    std::unique_ptr<ClientPool> pool;
    QFuture<TakeResult> waiting;
    inAThreadOfItsOwn(isQThread, [&](QEventLoop &loop) {
        pool = std::make_unique<ClientPool>();
        pool->setUsesCallerThread(callerThread);
        configure(*pool, peer, 2);
        QObject::connect(pool.get(), &Pool::activeChanged, &loop, [&](int active) {
            if (active == 2)
                loop.quit();
        });
        pool->start();
        loop.exec();
        waiting = pool->take(ConnectionId(0xffff'ffff), 1h);
    });
    QCOMPARE(waiting.isFinished(), callerThread);
    QElapsedTimer clock;
    clock.start();
    pool.reset();
    QVERIFY2(clock.elapsed() < 4'000, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(waiting.isFinished());
    QCOMPARE(waiting.result().error().kind(), ErrorKind::Closed);
    QTRY_COMPARE(peer.open(), 0);
}

// With its I/O in the caller's thread, a pool can do nothing more when that has ended.
void tst_LifecycleThreads::endsWithItsThread()
{
    TestPeer peer;
    std::unique_ptr<ClientPool> pool;
    inAThreadOfItsOwn(true, [&](QEventLoop &loop) {
        pool = std::make_unique<ClientPool>();
        pool->setUsesCallerThread(true);
        configure(*pool, peer, 2);
        QObject::connect(pool.get(), &Pool::activeChanged, &loop, [&](int active) {
            if (active == 2)
                loop.quit();
        });
        pool->start();
        loop.exec();
    });
    QTRY_COMPARE(peer.open(), 0);
    QCOMPARE(pool->state(), PoolState::Closed);
    QCOMPARE(await(pool->take()).error().kind(), ErrorKind::Closed);
    VERIFY_COUNTERS(*pool);
}

void tst_LifecycleThreads::childOfAForkCloses_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<bool>("callerThread");
    QTest::newRow("plain") << false << false;
    QTest::newRow("TLS") << true << false;
    QTest::newRow("plain, caller's thread") << false << true;
    QTest::newRow("TLS, caller's thread") << true << true;
}

void tst_LifecycleThreads::childOfAForkCloses()
{
#if defined(Q_OS_WIN) || defined(__SANITIZE_THREAD__)
    QSKIP("no fork here");
#else
    QFETCH(bool, encrypted);
    QFETCH(bool, callerThread);
    TestPeer peer(PeerScript::echoing(encrypted));
    auto pool = std::make_unique<ClientPool>();
    pool->setUsesCallerThread(callerThread);
    configure(*pool, peer, 3);
    if (encrypted)
        pool->setTls(tlsMode(TlsMode::SelfSigned));
    pool->start();
    QTRY_COMPARE(pool->active(), 3);
    Connection held = pool->tryTake().connection();
    QVERIFY(held);
    QTRY_COMPARE(pool->active(), 3);

    const int left = exitCodeOfChild([&] {
        const int before = openDescriptors();
        held = Connection();
        pool.reset();
        return before - openDescriptors(); // 3 parked, 1 taken
    });
    QVERIFY2(left >= 4, qPrintable(QString::number(left)));
    // The parent's connections are as they were.
    QCOMPARE(echo(held.socket(), "held"), "held"_ba);
    for (int i = 0; i < 3; ++i) {
        const TakeResult taken = pool->tryTake();
        VERIFY_TAKEN(taken);
        QCOMPARE(echo(taken.connection().socket(), "parked"), "parked"_ba);
    }
    QCOMPARE(pool->status().evictedTotal(), 0);
#endif
}

void tst_LifecycleThreads::childOfAForkTakesNothing()
{
#if defined(Q_OS_WIN) || defined(__SANITIZE_THREAD__)
    QSKIP("no fork here");
#else
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    const int kinds = exitCodeOfChild([&] {
        const QFuture<TakeResult> take = pool.take();
        const bool isRefused = take.isFinished() && take.result().error().kind() == ErrorKind::Closed;
        return (isRefused ? 1 : 0) + (pool.tryTake().error().kind() == ErrorKind::Closed ? 2 : 0);
    });
    QCOMPARE(kinds, 3);
    QCOMPARE(pool.active(), 2);
#endif
}

void tst_LifecycleThreads::childOfAForkHasPoolsOfItsOwn()
{
#if defined(Q_OS_WIN) || defined(__SANITIZE_THREAD__)
    QSKIP("no fork here");
#else
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    const int answered = exitCodeOfChild([&] {
        ClientPool own;
        configure(own, peer, 1);
        own.start();
        const TakeResult taken = own.take(3s).result();
        return taken && blockingEcho(taken.connection().socket(), "child") == "child" ? 1 : 0;
    });
    QCOMPARE(answered, 1);
#endif
}

QTEST_GUILESS_MAIN(tst_LifecycleThreads)
#include "tst_lifecycle_threads.moc"
