// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A pool may end before, with or after the application object. Without one, Qt delivers no events; the pool's own
// thread goes on all the same.

#include "faults/endings.h"
#include "support/loopthread.h"
#include "support/resources.h"

#include <tidepool/tidepool.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QElapsedTimer>
#include <QtCore/QRegularExpression>
#include <QtTest/QTest>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// The application object, which comes and goes.
class Application
{
public:
    void end() { m_application.reset(); }

private:
    int m_argc = 1;
    char m_name[5] = "test";
    char *m_argv[2] = {m_name, nullptr};
    std::unique_ptr<QCoreApplication> m_application = std::make_unique<QCoreApplication>(m_argc, m_argv);
};

/// A client whose connection is closed by the server, now or within @p limit.
bool isClosed(int descriptor, std::chrono::milliseconds limit = 0ms)
{
    const timeval time{static_cast<time_t>(limit.count() / 1'000), (limit.count() % 1'000) * 1'000};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    char byte = 0;
    return recv(descriptor, &byte, 1, limit.count() > 0 ? 0 : MSG_DONTWAIT) == 0;
}

std::vector<int> parkClients(const ServerPool &pool, int count)
{
    std::vector<int> clients;
    for (int i = 0; i < count; ++i) {
        clients.push_back(Races::connectTo(pool.serverPort()));
        static_cast<void>(Races::readId(clients.back()));
    }
    Races::waitForActive(pool, count);
    return clients;
}

} // namespace

class tst_LifecycleApplication : public QObject
{
    Q_OBJECT

private slots:
    void cleanup();
    void endWaitsForTheClosing();
    void poolEndsAfterIt();
    void tasksStayInTheirThread();
    void poolLivesOnWithTheNext();
    void poolWithoutAnApplication_data();
    void poolWithoutAnApplication();
    void relayWithoutAnApplication();
    void waitEndsWithIt_data();
    void waitEndsWithIt();
    void aFatalErrorOutlivesIt();
    void signalsComeUnderTheNext();
};

void tst_LifecycleApplication::cleanup()
{
    Races::waitUntil("the I/O thread's end", 100us, [] { return runningThreads("tidepool-io") == 0; });
}

void tst_LifecycleApplication::endWaitsForTheClosing()
{
    Application application;
    auto pool = std::make_unique<ServerPool>();
    QVERIFY(pool->listen(QHostAddress::LocalHost));
    const std::vector<int> clients = parkClients(*pool, 200);
    pool.reset();
    application.end();
    for (const int client : clients) {
        QVERIFY(isClosed(client));
        ::close(client);
    }
}

void tst_LifecycleApplication::poolEndsAfterIt()
{
    Application application;
    auto pool = std::make_unique<ServerPool>();
    QVERIFY(pool->listen(QHostAddress::LocalHost));
    const std::vector<int> clients = parkClients(*pool, 20);
    const QFuture<TakeResult> waiting = pool->take(ConnectionId(0xffff'ffff), 1h);
    application.end();
    QElapsedTimer clock;
    clock.start();
    pool.reset();
    QVERIFY2(clock.elapsed() < 4'000, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(waiting.isFinished());
    for (const int client : clients) {
        QVERIFY(isClosed(client, 2s));
        ::close(client);
    }
}

// A pool that closes must not do in the user's thread what others have left for the I/O thread.
void tst_LifecycleApplication::tasksStayInTheirThread()
{
    Application application;
    ServerPool closing;
    QVERIFY(closing.listen(QHostAddress::LocalHost));
    ClientPool other(u"127.0.0.1"_s, closing.serverPort());
    other.setMaximumCapacity(1);
    other.setMinimumCapacity(1);
    other.start();
    Races::waitForActive(other, 1);
    application.end();
    std::atomic<int> here = 0;
    std::atomic<int> there = 0;
    other.setDialer(
        [&, own = QThread::currentThread()](QSslSocket &) { ++(QThread::currentThread() == own ? here : there); });
    closing.close();
    QCOMPARE(here.load(), 0);
    other.close();
    QCOMPARE(here.load(), 0);
}

void tst_LifecycleApplication::poolLivesOnWithTheNext()
{
    ServerPool pool;
    {
        Application application;
        QVERIFY(pool.listen(QHostAddress::LocalHost));
        for (const int client : parkClients(pool, 2))
            ::close(client);
        Races::waitForActive(pool, 0);
    }
    const Application next;
    for (const int client : parkClients(pool, 2))
        ::close(client);
    Races::waitForActive(pool, 0);
    pool.close();
}

void tst_LifecycleApplication::poolWithoutAnApplication_data()
{
    QTest::addColumn<bool>("usesCallerThread");
    QTest::newRow("an I/O thread") << false;
    QTest::newRow("the caller's thread") << true;
}

// Nothing would ever be heard of it.
void tst_LifecycleApplication::poolWithoutAnApplication()
{
    QFETCH(bool, usesCallerThread);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"did not start: .*create a QCoreApplication first"_s));
    ServerPool server;
    server.setUsesCallerThread(usesCallerThread);
    QVERIFY(!server.listen(QHostAddress::LocalHost));
    QVERIFY2(server.lastError().message().contains(u"QCoreApplication"_s), qPrintable(server.lastError().message()));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"did not start: .*create a QCoreApplication first"_s));
    ClientPool client(u"127.0.0.1"_s, 9);
    client.setUsesCallerThread(usesCallerThread);
    client.start();
    QCOMPARE(client.state(), PoolState::Stopped);
    QVERIFY2(client.lastError().message().contains(u"QCoreApplication"_s), qPrintable(client.lastError().message()));
    for (const QFuture<TakeResult> &take : {client.take(1h), client.take(ConnectionId(1), 1h)}) {
        QVERIFY(take.isFinished());
        QCOMPARE(take.result().error().kind(), ErrorKind::Closed);
        QVERIFY(take.result().error().message().contains(u"QCoreApplication"_s));
    }
    // With one, it starts.
    const Application application;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    client.start();
    QVERIFY(client.state() != PoolState::Stopped);
}

