// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The last handle may go in any thread: the connection ends, and what was written before arrives.

#include "support/loopthread.h"
#include "support/rawclient.h"
#include "support/resources.h"
#include "support/warmpool.h"

#include <functional>
#include <latch>
#include <thread>
#include <utility>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_TakeHandles : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void letGoElsewhere();
    void letGoElsewhereWithoutALoop();
    void wordsOfAThreadWithoutALoop();
    void outlivesItsThread_data();
    void outlivesItsThread();
    void threadEndsWithItsQThread();
    void givenBackElsewhereWithoutALoop();
    void letGoWhenItsLoopHasEnded();
    void givenBackWhenItsLoopHasEnded();
    void threadEndsBeforeAllIsSent_data();
    void threadEndsBeforeAllIsSent();
    void socketDeletedByItsUser_data();
    void socketDeletedByItsUser();
    void givenAParent();

private:
    [[nodiscard]] ConnectionId useInAThreadThatQuits(const std::function<void(Connection &)> &letGo);

    std::unique_ptr<WarmPool> m_warm;
};

void tst_TakeHandles::init()
{
    m_warm = std::make_unique<WarmPool>();
    QVERIFY(m_warm->isWarm());
}

void tst_TakeHandles::cleanup()
{
    m_warm->pool.close();
    VERIFY_COUNTERS(m_warm->pool);
    m_warm.reset();
}

void tst_TakeHandles::letGoElsewhere()
{
    LoopThread worker;
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    const ConnectionId id = connection.id();
    worker.run([&] { connection.socket()->write("last words"); });
    // The last handle goes here, the socket lives there.
    connection = Connection();
    QTRY_COMPARE(m_warm->peer.received(id), "last words"_ba);
    QTRY_VERIFY(!m_warm->peer.openIds().contains(id));
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
}

// The socket lives in a thread that hears nothing, and its last handle goes here.
void tst_TakeHandles::letGoElsewhereWithoutALoop()
{
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    const ConnectionId id = connection.id();
    std::latch used(1);
    std::latch seen(1);
    std::thread holder([&] {
        if (blockingEcho(connection.socket(), "mine") != "mine")
            qWarning("no answer");
        used.count_down();
        seen.wait();
    });
    used.wait();
    connection = Connection();
    const bool isClosed = QTest::qWaitFor([&] { return !m_warm->peer.openIds().contains(id); });
    seen.count_down();
    holder.join();
    QVERIFY(isClosed); // while its thread lived
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
}

void tst_TakeHandles::wordsOfAThreadWithoutALoop()
{
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    const ConnectionId id = connection.id();
    std::latch used(1);
    std::latch dropped(1);
    std::thread holder([&] {
        connection.socket()->write("last words");
        used.count_down();
        dropped.wait();
    });
    used.wait();
    connection = Connection();
    dropped.count_down();
    holder.join();
    QTRY_COMPARE(m_warm->peer.received(id), "last words"_ba);
    QTRY_VERIFY(!m_warm->peer.openIds().contains(id));
}

void tst_TakeHandles::outlivesItsThread_data()
{
    QTest::addColumn<bool>("isQThread");
    QTest::newRow("std::thread") << false;
    QTest::newRow("QThread") << true;
}

void tst_TakeHandles::outlivesItsThread()
{
    QFETCH(bool, isQThread);
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    const ConnectionId id = connection.id();
    if (isQThread) {
        LoopThread worker;
        worker.run([&] { (void)connection.socket(); });
    } else {
        std::thread([&] { (void)connection.socket(); }).join();
    }
    QVERIFY(m_warm->peer.openIds().contains(id));
    connection = Connection();
    QTRY_VERIFY(!m_warm->peer.openIds().contains(id));
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
}

