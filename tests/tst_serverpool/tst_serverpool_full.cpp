// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A full pool turns clients away before they are told an id: they could not know that it is worth nothing.

#include "support/messagerecorder.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolFull : public QObject
{
    Q_OBJECT

private slots:
    void tellsNoIdInVain_data();
    void tellsNoIdInVain();
    void clientPoolThatWantsMore_data();
    void clientPoolThatWantsMore();
    void newcomersServeWaitersAtOnce();
    void handshakesUnderWayDoNotCountAsRoom();
};

void tst_ServerPoolFull::tellsNoIdInVain_data()
{
    addPlainAndTls();
}

void tst_ServerPoolFull::tellsNoIdInVain()
{
    QFETCH(bool, encrypted);
    ServerPool pool;
    pool.setMaximumCapacity(10);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<std::unique_ptr<QSslSocket>> clients;
    int handshakes = 0;
    for (int i = 0; i < 60; ++i) {
        clients.push_back(std::make_unique<QSslSocket>());
        connect(clients.back().get(), &QSslSocket::encrypted, this, [&] { ++handshakes; });
        QSslSocket *client = clients.back().get();
        client->setProxy(QNetworkProxy::NoProxy);
        client->setPeerVerifyMode(QSslSocket::VerifyNone);
        if (encrypted)
            client->connectToHostEncrypted(u"127.0.0.1"_s, pool.serverPort());
        else
            client->connectToHost(QHostAddress(QHostAddress::LocalHost), pool.serverPort());
    }
    QTRY_COMPARE_WITH_TIMEOUT(pool.status().overflowed, 50, 10'000);
    QTRY_COMPARE(pool.active(), 10);
    int told = 0;
    for (const auto &client : clients) {
        QTRY_VERIFY(client->bytesAvailable() > 0 || client->state() == QAbstractSocket::UnconnectedState);
        const bool isTold = client->bytesAvailable() > 0;
        told += isTold ? 1 : 0;
        QCOMPARE(client->state() == QAbstractSocket::ConnectedState, isTold);
    }
    QCOMPARE(told, 10);
    // Most are turned away before their handshake.
    QVERIFY2(handshakes <= 30, qPrintable(u"%1 handshakes"_s.arg(handshakes)));
    QCOMPARE(pool.status().dropped, 0);
    VERIFY_COUNTERS(pool);
}

void tst_ServerPoolFull::clientPoolThatWantsMore_data()
{
    addPlainAndTls();
}

void tst_ServerPoolFull::clientPoolThatWantsMore()
{
    QFETCH(bool, encrypted);
    const MessageRecorder quiet;
    ServerPool server;
    server.setMaximumCapacity(8);
    server.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool client(u"127.0.0.1"_s, server.serverPort());
    client.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    client.setMinimumCapacity(64);
    client.setMaximumCapacity(64);
    client.start();
    QTRY_VERIFY(server.status().overflowed >= 8);
    // Whoever takes at one end finds the other.
    for (int i = 0; i < 20; ++i) {
        const TakeResult near = await(client.take());
        VERIFY_TAKEN(near);
        const TakeResult far = await(server.take(near.connection().id(), 2s));
        VERIFY_TAKEN(far);
    }
    QCOMPARE(server.status().dropped, 0);
    QCOMPARE(client.status().evictedTotal(), 0);
    VERIFY_COUNTERS(server);
    VERIFY_COUNTERS(client);
}

void tst_ServerPoolFull::newcomersServeWaitersAtOnce()
{
    ServerPool pool;
    pool.setMaximumCapacity(1);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QList<QFuture<TakeResult>> takes;
    for (int i = 0; i < 5; ++i)
        takes.append(pool.take());
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 6);
    for (RawClient &client : clients)
        QVERIFY(client.encrypt());
    for (const QFuture<TakeResult> &take : std::as_const(takes))
        VERIFY_TAKEN(await(take));
    QTRY_COMPARE(pool.active(), 1);
    QCOMPARE(pool.status().overflowed, 0);
}

// An unknown client who only begins a handshake takes nobody's place, though there is but one.
void tst_ServerPoolFull::handshakesUnderWayDoNotCountAsRoom()
{
    ServerPool pool;
    pool.setMaximumCapacity(1);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> stuck = connectMany(pool.serverPort(), 5);
    for (RawClient &client : stuck)
        client.write(QByteArray::fromHex("160301020001000100"));
    QTRY_COMPARE(pool.status().handshaking, 5);
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    QVERIFY(client.readHexId().isValid());
    QTRY_COMPARE(pool.active(), 1);
}

QTEST_GUILESS_MAIN(tst_ServerPoolFull)
#include "tst_serverpool_full.moc"
