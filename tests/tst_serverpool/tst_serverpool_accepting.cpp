// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/messagerecorder.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QMetaProperty>
#include <QtCore/QSet>
#include <QtNetwork/QTcpServer>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolAccepting : public QObject
{
    Q_OBJECT

private slots:
    void defaults();
    void propertiesNotify();
    void listens();
    void givesEachAnId_data();
    void givesEachAnId();
    void clientMaySpeakFirst();
    void portInUse();
    void adoptsADescriptor();
    void refusesADescriptorThatDoesNotListen();
    void refusedDescriptorStaysTheCallers();
    void startsAgainWhereItListened();
    void showsItsCertificate();
    void asksForNoCertificate();
    void keepsTheCertificateItMade();
    void verifiedNeedsACertificate();
    void keyOfAnotherCertificate_data();
    void keyOfAnotherCertificate();
    void poolsMeetVerified();
};

void tst_ServerPoolAccepting::defaults()
{
    ServerPool pool;
    QCOMPARE(pool.allowedClients(), QStringList());
    QCOMPARE(pool.maximumCapacity(), 65'536);
    QCOMPARE(pool.maximumHandshakes(), 64);
    QCOMPARE(pool.overflow(), Overflow::Refuse);
    QVERIFY(!pool.isListening());
    QCOMPARE(pool.serverPort(), quint16(0));
    QVERIFY(pool.serverAddress().isNull());
    QVERIFY(pool.certificate().isNull());
    QCOMPARE(pool.interval(), 0ms);

    const MessageRecorder quiet;
    pool.setMaximumCapacity(0);
    QCOMPARE(pool.maximumCapacity(), 1);
    pool.setMaximumHandshakes(-1);
    QCOMPARE(pool.maximumHandshakes(), 1);
}

void tst_ServerPoolAccepting::propertiesNotify()
{
    ServerPool pool;
    const QMetaObject *meta = pool.metaObject();
    for (int i = QObject::staticMetaObject.propertyCount(); i < meta->propertyCount(); ++i) {
        QVERIFY2(meta->property(i).hasNotifySignal(), meta->property(i).name());
        QVERIFY2(meta->property(i).read(&pool).isValid(), meta->property(i).name());
    }
    QSignalSpy changed(&pool, &Pool::settingsChanged);
    pool.setOverflow(Overflow::ReplaceOldest);
    QTRY_COMPARE(changed.size(), 1);
}

void tst_ServerPoolAccepting::listens()
{
    ServerPool pool;
    QVERIFY2(pool.listen(QHostAddress::LocalHost), qPrintable(pool.lastError().message()));
    QVERIFY(pool.isListening());
    QCOMPARE(pool.serverAddress(), QHostAddress(QHostAddress::LocalHost));
    QVERIFY(pool.serverPort() != 0);
    QCOMPARE(pool.state(), PoolState::Warming);
    QVERIFY(!pool.isReady());

    RawClient client(pool.serverPort());
    QVERIFY(client.isConnected());
    QTRY_COMPARE(pool.active(), 1);
    QCOMPARE(pool.state(), PoolState::Ready);
    QVERIFY(pool.isReady());
}

void tst_ServerPoolAccepting::givesEachAnId_data()
{
    QTest::addColumn<IdFormat>("format");
    QTest::addColumn<bool>("encrypted");
    QTest::newRow("Hex8") << IdFormat::Hex8 << false;
    QTest::newRow("Raw4") << IdFormat::Raw4 << false;
    QTest::newRow("Hex8, TLS") << IdFormat::Hex8 << true;
    QTest::newRow("Raw4, TLS") << IdFormat::Raw4 << true;
}

void tst_ServerPoolAccepting::givesEachAnId()
{
    QFETCH(IdFormat, format);
    QFETCH(bool, encrypted);
    ServerPool pool;
    pool.setIdFormat(format);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 20);
    QSet<QString> ids;
    for (RawClient &client : clients) {
        if (encrypted)
            QVERIFY(client.encrypt());
        const ConnectionId id = format == IdFormat::Hex8 ? client.readHexId() : client.readRawId();
        QVERIFY(id.isValid());
        ids.insert(id.toString());

        const TakeResult taken = await(pool.take(id));
        VERIFY_TAKEN(taken);
        QCOMPARE(taken.connection().id(), id);
        // Not a byte but the id came, and the line works both ways.
        QSslSocket *socket = taken.connection().socket();
        QCOMPARE(socket->isEncrypted(), encrypted);
        socket->write("to the client");
        QCOMPARE(client.read(13), "to the client"_ba);
        client.write("to the pool");
        QCOMPARE(readExactly(socket, 11), "to the pool"_ba);
    }
    QCOMPARE(ids.size(), 20);
    VERIFY_COUNTERS(pool);
}

