// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <latch>
#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_GiveBack : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase_data();
    void init();
    void keepsItsId_data();
    void keepsItsId();
    void handlesBecomeEmpty();
    void signalsAreDisconnected();
    void servesAWaiter();
    void servedWaiterKeepsNothing();
    void unreadBytesStay();
    void unreadBytesEvict();
    void unsentBytesArrive();
    void closedOneIsNotParked_data();
    void closedOneIsNotParked();
    void flushedMeanwhile();
    void afterClose();
    void emptyHandle();
    void foreignConnection();
    void twice();
    void fromAnotherThread();
    void parkedAgainDiesLikeTheOthers();
    void overAndOver();
    void noMoreThanTheLimit();

private:
    /// Takes the only parked connection.
    Connection take();

    std::unique_ptr<ServerPool> m_pool;
    std::unique_ptr<RawClient> m_client;
    ConnectionId m_id;
};

void tst_GiveBack::initTestCase_data()
{
    addPlainAndTls();
}

void tst_GiveBack::init()
{
    m_client.reset();
    QFETCH_GLOBAL(bool, encrypted);
    m_pool = std::make_unique<ServerPool>();
    m_pool->setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(m_pool->listen(QHostAddress::LocalHost));
    m_client = std::make_unique<RawClient>(m_pool->serverPort());
    QVERIFY(!encrypted || m_client->encrypt());
    m_id = m_client->readHexId();
    QTRY_COMPARE(m_pool->active(), 1);
}

Connection tst_GiveBack::take()
{
    const TakeResult taken = m_pool->tryTake();
    if (!taken)
        qWarning("%s", qPrintable(taken.error().message()));
    return taken.connection();
}

void tst_GiveBack::keepsItsId_data()
{
    QTest::addColumn<bool>("used");
    QTest::newRow("used here") << true;
    QTest::newRow("never looked at") << false;
}

void tst_GiveBack::keepsItsId()
{
    QFETCH(bool, used);
    const Connection connection = take();
    QVERIFY(connection);
    if (used) {
        m_client->write("question");
        QCOMPARE(readExactly(connection.socket(), 8), "question"_ba);
    }
    m_pool->giveBack(connection);
    QTRY_COMPARE(m_pool->active(), 1);
    const PoolStatus status = m_pool->status();
    QCOMPARE(status.givenBack, 1);
    QCOMPARE(status.parkedTotal, 2);
    QCOMPARE(status.established, 1);
    QCOMPARE(status.leased, 0);

    const TakeResult again = await(m_pool->take(m_id));
    VERIFY_TAKEN(again);
    QCOMPARE(again.connection().id(), m_id);
    again.connection().socket()->write("answer");
    QCOMPARE(m_client->read(6), "answer"_ba);
    VERIFY_COUNTERS(*m_pool);
}

void tst_GiveBack::handlesBecomeEmpty()
{
    const Connection connection = take();
    const Connection copy = connection;
    QVERIFY(copy.socket());
    m_pool->giveBack(connection);
    QTRY_VERIFY(!connection.isValid());
    QVERIFY(!copy.isValid());
    QVERIFY(!copy.socket());
    QTRY_COMPARE(m_pool->active(), 1);
}

void tst_GiveBack::signalsAreDisconnected()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("Without POLLRDHUP, who spoke and then closed is found out when it is taken.");
#endif
    const Connection connection = take();
    QObject context;
    int heard = 0;
    connect(connection.socket(), &QSslSocket::readyRead, &context, [&] { ++heard; });
    connect(connection.socket(), &QSslSocket::disconnected, &context, [&] { ++heard; });
    m_pool->giveBack(connection);
    QTRY_COMPARE(m_pool->active(), 1);
    QSignalSpy readable(m_pool.get(), &Pool::connectionReadable);
    m_client->write("anyone there?");
    QTRY_COMPARE(readable.size(), 1);
    m_client->close();
    QTRY_COMPARE(m_pool->active(), 0);
    QCOMPARE(heard, 0);
}

void tst_GiveBack::servesAWaiter()
{
    const Connection connection = take();
    QVERIFY(connection.socket());
    const QFuture<TakeResult> waiter = m_pool->take();
    QCOMPARE(m_pool->waiting(), 1);
    m_pool->giveBack(connection);
    const TakeResult taken = await(waiter);
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().id(), m_id);
    QCOMPARE(m_pool->status().servedAfterWait, 1);

    const QFuture<TakeResult> named = m_pool->take(m_id);
    QVERIFY(!named.isFinished());
    m_pool->giveBack(taken.connection());
    VERIFY_TAKEN(await(named));
    VERIFY_COUNTERS(*m_pool);
}