void tst_LifecycleApplication::relayWithoutAnApplication()
{
    Relay relay(Connection{}, Connection{});
    relay.start();
    QVERIFY2(relay.errorText().contains(u"QCoreApplication"_s), qPrintable(relay.errorText()));
}

void tst_LifecycleApplication::waitEndsWithIt_data()
{
    QTest::addColumn<bool>("usesCallerThread");
    QTest::newRow("an I/O thread") << false;
    QTest::newRow("a thread of the caller's") << true;
}

// A thread that blocks for a take comes on, and so does one that asks later. The next application makes it all go on.
void tst_LifecycleApplication::waitEndsWithIt()
{
    QFETCH(bool, usesCallerThread);
    auto application = std::make_unique<Application>();
    LoopThread owner;
    std::unique_ptr<ServerPool> pool;
    const auto open = [&] {
        pool = std::make_unique<ServerPool>();
        pool->setUsesCallerThread(usesCallerThread);
        QVERIFY(pool->listen(QHostAddress::LocalHost));
    };
    if (usesCallerThread)
        owner.run(open);
    else
        open();
    std::atomic<bool> isOver = false;
    std::thread taker([&] {
        const PoolError error = pool->take(1h).result().error();
        isOver = error.kind() == ErrorKind::Closed && error.message().contains(u"QCoreApplication"_s);
    });
    Races::waitUntil("the take", 100us, [&] { return pool->waiting() == 1; });
    application.reset();
    taker.join();
    QVERIFY(isOver);
    QCOMPARE(pool->take(1h).result().error().kind(), ErrorKind::Closed);

    application = std::make_unique<Application>();
    const QFuture<TakeResult> again = pool->take(10s);
    const int client = Races::connectTo(pool->serverPort());
    static_cast<void>(Races::readId(client));
    Races::waitUntil("a connection", 1ms, [&] { return again.isFinished(); });
    QVERIFY(again.result());
    ::close(client);
    if (usesCallerThread)
        owner.run([&] { pool.reset(); });
}

// The next application does not make good what only new settings can.
void tst_LifecycleApplication::aFatalErrorOutlivesIt()
{
    auto application = std::make_unique<Application>();
    ServerPool server;
    TlsOptions tls;
    tls.mode = TlsMode::SelfSigned;
    server.setTls(tls);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool client(u"127.0.0.1"_s, server.serverPort());
    tls.pins = {u"sha256:"_s + QString(64, u'0')};
    client.setTls(tls);
    client.start();
    const auto isRefused = [&client] {
        const QFuture<TakeResult> take = client.take(1h);
        return take.isFinished() && take.result().error().kind() == ErrorKind::Pin;
    };
    Races::waitUntil("the fatal error", 1ms, isRefused);
    application.reset();
    QCOMPARE(client.take(1h).result().error().kind(), ErrorKind::Closed);
    application = std::make_unique<Application>();
    QVERIFY(isRefused());
    server.close();
    client.close();
}

// What changed without an application is told as soon as there is one, in whatever thread the pool lives.
void tst_LifecycleApplication::signalsComeUnderTheNext()
{
    auto application = std::make_unique<Application>();
    LoopThread owner;
    std::unique_ptr<ServerPool> pool;
    std::atomic<int> told = -1;
    owner.run([&] {
        pool = std::make_unique<ServerPool>();
        QObject::connect(pool.get(), &Pool::waitingChanged, pool.get(), [&](int waiting) { told = waiting; });
        QVERIFY(pool->listen(QHostAddress::LocalHost));
    });
    const QFuture<TakeResult> take = pool->take(1h);
    Races::waitUntil("the signal", 1ms, [&] { return told == 1; });
    application.reset();
    Races::waitUntil("the take's end", 1ms, [&] { return take.isFinished(); });
    QCOMPARE(pool->waiting(), 0);
    application = std::make_unique<Application>();
    Races::waitUntil("the signal", 1ms, [&] { return told == 0; });
    owner.run([&] { pool.reset(); });
}

QTEST_APPLESS_MAIN(tst_LifecycleApplication)
#include "tst_lifecycle_application.moc"