void tst_ServerPoolAccepting::clientMaySpeakFirst()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    client.write("before I even know my id");
    const ConnectionId id = client.readHexId();
    client.write(", and after");
    const TakeResult taken = await(pool.take(id));
    VERIFY_TAKEN(taken);
    QCOMPARE(readExactly(taken.connection().socket(), 35), "before I even know my id, and after"_ba);
}

void tst_ServerPoolAccepting::portInUse()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    ServerPool pool;
    QVERIFY(!pool.listen(QHostAddress::LocalHost, other.serverPort()));
    QVERIFY(!pool.isListening());
    QVERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Accept);
    QVERIFY(!pool.lastError().message().isEmpty());

    other.close();
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QVERIFY(!pool.lastError());
}

void tst_ServerPoolAccepting::adoptsADescriptor()
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    QCOMPARE(::bind(descriptor, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    QCOMPARE(::listen(descriptor, 64), 0);

    ServerPool pool;
    QVERIFY2(pool.adopt(static_cast<qintptr>(descriptor)), qPrintable(pool.lastError().message()));
    QVERIFY(pool.isListening());
    QCOMPARE(pool.serverAddress(), QHostAddress(QHostAddress::LocalHost));
    const quint16 port = pool.serverPort();
    RawClient client(port);
    QVERIFY(client.readHexId().isValid());
    QTRY_COMPARE(pool.active(), 1);

    pool.close();
    QVERIFY(!RawClient(port).isConnected());
}

void tst_ServerPoolAccepting::refusedDescriptorStaysTheCallers()
{
    const MessageRecorder quiet;
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    QCOMPARE(::listen(descriptor, 64), 0);
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::Verified)); // and no certificate
    QVERIFY(!pool.adopt(static_cast<qintptr>(descriptor)));
    QCOMPARE(pool.lastError().kind(), ErrorKind::Settings);
    QCOMPARE(::close(descriptor), 0);
}

void tst_ServerPoolAccepting::refusesADescriptorThatDoesNotListen()
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const MessageRecorder quiet;
    ServerPool pool;
    QVERIFY(!pool.adopt(static_cast<qintptr>(descriptor)));
    QVERIFY(pool.lastError());
    QVERIFY(!pool.isListening());
}

void tst_ServerPoolAccepting::startsAgainWhereItListened()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const quint16 port = pool.serverPort();
    {
        RawClient client(port);
        QVERIFY(client.readHexId().isValid());
    }
    pool.close();
    QVERIFY(!pool.isListening());
    QVERIFY(!RawClient(port).isConnected());
    pool.start();
    QTRY_VERIFY(pool.isListening());
    QCOMPARE(pool.serverPort(), port);
    RawClient client(port);
    QVERIFY(client.readHexId().isValid());
}

void tst_ServerPoolAccepting::showsItsCertificate()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QVERIFY(!pool.certificate().isNull());
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    QCOMPARE(client.socket()->peerCertificate(), pool.certificate());
    // The pin that a client needs can be read off the server.
    ClientPool pinned(u"127.0.0.1"_s, pool.serverPort());
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.pins = {certificateFingerprint(pool.certificate())};
    pinned.setTls(tls);
    pinned.start();
    VERIFY_TAKEN(await(pinned.take()));
}