// Whoever waited for a QThread may destroy it, and the system's thread still ends a moment later. What was let go
// elsewhere must be closed by then.
void tst_TakeHandles::threadEndsWithItsQThread()
{
    struct Last
    {
        ~Last() { isDestroyed->wait(); }
        std::shared_ptr<std::latch> isDestroyed; // outlives the test, like the system's thread
    };
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    const ConnectionId id = connection.id();
    std::latch used(1);
    std::latch dropped(1);
    const auto isDestroyed = std::make_shared<std::latch>(1);
    std::unique_ptr<QThread> thread(QThread::create([&, isDestroyed] {
        (void)connection.socket();
        // Made later, this one goes before all else that is the system thread's.
        thread_local const Last last{isDestroyed};
        used.count_down();
        dropped.wait();
    }));
    thread->start();
    used.wait();
    connection = Connection();
    dropped.count_down();
    // Up to Qt 6.7 a QThread may be over, and destroyed, before the system's thread is; later ones wait for it.
    if (!thread->wait(1'000)) {
        isDestroyed->count_down();
        thread->wait();
    }
    thread.reset();
    if (!isDestroyed->try_wait())
        isDestroyed->count_down();
    QTRY_VERIFY(!m_warm->peer.openIds().contains(id));
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
}

// It cannot be parked again: only its own thread could let it go.
void tst_TakeHandles::givenBackElsewhereWithoutALoop()
{
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    const ConnectionId id = connection.id();
    std::latch used(1);
    std::latch seen(1);
    std::thread holder([&] {
        (void)connection.socket();
        used.count_down();
        seen.wait();
    });
    used.wait();
    m_warm->pool.giveBack(connection);
    const bool isClosed = QTest::qWaitFor([&] { return !m_warm->peer.openIds().contains(id); });
    seen.count_down();
    holder.join();
    QVERIFY(isClosed);
    QVERIFY(!connection);
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
    QCOMPARE(m_warm->pool.status().givenBack, 0);
}

// The socket lives in a thread with an event loop, but that has been quit when the last handle goes here: what is told
// to the loop now is never heard.
ConnectionId tst_TakeHandles::useInAThreadThatQuits(const std::function<void(Connection &)> &letGo)
{
    Connection connection = m_warm->pool.tryTake().connection();
    const ConnectionId id = connection.id();
    std::latch quit(1);
    std::latch dropped(1);
    LoopThread worker;
    QMetaObject::invokeMethod(
        worker.context(),
        [&] {
            if (blockingEcho(connection.socket(), "mine") != "mine")
                qWarning("no answer");
            QThread::currentThread()->quit();
            quit.count_down();
            dropped.wait();
        },
        Qt::QueuedConnection);
    quit.wait();
    letGo(connection);
    dropped.count_down();
    return id;
}

void tst_TakeHandles::letGoWhenItsLoopHasEnded()
{
    const ConnectionId id = useInAThreadThatQuits([](Connection &connection) { connection = Connection(); });
    QVERIFY(id.isValid());
    QTRY_VERIFY(!m_warm->peer.openIds().contains(id));
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
}

void tst_TakeHandles::givenBackWhenItsLoopHasEnded()
{
    m_warm->pool.pause(); // or its place may be taken when it comes back
    const ConnectionId id =
        useInAThreadThatQuits([this](Connection &connection) { m_warm->pool.giveBack(connection); });
    QVERIFY(id.isValid());
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
    QCOMPARE(m_warm->pool.status().givenBack, 1);
    const TakeResult again = await(m_warm->pool.take(id));
    VERIFY_TAKEN(again);
    QCOMPARE(echo(again.connection().socket(), "again"), "again"_ba);
}

void tst_TakeHandles::threadEndsBeforeAllIsSent_data()
{
    QTest::addColumn<bool>("isGivenBack");
    QTest::newRow("let go") << false;
    QTest::newRow("given back") << true;
}

// The peer does not read, so what was written waits in the socket, which waits in a thread that ends.
void tst_TakeHandles::threadEndsBeforeAllIsSent()
{
    QFETCH(bool, isGivenBack);
    if (openDescriptors() < 0)
        QSKIP("cannot count descriptors here");
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const RawClient client(pool.serverPort());
    client.socket()->setReadBufferSize(1);
    QTRY_COMPARE(pool.active(), 1);
    const int before = openDescriptors();
    {
        LoopThread worker;
        Connection connection = pool.tryTake().connection();
        QVERIFY(connection);
        worker.run([&] {
            connection.socket()->write(QByteArray(32'000'000, 'x'));
            if (isGivenBack)
                pool.giveBack(std::move(connection));
            connection = Connection();
        });
        worker.run([] {}); // its loop turns once
    }
    QTRY_COMPARE(pool.status().leased, 0);
    QTRY_COMPARE(openDescriptors(), before - 1);
    VERIFY_COUNTERS(pool);
}

void tst_TakeHandles::socketDeletedByItsUser_data()
{
    using LetGo = std::function<void(Pool &, Connection &)>;
    QTest::addColumn<bool>("byParent");
    QTest::addColumn<LetGo>("letGo");
    for (const bool byParent : {false, true}) {
        const auto row = [byParent](const char *how, const LetGo &letGo) {
            QTest::addRow("%s, then %s", byParent ? "parent" : "deleteLater()", how) << byParent << letGo;
        };
        row("dropped", [](Pool &, Connection &connection) { connection = Connection(); });
        row("closed", [](Pool &, Connection &connection) { connection.close(); });
        row("given back", [](Pool &pool, Connection &connection) { pool.giveBack(std::move(connection)); });
        row("released", [](Pool &, Connection &connection) { QVERIFY(!connection.takeSocket()); });
        row("relayed", [](Pool &, Connection &connection) { const Relay relay(connection, Connection()); });
        row("dropped elsewhere", [](Pool &, Connection &connection) {
            std::thread([mine = std::exchange(connection, {})]() mutable { mine = Connection(); }).join();
        });
    }
}

// The socket stays the handle's. A user who deletes it all the same loses the connection and no more.
void tst_TakeHandles::socketDeletedByItsUser()
{
    QFETCH(bool, byParent);
    using LetGo = std::function<void(Pool &, Connection &)>;
    QFETCH(LetGo, letGo);
    Connection connection = m_warm->pool.tryTake().connection();
    QVERIFY(connection);
    const ConnectionId id = connection.id();
    if (byParent) {
        QObject parent;
        connection.socket()->setParent(&parent);
    } else {
        connection.socket()->deleteLater();
    }
    QTRY_VERIFY(!connection.isValid());
    QCOMPARE(connection.socket(), nullptr);
    QCOMPARE(m_warm->pool.status().leased, 1);
    letGo(m_warm->pool, connection);
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
    QTRY_VERIFY(!m_warm->peer.openIds().contains(id));
}

void tst_TakeHandles::givenAParent()
{
    m_warm->pool.pause();
    QObject parent;
    Connection closed = m_warm->pool.tryTake().connection();
    Connection givenBack = m_warm->pool.tryTake().connection();
    closed.socket()->setParent(&parent);
    givenBack.socket()->setParent(&parent);
    const ConnectionId id = givenBack.id();
    m_warm->pool.giveBack(std::move(givenBack));
    closed = Connection();
    QTRY_COMPARE(m_warm->pool.status().leased, 0);
    QVERIFY(parent.children().isEmpty());
    VERIFY_TAKEN(await(m_warm->pool.take(id)));
}

QTEST_GUILESS_MAIN(tst_TakeHandles)
#include "tst_take_handles.moc"
