// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>
#include <QtNetwork/QTcpSocket>

#include <sys/socket.h>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolLimits : public QObject
{
    Q_OBJECT

private slots:
    void silentClientsDelayNobody_data();
    void silentClientsDelayNobody();
    void refusedClientsDelayNobody();
    void silentClientsExpire();
    void silentClientLeaves();
    void clientLeavesBeforeItsTurn();
    void clientIsGoneBeforeItIsAccepted_data();
    void clientIsGoneBeforeItIsAccepted();
    void halfHandshakesAreLimited();
    void halfHandshakesGiveWay();
    void fullPoolRefuses();
    void fullPoolReplacesTheOldest();
    void fullPoolServesWaitersFirst();
    void takenOnesMakeRoom();
    void loweringEvictsTheOldest();
    void burstOfClients();
};

void tst_ServerPoolLimits::silentClientsDelayNobody_data()
{
    QTest::addColumn<int>("silent");
    QTest::newRow("30") << 30;
    QTest::newRow("300, more than may wait") << 300;
}

void tst_ServerPoolLimits::silentClientsDelayNobody()
{
    QFETCH(int, silent);
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const std::vector<RawClient> sleepers = connectMany(pool.serverPort(), silent);
    QCOMPARE(sleepers.size(), static_cast<size_t>(silent));

    QElapsedTimer clock;
    clock.start();
    for (int i = 0; i < 5; ++i) {
        RawClient client(pool.serverPort());
        QVERIFY(client.encrypt());
        const TakeResult taken = await(pool.take(client.readHexId()));
        VERIFY_TAKEN(taken);
    }
    // None of them had to wait until a silent one's handshake timed out.
    QVERIFY2(clock.elapsed() < 4'500, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(pool.timeouts().handshake == 5s);
    // Four silent ones for each handshake, and those that have just come.
    QVERIFY(pool.status().handshaking <= 4 * pool.maximumHandshakes() + 5);
}

void tst_ServerPoolLimits::refusedClientsDelayNobody()
{
    ServerPool pool;
    QVERIFY(pool.setAllowedClients({u"127.0.0.2"_s}));
    QVERIFY(pool.listen(QHostAddress::AnyIPv4));
    const std::vector<RawClient> unknowns = connectMany(pool.serverPort(), 200);
    RawClient client(pool.serverPort(), QHostAddress::LocalHost, QHostAddress(u"127.0.0.2"_s));
    QVERIFY(client.readHexId().isValid());
    QTRY_COMPARE(pool.status().refused, static_cast<qint64>(unknowns.size()));
    QTRY_COMPARE(pool.active(), 1);
}

void tst_ServerPoolLimits::silentClientsExpire()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    Timeouts timeouts;
    timeouts.handshake = 300ms;
    pool.setTimeouts(timeouts);
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> sleepers = connectMany(pool.serverPort(), 10);
    for (RawClient &sleeper : sleepers)
        QVERIFY(sleeper.waitForClosed(3s));
    QTRY_COMPARE(pool.status().failedIn(Phase::Handshake), 10);
    QCOMPARE(pool.status().handshaking, 0);
    QTRY_COMPARE(failed.size(), 10);
    const auto error = failed.at(0).at(0).value<PoolError>();
    QCOMPARE(error.phase(), Phase::Handshake);
    QCOMPARE(error.kind(), ErrorKind::Timeout);
    // They differ in who it was, not in what happened.
    QSet<QString> messages;
    QSet<QString> peers;
    for (const QList<QVariant> &signal : std::as_const(failed)) {
        messages.insert(signal.at(0).value<PoolError>().message());
        peers.insert(signal.at(0).value<PoolError>().peer());
    }
    QCOMPARE(messages.size(), 1);
    QVERIFY2(messages.constBegin()->contains(u"the client 127.0.0.1 failed"_s), qPrintable(error.message()));
    QCOMPARE(peers.size(), 10);
    QVERIFY2(error.peer().startsWith(u"127.0.0.1:"_s), qPrintable(error.peer()));
}

void tst_ServerPoolLimits::silentClientLeaves()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> client = connectMany(pool.serverPort(), 1);
    QTRY_COMPARE(pool.status().handshaking, 1);
    const quint16 port = client.front().socket()->localPort();
    client.clear();
    QTRY_COMPARE(failed.count(), 1);
    const auto error = failed.at(0).at(0).value<PoolError>();
    QCOMPARE(error.phase(), Phase::Handshake);
    QCOMPARE(error.kind(), ErrorKind::PeerClosed);
    QCOMPARE(error.peer(), u"127.0.0.1:%1"_s.arg(port));
    QCOMPARE(pool.status().handshaking, 0);
}