// Only the user's own handles keep a served take's connection open, whatever the I/O thread still has to do.
void tst_GiveBack::servedWaiterKeepsNothing()
{
    std::latch isBusy(1);
    std::latch mayGoOn(1);
    ClientPool other;
    const auto goOn = qScopeGuard([&] { mayGoOn.count_down(); });
    other.setDialer([&](QSslSocket &) {
        if (!isBusy.try_wait())
            isBusy.count_down();
        mayGoOn.wait();
    });
    const Connection first = take();
    QVERIFY(first.isValid());
    other.start();
    isBusy.wait();
    QFuture<TakeResult> future = m_pool->take();
    QVERIFY(!future.isFinished());
    m_pool->giveBack(first);
    QTRY_VERIFY(future.isFinished());
    VERIFY_TAKEN(future.result());
    QCOMPARE(m_pool->status().leased, 1);
    future = {};
    QTRY_COMPARE(m_pool->status().leased, 0);
}

// Bytes that nobody has read are there for the next one, in the socket's buffer or the system's.
void tst_GiveBack::unreadBytesStay()
{
    const Connection connection = take();
    m_client->write("0123456789");
    QTRY_COMPARE(connection.socket()->bytesAvailable(), 10);
    QCOMPARE(connection.socket()->read(4), "0123"_ba);
    m_pool->giveBack(connection);
    QTRY_COMPARE(m_pool->active(), 1);
    m_client->write("abc");
    const TakeResult again = await(m_pool->take());
    VERIFY_TAKEN(again);
    QCOMPARE(readExactly(again.connection().socket(), 9), "456789abc"_ba);
}

void tst_GiveBack::unreadBytesEvict()
{
    m_pool->setUnsolicited(Unsolicited::Evict);
    const Connection connection = take();
    m_client->write("the rest of an answer");
    QTRY_VERIFY(connection.socket()->bytesAvailable() > 0);
    m_pool->giveBack(connection);
    QVERIFY(m_client->waitForClosed());
    QCOMPARE(m_pool->active(), 0);
    QTRY_COMPARE(m_pool->status().leased, 0);
    VERIFY_COUNTERS(*m_pool);
}

