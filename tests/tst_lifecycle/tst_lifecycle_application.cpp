// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A pool may end before, with or after the application object. Without one, Qt delivers no events; the pool's own
// thread goes on all the same.

#include "faults/endings.h"
#include "support/resources.h"

#include <tidepool/tidepool.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QElapsedTimer>
#include <QtTest/QTest>

#include <atomic>
#include <memory>
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
};

void tst_LifecycleApplication::cleanup()
{
    Races::waitUntil("the I/O thread's end", 100us, [] { return runningThreads("tidepool-lane") == 0; });
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
    QVERIFY2(clock.elapsed() < 1'000, qPrintable(QString::number(clock.elapsed())));
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

QTEST_APPLESS_MAIN(tst_LifecycleApplication)
#include "tst_lifecycle_application.moc"