// No handshake is begun with somebody who has given up meanwhile.
void tst_ServerPoolLimits::clientLeavesBeforeItsTurn()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("Without POLLRDHUP, who spoke and then left is noticed in the handshake.");
#endif
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.setMaximumHandshakes(1);
    Timeouts timeouts;
    timeouts.handshake = 60s;
    pool.setTimeouts(timeouts);
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> stuck = connectMany(pool.serverPort(), 1);
    stuck.front().write(QByteArray::fromHex("160301020001000100"));
    QTRY_COMPARE(pool.status().handshaking, 1);

    std::vector<RawClient> leaving = connectMany(pool.serverPort(), 1);
    leaving.front().write("this is not TLS, but that is not even looked at");
    leaving.clear();
    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(failed.at(0).at(0).value<PoolError>().kind(), ErrorKind::PeerClosed);
}

void tst_ServerPoolLimits::clientIsGoneBeforeItIsAccepted_data()
{
    QTest::addColumn<bool>("isAllowed");
    QTest::newRow("all may come") << true;
    QTest::newRow("others may come") << false; // then it can make itself felt no more than if it had stayed
}

void tst_ServerPoolLimits::clientIsGoneBeforeItIsAccepted()
{
    QFETCH(bool, isAllowed);
    ServerPool pool;
    pool.setUsesCallerThread(true); // nothing is accepted while this thread is busy
    if (!isAllowed)
        QVERIFY(pool.setAllowedClients({u"192.0.2.0/24"_s}));
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, pool.serverPort());
    QVERIFY(client.waitForConnected(5'000));
    const linger now{1, 0};
    setsockopt(static_cast<int>(client.socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client.abort();
    if (!isAllowed) {
        QTRY_COMPARE(pool.status().refused, 1);
        QCOMPARE(failed.count(), 0);
        return;
    }
    QTRY_COMPARE(failed.count(), 1);
    const auto error = failed.at(0).at(0).value<PoolError>();
    QCOMPARE(error.phase(), Phase::Accept);
    QCOMPARE(error.kind(), ErrorKind::PeerClosed);
    QCOMPARE(pool.status().established, 0);
}

// Clients that begin a handshake and stop: the start of a TLS record, and no more.
void tst_ServerPoolLimits::halfHandshakesAreLimited()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.setMaximumHandshakes(4);
    Timeouts timeouts;
    timeouts.handshake = 500ms;
    pool.setTimeouts(timeouts);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QElapsedTimer clock;
    clock.start();
    std::vector<RawClient> stuck = connectMany(pool.serverPort(), 12);
    for (RawClient &client : stuck)
        client.write(QByteArray::fromHex("160301020001000100"));

    // An honest one gets through when the stuck ones' time is up, and not before: they have all the places.
    TakeResult taken = PoolError(Phase::Wait, ErrorKind::Empty, u"nobody got through"_s);
    while (!taken && clock.elapsed() < 5'000) {
        RawClient client(pool.serverPort());
        // With TLS 1.3 the client is done before the server is, which may still turn it away.
        const ConnectionId id = client.encrypt() ? client.readHexId() : ConnectionId();
        if (id.isValid())
            taken = await(pool.take(id));
    }
    VERIFY_TAKEN(taken);
    QVERIFY2(clock.elapsed() >= 450, qPrintable(QString::number(clock.elapsed())));
    for (RawClient &client : stuck)
        QVERIFY(client.waitForClosed(3s));
    QTRY_COMPARE(pool.status().handshaking, 0);
}

// Long before their deadline.
void tst_ServerPoolLimits::halfHandshakesGiveWay()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.setMaximumHandshakes(4);
    Timeouts timeouts;
    timeouts.handshake = 60s;
    pool.setTimeouts(timeouts);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> stuck = connectMany(pool.serverPort(), 4);
    for (RawClient &client : stuck)
        client.write(QByteArray::fromHex("160301020001000100"));
    QTRY_COMPARE(pool.status().handshaking, 4);

    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    QVERIFY(client.readHexId().isValid());
    QTRY_VERIFY(pool.status().overflowed >= 1);
}

void tst_ServerPoolLimits::fullPoolRefuses()
{
    ServerPool pool;
    pool.setMaximumCapacity(3);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QCOMPARE(pool.capacity(), 3);
    std::vector<RawClient> first = connectMany(pool.serverPort(), 3);
    QTRY_COMPARE(pool.active(), 3);
    std::vector<RawClient> more = connectMany(pool.serverPort(), 4);
    for (RawClient &client : more)
        QVERIFY(client.waitForClosed());
    QTRY_COMPARE(pool.status().overflowed, 4);
    QCOMPARE(pool.active(), 3);
    QCOMPARE(pool.status().evictedTotal(), 0);
    for (RawClient &client : first)
        VERIFY_TAKEN(await(pool.take(client.readHexId())));
    VERIFY_COUNTERS(pool);
}

void tst_ServerPoolLimits::fullPoolReplacesTheOldest()
{
    ServerPool pool;
    pool.setMaximumCapacity(3);
    pool.setOverflow(Overflow::ReplaceOldest);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QList<ConnectionId> ids;
    std::vector<RawClient> clients;
    for (int i = 0; i < 5; ++i) {
        clients.emplace_back(pool.serverPort());
        ids.append(clients.back().readHexId());
        QVERIFY(ids.constLast().isValid());
        QTRY_COMPARE(pool.status().parkedTotal, i + 1);
    }
    QTRY_COMPARE(evicted.size(), 2);
    for (int i = 0; i < 2; ++i) {
        QCOMPARE(evicted.at(i).at(0).value<ConnectionId>(), ids.at(i));
        QCOMPARE(evicted.at(i).at(1).value<EvictionCause>(), EvictionCause::Replaced);
        QVERIFY(clients[static_cast<size_t>(i)].waitForClosed());
    }
    QCOMPARE(pool.active(), 3);
    QCOMPARE(pool.status().overflowed, 0);
    VERIFY_COUNTERS(pool);
}

void tst_ServerPoolLimits::fullPoolServesWaitersFirst()
{
    ServerPool pool;
    pool.setMaximumCapacity(1);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const QFuture<TakeResult> first = pool.take();
    const QFuture<TakeResult> second = pool.take();
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 3);
    VERIFY_TAKEN(await(first));
    VERIFY_TAKEN(await(second));
    QTRY_COMPARE(pool.active(), 1);
    QCOMPARE(pool.status().overflowed, 0);
}