// What was written before is sent, whatever the socket still had in its buffer.
void tst_GiveBack::unsentBytesArrive()
{
    const Connection connection = take();
    const QByteArray much(5'000'000, 'u');
    connection.socket()->write(much);
    m_pool->giveBack(connection);
    QByteArray got;
    QTRY_VERIFY_WITH_TIMEOUT((got += m_client->socket()->readAll()).size() >= much.size(), 10'000);
    QCOMPARE(got, much);
    QTRY_COMPARE(m_pool->active(), 1);
}

void tst_GiveBack::closedOneIsNotParked_data()
{
    QTest::addColumn<QString>("how");
    QTest::newRow("by the peer") << u"close"_s;
    QTest::newRow("reset by the peer") << u"reset"_s;
    QTest::newRow("by the user") << u"own"_s;
    QTest::newRow("by the peer, never looked at") << u"unseen"_s;
}

void tst_GiveBack::closedOneIsNotParked()
{
    QFETCH(QString, how);
    const Connection connection = take();
    if (how != "unseen"_L1)
        QVERIFY(connection.socket());
    if (how == "reset"_L1)
        m_client->reset();
    else if (how == "own"_L1)
        connection.socket()->disconnectFromHost();
    else
        m_client->close();
    QVERIFY(m_client->waitForClosed());
    m_pool->giveBack(connection);
    QTRY_VERIFY(!connection.isValid());
    QTRY_COMPARE(m_pool->status().leased, 0);
    QTRY_COMPARE(m_pool->active(), 0);
    QCOMPARE(m_pool->tryTake().error().kind(), ErrorKind::Empty);
    VERIFY_COUNTERS(*m_pool);
}

void tst_GiveBack::flushedMeanwhile()
{
    const Connection connection = take();
    QVERIFY(connection.socket());
    m_pool->flush();
    m_pool->giveBack(connection);
    QVERIFY(m_client->waitForClosed());
    QCOMPARE(m_pool->active(), 0);
    VERIFY_COUNTERS(*m_pool);
}

void tst_GiveBack::afterClose()
{
    const Connection connection = take();
    QVERIFY(connection.socket());
    m_pool->close();
    m_pool->giveBack(connection);
    QVERIFY(m_client->waitForClosed());
    QCOMPARE(m_pool->active(), 0);
    VERIFY_COUNTERS(*m_pool);
}

void tst_GiveBack::emptyHandle()
{
    m_pool->giveBack({});
    QVERIFY(!QTest::qWaitFor([&] { return m_pool->status().givenBack > 0; }, 50));
    QCOMPARE(m_pool->active(), 1);
}

// A connection of another pool must not end up in this one.
void tst_GiveBack::foreignConnection()
{
    ServerPool other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    RawClient client(other.serverPort());
    const ConnectionId id = client.readHexId();
    const TakeResult taken = await(other.take(id));
    VERIFY_TAKEN(taken);
    m_pool->giveBack(taken.connection());
    QVERIFY(!QTest::qWaitFor([&] { return m_pool->active() != 1; }, 100));
    QCOMPARE(await(m_pool->take(id, 50ms)).error().kind(), ErrorKind::Timeout);
    VERIFY_COUNTERS(*m_pool);
    VERIFY_COUNTERS(other);
}

void tst_GiveBack::twice()
{
    const Connection connection = take();
    QVERIFY(connection.socket());
    m_pool->giveBack(connection);
    m_pool->giveBack(connection);
    QTRY_COMPARE(m_pool->active(), 1);
    QVERIFY(!QTest::qWaitFor([&] { return m_pool->status().givenBack > 1; }, 50));
    VERIFY_TAKEN(m_pool->tryTake());
    QCOMPARE(m_pool->tryTake().error().kind(), ErrorKind::Empty);
}

void tst_GiveBack::fromAnotherThread()
{
    const Connection used = take();
    QVERIFY(used.socket());
    std::thread giver([&] { m_pool->giveBack(used); });
    giver.join();
    QTRY_COMPARE(m_pool->active(), 1);

    // A thread without an event loop takes, uses and gives back.
    bool good = false;
    std::thread user([&] {
        const TakeResult taken = m_pool->tryTake();
        if (!taken)
            return;
        taken.connection().socket()->write("hello");
        good = taken.connection().socket()->waitForBytesWritten(5'000);
        m_pool->giveBack(taken.connection());
    });
    user.join();
    QVERIFY(good);
    QCOMPARE(m_client->read(5), "hello"_ba);
    QTRY_COMPARE(m_pool->active(), 1);
    const TakeResult again = await(m_pool->take(m_id));
    VERIFY_TAKEN(again);
    m_client->write("still good");
    QCOMPARE(readExactly(again.connection().socket(), 10), "still good"_ba);
}

void tst_GiveBack::parkedAgainDiesLikeTheOthers()
{
    const Connection connection = take();
    QVERIFY(connection.socket());
    m_pool->giveBack(connection);
    QTRY_COMPARE(m_pool->active(), 1);
    QSignalSpy evicted(m_pool.get(), &Pool::connectionEvicted);
    m_client->close();
    QTRY_COMPARE(evicted.size(), 1);
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), m_id);
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::PeerClosed);
    QCOMPARE(m_pool->active(), 0);
}

void tst_GiveBack::overAndOver()
{
    for (int i = 0; i < 200; ++i) {
        const TakeResult taken = await(m_pool->take());
        VERIFY_TAKEN(taken);
        QCOMPARE(taken.connection().id(), m_id);
        const QByteArray words = QByteArray::number(i) + ";";
        m_client->write(words);
        QCOMPARE(readExactly(taken.connection().socket(), words.size()), words);
        m_pool->giveBack(taken.connection());
    }
    QTRY_COMPARE(m_pool->active(), 1);
    QCOMPARE(m_pool->status().givenBack, 200);
    QCOMPARE(m_pool->status().established, 1);
    VERIFY_COUNTERS(*m_pool);
}

// Given back at once, each finds room for itself, but together they are too many: that shows only when they are parked.
void tst_GiveBack::noMoreThanTheLimit()
{
    QFETCH_GLOBAL(bool, encrypted);
    if (encrypted)
        return; // nothing in it depends on TLS
    constexpr int givers = 8;
    std::vector<std::vector<RawClient>> clients;
    for (int round = 0; round < 30; ++round) {
        m_pool->setMaximumCapacity(givers + 1);
        clients.push_back(connectMany(m_pool->serverPort(), givers));
        QTRY_COMPARE(m_pool->active(), givers + 1);
        std::vector<Connection> taken;
        for (int i = 0; i <= givers; ++i)
            taken.push_back(take());
        m_pool->setMaximumCapacity(1);
        std::latch ready(givers + 1);
        std::vector<std::jthread> threads;
        for (Connection &connection : taken)
            threads.emplace_back([&] {
                ready.arrive_and_wait();
                m_pool->giveBack(std::exchange(connection, {}));
            });
        threads.clear();
        QCOMPARE(m_pool->active(), 1);
        QCOMPARE(m_pool->status().leased, 0);
        VERIFY_COUNTERS(*m_pool);
    }
}

QTEST_GUILESS_MAIN(tst_GiveBack)
#include "tst_giveback.moc"
