// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Making and using a client pool, as docs/go-package.md has it.

#include "fixtures.h"
#include "walk.h"

#include <atomic>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

class tst_GoPackageClientPool : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest() { VERIFY_ROWS("Client pool"); }

    void newClientPool();
    void minimumCapacity();
    void maximumCapacity();
    void intervals();
    void tlsModeNone();
    void tlsModeSelfSigned();
    void tlsModeVerified();
    void hostName();
    void dialer();
    void clientManager();
    void clientGet();
    void connectionId();
    void netConn();
};

void tst_GoPackageClientPool::newClientPool()
{
    const ClientPool pool(u"example.com"_s, 8080);
    QCOMPARE(pool.host(), u"example.com"_s);
    QCOMPARE(pool.port(), quint16(8080));
    QCOMPARE(pool.state(), PoolState::Stopped);
}

void tst_GoPackageClientPool::minimumCapacity()
{
    ClientPool pool;
    QCOMPARE(pool.minimumCapacity(), 8);
    pool.setMinimumCapacity(0);
    QCOMPARE(pool.effectiveBounds().minimumCapacity, 1);
}

void tst_GoPackageClientPool::maximumCapacity()
{
    ClientPool pool;
    QCOMPARE(pool.maximumCapacity(), 64);
    pool.setMinimumCapacity(20);
    pool.setMaximumCapacity(5);
    QCOMPARE(pool.effectiveBounds().minimumCapacity, 5);
    QCOMPARE(pool.effectiveBounds().maximumCapacity, 20);
}

void tst_GoPackageClientPool::intervals()
{
    ClientPool pool;
    QCOMPARE(pool.minimumInterval(), 500ms);
    QCOMPARE(pool.maximumInterval(), 5s);
    pool.setMinimumInterval(2s);
    pool.setMaximumInterval(1s);
    QCOMPARE(pool.effectiveBounds().minimumInterval, 1s);
    QCOMPARE(pool.effectiveBounds().maximumInterval, 2s);
}

void tst_GoPackageClientPool::tlsModeNone()
{
    QCOMPARE(int(TlsMode::None), 0);
    Ends ends;
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QVERIFY(!result.connection().socket()->isEncrypted());
}

void tst_GoPackageClientPool::tlsModeSelfSigned()
{
    QCOMPARE(int(TlsMode::SelfSigned), 1);
    Ends ends(tlsMode(TlsMode::SelfSigned), tlsMode(TlsMode::SelfSigned));
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QVERIFY(result.connection().socket()->isEncrypted());

    TlsOptions pinned = tlsMode(TlsMode::SelfSigned);
    pinned.pins = {certificateFingerprint(selfSigned().certificate())};
    ends.client.setTls(pinned);
    QTRY_COMPARE(ends.client.lastError().kind(), ErrorKind::Pin);
}

void tst_GoPackageClientPool::tlsModeVerified()
{
    QCOMPARE(int(TlsMode::Verified), 2);
    const Authority authority;
    Ends ends(showing(authority.issueForLocalHost()), verifying(authority.root(), {}));
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QVERIFY(result.connection().socket()->isEncrypted());

    ends.client.setTls(verifying(Authority().root(), {}));
    QTRY_COMPARE(ends.client.lastError().kind(), ErrorKind::Certificate);
}

void tst_GoPackageClientPool::hostName()
{
    const Authority authority;
    Ends ends(showing(authority.issue({.dnsNames = {u"tidepool.example"_s}, .addresses = {}})),
              verifying(authority.root(), u"tidepool.example"_s));
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);

    ends.client.setTls(verifying(authority.root(), {})); // 127.0.0.1, which the certificate does not name
    QTRY_COMPARE(ends.client.lastError().kind(), ErrorKind::Certificate);
}

void tst_GoPackageClientPool::dialer()
{
    const TestPeer peer;
    const quint16 port = peer.port();
    std::atomic<int> dials = 0;
    ClientPool pool;
    pool.setDialer([port, &dials](QSslSocket &socket) {
        ++dials;
        socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    });
    pool.start();
    const TakeResult result = await(pool.take());
    VERIFY_TAKEN(result);
    QVERIFY(dials > 0);
}

void tst_GoPackageClientPool::clientManager()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    QCOMPARE(pool.state(), PoolState::Stopped);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
}

void tst_GoPackageClientPool::clientGet()
{
    const TestPeer peer(PeerScript::sending("00c0ffee"));
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    const ConnectionId id(0x00c0ffee);
    const TakeResult result = await(pool.take(id));
    VERIFY_TAKEN(result);
    QCOMPARE(result.connection().id(), id);
}

void tst_GoPackageClientPool::connectionId()
{
    Ends ends;
    const TakeResult atClient = await(ends.client.take());
    VERIFY_TAKEN(atClient);
    const QString text = atClient.connection().id().toString();
    QCOMPARE(text.size(), 8);
    QCOMPARE(ConnectionId::fromString(text), atClient.connection().id());

    const TakeResult atServer = await(ends.server.take(atClient.connection().id()));
    VERIFY_TAKEN(atServer);
    atServer.connection().socket()->write("the same connection");
    QCOMPARE(readExactly(atClient.connection().socket(), 19), "the same connection"_ba);
}

void tst_GoPackageClientPool::netConn()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setMaximumCapacity(1);
    pool.start();
    TakeResult result = await(pool.take());
    VERIFY_TAKEN(result);
    const ConnectionId id = result.connection().id();
    QCOMPARE(result.connection().socket()->state(), QAbstractSocket::ConnectedState);
    QCOMPARE(echo(result.connection().socket(), "ping"), "ping"_ba);
    QVERIFY(peer.openIds().contains(id));
    result = {};
    QTRY_VERIFY(!peer.openIds().contains(id));
}

QTEST_GUILESS_MAIN(tst_GoPackageClientPool)
#include "tst_gopackage_client_pool.moc"