void tst_ServerPoolLimits::takenOnesMakeRoom()
{
    ServerPool pool;
    pool.setMaximumCapacity(1);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QList<Connection> held;
    std::vector<RawClient> clients;
    for (int i = 0; i < 5; ++i) {
        clients.emplace_back(pool.serverPort());
        const TakeResult taken = await(pool.take(clients.back().readHexId()));
        VERIFY_TAKEN(taken);
        held.append(taken.connection());
    }
    QCOMPARE(pool.status().leased, 5);
    QCOMPARE(pool.status().overflowed, 0);
}

void tst_ServerPoolLimits::loweringEvictsTheOldest()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    QList<ConnectionId> ids;
    std::vector<RawClient> clients;
    for (int i = 0; i < 6; ++i) {
        clients.emplace_back(pool.serverPort());
        ids.append(clients.back().readHexId());
        QTRY_COMPARE(pool.active(), i + 1);
    }
    pool.setMaximumCapacity(2);
    QTRY_COMPARE(pool.active(), 2);
    QTRY_COMPARE(evicted.size(), 4);
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(evicted.at(i).at(0).value<ConnectionId>(), ids.at(i));
        QCOMPARE(evicted.at(i).at(1).value<EvictionCause>(), EvictionCause::Surplus);
    }
    VERIFY_TAKEN(await(pool.take(ids.at(4))));
    VERIFY_TAKEN(await(pool.take(ids.at(5))));
    QCOMPARE(pool.capacity(), 2);
}

// More at once than Qt's default backlog of 50 holds.
void tst_ServerPoolLimits::burstOfClients()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<std::unique_ptr<QTcpSocket>> clients;
    for (int i = 0; i < 400; ++i) {
        clients.push_back(std::make_unique<QTcpSocket>());
        clients.back()->setProxy(QNetworkProxy::NoProxy);
        clients.back()->connectToHost(QHostAddress(QHostAddress::LocalHost), pool.serverPort());
    }
    QTRY_COMPARE(pool.active(), 400);
    QCOMPARE(pool.status().failedTotal(), 0);
    pool.flush();
    for (const auto &client : clients)
        QTRY_COMPARE(client->state(), QAbstractSocket::UnconnectedState);
}

QTEST_GUILESS_MAIN(tst_ServerPoolLimits)
#include "tst_serverpool_limits.moc"
