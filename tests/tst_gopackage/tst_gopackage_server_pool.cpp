// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Making and using a server pool, as docs/go-package.md has it.

#include "support/poolhelpers.h"
#include "support/rawclient.h"
#include "walk.h"

#include <QtNetwork/QTcpServer>

#ifdef Q_OS_UNIX
#    include <unistd.h>
#endif

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

class tst_GoPackageServerPool : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest() { VERIFY_ROWS("Server pool"); }

    void newServerPool();
    void clientAddress();
    void anyClient();
    void tlsConfig();
    void noTlsConfig();
    void minimumTlsVersion();
    void listener();
    void serverManager();
    void serverGet();
};

void tst_GoPackageServerPool::newServerPool()
{
    const ServerPool pool;
    QCOMPARE(pool.state(), PoolState::Stopped);
    QVERIFY(!pool.isListening());
}

void tst_GoPackageServerPool::clientAddress()
{
    ServerPool pool;
    QVERIFY(pool.setAllowedClients({u"192.0.2.10"_s, u"10.0.0.0/8"_s}));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QVERIFY(client.waitForClosed());
    QCOMPARE(client.socket()->bytesAvailable(), 0);
    QTRY_COMPARE(pool.status().refused, 1);

    QVERIFY(pool.setAllowedClients({u"127.0.0.1"_s}));
    RawClient allowed(pool.serverPort());
    QVERIFY(allowed.readHexId().isValid());
}

void tst_GoPackageServerPool::anyClient()
{
    ServerPool pool;
    QCOMPARE(pool.allowedClients(), QStringList());
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QVERIFY(client.readHexId().isValid());
}

void tst_GoPackageServerPool::tlsConfig()
{
    const Credentials credentials = selfSigned();
    ServerPool pool;
    pool.setTls(showing(credentials));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    QCOMPARE(client.socket()->peerCertificate(), credentials.certificate());

    ServerPool ownCertificate;
    ownCertificate.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(ownCertificate.listen(QHostAddress::LocalHost));
    QVERIFY(!ownCertificate.certificate().isNull());
}

void tst_GoPackageServerPool::noTlsConfig()
{
    ServerPool pool;
    QCOMPARE(pool.tls().mode, TlsMode::None);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QVERIFY(pool.certificate().isNull());
}

void tst_GoPackageServerPool::minimumTlsVersion()
{
    ServerPool server;
    server.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(server.listen(QHostAddress::LocalHost));
    RawClient client(server.serverPort());
    QVERIFY(!client.encrypt(QSsl::TlsV1_2));

    PeerScript script = PeerScript::overTls(selfSigned());
    script.protocol = QSsl::TlsV1_2;
    const TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.start();
    QTRY_COMPARE(pool.lastError().phase(), Phase::Handshake);
}

void tst_GoPackageServerPool::listener()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost, 0));
    QCOMPARE(pool.serverAddress(), QHostAddress(QHostAddress::LocalHost));
    QVERIFY(pool.serverPort() != 0);

#ifdef Q_OS_UNIX
    QTcpServer existing;
    QVERIFY(existing.listen(QHostAddress::LocalHost));
    ServerPool adopting;
    QVERIFY(adopting.adopt(qintptr(::dup(int(existing.socketDescriptor())))));
    QCOMPARE(adopting.serverPort(), existing.serverPort());
    existing.close();
    RawClient client(adopting.serverPort());
    QVERIFY(client.readHexId().isValid());
#endif
}

void tst_GoPackageServerPool::serverManager()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const quint16 port = pool.serverPort();
    pool.close();
    QVERIFY(!pool.isListening());
    pool.start();
    QCOMPARE(pool.serverPort(), port);
    RawClient client(port);
    QVERIFY(client.readHexId().isValid());
}

void tst_GoPackageServerPool::serverGet()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const QFuture<TakeResult> take = pool.take(10s);
    QVERIFY(!take.isFinished());

    RawClient client(pool.serverPort());
    const ConnectionId id = client.readHexId();
    const TakeResult result = await(take);
    VERIFY_TAKEN(result);
    QCOMPARE(result.connection().id(), id);

    QCOMPARE(await(pool.take(1ms)).error().kind(), ErrorKind::Timeout);
}

QTEST_GUILESS_MAIN(tst_GoPackageServerPool)
#include "tst_gopackage_server_pool.moc"