// A browser would ask its user which of his certificates to show.
void tst_ServerPoolAccepting::asksForNoCertificate()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const Credentials own = selfSigned();
    QSslConfiguration willing = QSslConfiguration::defaultConfiguration();
    willing.setPeerVerifyMode(QSslSocket::VerifyNone);
    willing.setLocalCertificateChain(own.chain);
    willing.setPrivateKey(own.key);
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt(willing, {}));
    const TakeResult taken = await(pool.take(client.readHexId()));
    VERIFY_TAKEN(taken);
    QVERIFY(taken.connection().socket()->isEncrypted());
    QVERIFY(taken.connection().socket()->peerCertificate().isNull());
}

// A pin of it stays good for as long as the pool lives.
void tst_ServerPoolAccepting::keepsTheCertificateItMade()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const QSslCertificate made = pool.certificate();
    pool.setIdFormat(IdFormat::Raw4);
    QCOMPARE(pool.certificate(), made);
    pool.close();
    pool.start();
    QVERIFY(pool.isListening());
    QCOMPARE(pool.certificate(), made);
    pool.setTls(tlsMode(TlsMode::None));
    QVERIFY(pool.certificate().isNull());
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    QCOMPARE(client.socket()->peerCertificate(), made);

    ServerPool other;
    other.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(other.listen(QHostAddress::LocalHost));
    QVERIFY(other.certificate() != made);
}

void tst_ServerPoolAccepting::verifiedNeedsACertificate()
{
    const MessageRecorder quiet;
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::Verified));
    QVERIFY(!pool.listen(QHostAddress::LocalHost));
    QCOMPARE(pool.lastError().kind(), ErrorKind::Settings);
    QVERIFY(pool.lastError().isFatal());
}

void tst_ServerPoolAccepting::keyOfAnotherCertificate_data()
{
    QTest::addColumn<TlsMode>("mode");
    QTest::newRow("Verified") << TlsMode::Verified;
    QTest::newRow("SelfSigned") << TlsMode::SelfSigned;
}

void tst_ServerPoolAccepting::keyOfAnotherCertificate()
{
    QFETCH(TlsMode, mode);
    const MessageRecorder quiet;
    Credentials mixed = selfSigned();
    mixed.key = selfSigned().key;
    ServerPool server;
    server.setTls(showing(mixed, mode));
    QVERIFY(!server.listen(QHostAddress::LocalHost));
    QCOMPARE(server.lastError().kind(), ErrorKind::Settings);
    QVERIFY(server.lastError().isFatal());

    // At the other end it is as useless.
    ClientPool client(u"127.0.0.1"_s, 1);
    client.setTls(showing(mixed, mode));
    client.start();
    QTRY_COMPARE(client.lastError().kind(), ErrorKind::Settings);
}

void tst_ServerPoolAccepting::poolsMeetVerified()
{
    const Authority authority;
    const Credentials server = authority.issueForLocalHost();
    ServerPool pool;
    pool.setTls(showing(server));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    ClientPool client(u"localhost"_s, pool.serverPort());
    client.setTls(verifying(authority.root(), {}));
    client.setMinimumCapacity(3);
    client.setMaximumCapacity(3);
    client.start();
    QTRY_VERIFY2(client.active() == 3, qPrintable(client.lastError().message()));
    QTRY_COMPARE(pool.active(), 3);

    const TakeResult near = client.tryTake();
    VERIFY_TAKEN(near);
    const TakeResult far = await(pool.take(near.connection().id()));
    VERIFY_TAKEN(far);
    near.connection().socket()->write("from end to end");
    QCOMPARE(readExactly(far.connection().socket(), 15), "from end to end"_ba);
}

QTEST_GUILESS_MAIN(tst_ServerPoolAccepting)
#include "tst_serverpool_accepting.moc"
