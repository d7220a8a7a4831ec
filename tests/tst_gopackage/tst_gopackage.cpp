// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Walks through the tables of docs/go-package.md, row by row: one test function for each.

#include "support/certificates.h"
#include "support/filledbacklog.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"
#include "support/resources.h"
#include "support/testpeer.h"

#include <tidepool/tidepool.h>

#include <QtCore/QFile>
#include <QtCore/QMetaMethod>
#include <QtCore/QMetaProperty>
#include <QtCore/QRegularExpression>
#include <QtCore/QSet>
#include <QtCore/QThreadPool>
#include <QtNetwork/QTcpServer>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#ifdef Q_OS_UNIX
#    include <unistd.h>
#endif

#include <atomic>
#include <vector>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

namespace {

constexpr int capacity = 4;

/// A server pool and a client pool that are connected with each other.
struct Ends
{
    explicit Ends(const TlsOptions &serverTls = {}, const TlsOptions &clientTls = {})
    {
        server.setTls(serverTls);
        client.setTls(clientTls);
        if (server.listen(QHostAddress::LocalHost))
            dial();
    }

    void dial()
    {
        client.setHost(u"127.0.0.1"_s);
        client.setPort(server.serverPort());
        client.setMinimumCapacity(capacity);
        client.setMaximumCapacity(capacity);
        makeImpatient(client);
        client.start();
    }

    ServerPool server;
    ClientPool client;
};

/// A client pool of a port at which nobody listens, so that every attempt fails.
struct Nowhere
{
    Nowhere()
    {
        peer.stopListening();
        configure(client, peer);
        makeImpatient(client);
        client.start();
    }

    TestPeer peer;
    ClientPool client;
};

/// A client pool with rounds as the Go package has them: 100 ms apart at first, 500 ms at most, 5 to 20 connections.
struct Rounds
{
    Rounds()
    {
        configure(client, peer);
        client.setMinimumCapacity(5);
        client.setMaximumCapacity(20);
        client.setMinimumInterval(100ms);
        client.setMaximumInterval(500ms);
        client.setRefill(Refill::AtRound);
        client.start();
    }

    /// Takes all that is parked.
    void empty()
    {
        while (const TakeResult result = client.tryTake())
            taken.append(result.connection());
    }

    TestPeer peer;
    QList<Connection> taken;
    ClientPool client;
};

/// Does the property exist, and does it tell when it changes?
bool isLive(const QObject &object, const char *property)
{
    const QMetaObject *meta = object.metaObject();
    const int index = meta->indexOfProperty(property);
    return index >= 0 && meta->property(index).hasNotifySignal();
}

QByteArray contentOf(const QString &path)
{
    QFile file(QStringLiteral(TIDEPOOL_SOURCE_DIR "/") + path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class tst_GoPackage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest();

    void license();

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

    void newServerPool();
    void clientAddress();
    void anyClient();
    void tlsConfig();
    void noTlsConfig();
    void minimumTlsVersion();
    void listener();
    void serverManager();
    void serverGet();

    void readyProperty();
    void activeProperty();
    void capacityProperty();
    void intervalProperty();
    void flush();
    void close();
    void threadSafety();
    void healthMonitoring();
    void validation();
    void recovery();
    void backoff();
    void lifecycle();

    void intervalShrinks();
    void intervalGrows();
    void capacityShrinks();
    void capacityGrows();
    void refill();

    void customErrorHandling();
    void dialTimeout();
    void cancellation();
    void loadBalancing();
    void resizing();
    void tlsOverhead();

    void troubleConnecting();
    void troubleHandshaking();
    void troubleExhausted();
    void troubleLeaking();
    void troubleErrors();
    void logDialling();
    void logConnections();
    void logAdjustments();
    void logValidation();
};

void tst_GoPackage::everyRowHasItsTest()
{
    QStringList rows;
    static const QRegularExpression lastCell(u"^\\|.*\\| `([^`|]+)` \\|$"_s, QRegularExpression::MultilineOption);
    auto matches = lastCell.globalMatch(QString::fromUtf8(contentOf(u"docs/go-package.md"_s)));
    while (matches.hasNext()) {
        const QString test = matches.next().captured(1);
        if (test.contains(u'/'))
            QVERIFY2(QFile::exists(QStringLiteral(TIDEPOOL_SOURCE_DIR "/") + test), qPrintable(test));
        else
            rows.append(test);
    }

    QStringList tests;
    const QMetaObject &meta = staticMetaObject;
    for (int i = meta.methodOffset(); i < meta.methodCount(); ++i)
        tests.append(QString::fromLatin1(meta.method(i).name()));
    tests.removeOne(u"everyRowHasItsTest"_s);
    QCOMPARE(rows, tests);
}

void tst_GoPackage::license()
{
    QVERIFY(contentOf(u"LICENSE"_s).startsWith("BSD 3-Clause License"));
}

// --- Client pool ---------------------------------------------------------------------------------------------------

void tst_GoPackage::newClientPool()
{
    const ClientPool pool(u"example.com"_s, 8080);
    QCOMPARE(pool.host(), u"example.com"_s);
    QCOMPARE(pool.port(), quint16(8080));
    QCOMPARE(pool.state(), PoolState::Stopped);
}

void tst_GoPackage::minimumCapacity()
{
    ClientPool pool;
    QCOMPARE(pool.minimumCapacity(), 8);
    pool.setMinimumCapacity(0);
    QCOMPARE(pool.effectiveBounds().minimumCapacity, 1);
}

void tst_GoPackage::maximumCapacity()
{
    ClientPool pool;
    QCOMPARE(pool.maximumCapacity(), 64);
    pool.setMinimumCapacity(20);
    pool.setMaximumCapacity(5);
    QCOMPARE(pool.effectiveBounds().minimumCapacity, 5);
    QCOMPARE(pool.effectiveBounds().maximumCapacity, 20);
}

void tst_GoPackage::intervals()
{
    ClientPool pool;
    QCOMPARE(pool.minimumInterval(), 500ms);
    QCOMPARE(pool.maximumInterval(), 5s);
    pool.setMinimumInterval(2s);
    pool.setMaximumInterval(1s);
    QCOMPARE(pool.effectiveBounds().minimumInterval, 1s);
    QCOMPARE(pool.effectiveBounds().maximumInterval, 2s);
}

void tst_GoPackage::tlsModeNone()
{
    QCOMPARE(int(TlsMode::None), 0);
    Ends ends;
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QVERIFY(!result.connection().socket()->isEncrypted());
}

void tst_GoPackage::tlsModeSelfSigned()
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

void tst_GoPackage::tlsModeVerified()
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

void tst_GoPackage::hostName()
{
    const Authority authority;
    Ends ends(showing(authority.issue({.dnsNames = {u"tidepool.example"_s}, .addresses = {}})),
              verifying(authority.root(), u"tidepool.example"_s));
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);

    ends.client.setTls(verifying(authority.root(), {})); // 127.0.0.1, which the certificate does not name
    QTRY_COMPARE(ends.client.lastError().kind(), ErrorKind::Certificate);
}

void tst_GoPackage::dialer()
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

void tst_GoPackage::clientManager()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    QCOMPARE(pool.state(), PoolState::Stopped);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
}

void tst_GoPackage::clientGet()
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

void tst_GoPackage::connectionId()
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

void tst_GoPackage::netConn()
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

// --- Server pool ---------------------------------------------------------------------------------------------------

void tst_GoPackage::newServerPool()
{
    const ServerPool pool;
    QCOMPARE(pool.state(), PoolState::Stopped);
    QVERIFY(!pool.isListening());
}

void tst_GoPackage::clientAddress()
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

void tst_GoPackage::anyClient()
{
    ServerPool pool;
    QCOMPARE(pool.allowedClients(), QStringList());
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QVERIFY(client.readHexId().isValid());
}

void tst_GoPackage::tlsConfig()
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

void tst_GoPackage::noTlsConfig()
{
    ServerPool pool;
    QCOMPARE(pool.tls().mode, TlsMode::None);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QVERIFY(pool.certificate().isNull());
}

void tst_GoPackage::minimumTlsVersion()
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

void tst_GoPackage::listener()
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

void tst_GoPackage::serverManager()
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

void tst_GoPackage::serverGet()
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

// --- Both pools ----------------------------------------------------------------------------------------------------

void tst_GoPackage::readyProperty()
{
    Ends ends;
    QVERIFY(isLive(ends.client, "ready") && isLive(ends.client, "state"));
    QTRY_VERIFY(ends.client.isReady());
    QTRY_VERIFY(ends.server.isReady());
    QCOMPARE(ends.client.state(), PoolState::Ready);
}

void tst_GoPackage::activeProperty()
{
    Ends ends;
    QVERIFY(isLive(ends.client, "active"));
    QTRY_COMPARE(ends.client.active(), capacity);
    QTRY_COMPARE(ends.server.active(), capacity);
}

void tst_GoPackage::capacityProperty()
{
    Ends ends;
    QVERIFY(isLive(ends.client, "capacity"));
    QTRY_COMPARE(ends.client.capacity(), capacity);
    QCOMPARE(ends.server.capacity(), ends.server.maximumCapacity());
}

void tst_GoPackage::intervalProperty()
{
    const Ends ends;
    QVERIFY(isLive(ends.client, "interval"));
    QTRY_COMPARE(ends.client.interval(), ends.client.minimumInterval());
    QCOMPARE(ends.server.interval(), 0ms);
}

void tst_GoPackage::flush()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    const auto before = peer.openIds();
    pool.flush();
    QCOMPARE(pool.status().evictedBy(EvictionCause::Flushed), capacity);
    QTRY_COMPARE(pool.active(), capacity);
    const auto after = peer.openIds();
    QVERIFY(!QSet(after.begin(), after.end()).contains(before.first()));
}

void tst_GoPackage::close()
{
    const TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    const QFuture<TakeResult> take = pool.take();
    pool.close();
    QCOMPARE(await(take).error().kind(), ErrorKind::Closed);
    QCOMPARE(pool.state(), PoolState::Closed);

    Ends ends;
    TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QSignalSpy closed(&ends.client, &Pool::closed);
    ends.client.drain(10s);
    QCOMPARE(ends.client.state(), PoolState::Draining);
    QVERIFY(result.connection().isValid());
    result = {};
    QTRY_COMPARE(closed.count(), 1);
}

void tst_GoPackage::threadSafety()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();

    constexpr int threads = 4;
    constexpr int takesEach = 5;
    std::atomic<int> echoed = 0;
    QThreadPool threadPool;
    threadPool.setMaxThreadCount(threads);
    for (int i = 0; i < threads; ++i) {
        threadPool.start([&pool, &echoed] {
            for (int j = 0; j < takesEach; ++j) {
                const TakeResult result = pool.take().result();
                if (result && blockingEcho(result.connection().socket(), "ping") == "ping")
                    ++echoed;
            }
        });
    }
    QVERIFY(threadPool.waitForDone(20'000));
    QCOMPARE(echoed, threads * takesEach);
}

void tst_GoPackage::healthMonitoring()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    peer.closeAll();
    QTRY_COMPARE(evicted.count(), capacity);
    QCOMPARE(evicted.first().at(1).value<EvictionCause>(), EvictionCause::PeerClosed);
    QTRY_COMPARE(pool.active(), capacity);
}

void tst_GoPackage::validation()
{
    PeerScript script;
    script.behind = "early bytes";
    const TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();
    QTRY_COMPARE(pool.active(), capacity);
    const TakeResult result = pool.tryTake();
    VERIFY_TAKEN(result);
    QCOMPARE(readExactly(result.connection().socket(), script.behind.size()), script.behind);
}

void tst_GoPackage::recovery()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, capacity);
    makeImpatient(pool);
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(pool.isReady());
    peer.stopListening();
    peer.closeAll();
    QTRY_VERIFY(!failed.isEmpty());
    QTRY_VERIFY(!pool.isReady());
    QVERIFY(pool.lastError());
    QVERIFY(peer.listenAgain());
    QTRY_COMPARE(pool.active(), capacity);
    QVERIFY(!pool.lastError());
}

void tst_GoPackage::backoff()
{
    TestPeer peer;
    peer.stopListening();
    ClientPool pool;
    configure(pool, peer, capacity);
    QCOMPARE(pool.backoff(), (Backoff{.base = 200ms, .cap = 30s, .factor = 2.0}));
    pool.setBackoff({.base = 24h, .cap = 24h});
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(!failed.isEmpty());
    QVERIFY(peer.listenAgain());
    pool.retryNow();
    QTRY_COMPARE(pool.active(), capacity);
}

void tst_GoPackage::lifecycle()
{
    const auto run = [] {
        Ends ends;
        QTRY_COMPARE(ends.client.active(), capacity);
        QTRY_COMPARE(ends.server.active(), capacity);
        ends.client.close();
        ends.client.start();
        QTRY_COMPARE(ends.client.active(), capacity);
    };
    run();
    const int descriptors = openDescriptors();
    const int threads = runningThreads();
    run();
    QTRY_VERIFY(openDescriptors() <= descriptors);
    QTRY_VERIFY(runningThreads() <= threads);
}

// --- Dynamic adjustment --------------------------------------------------------------------------------------------

void tst_GoPackage::intervalShrinks()
{
    Rounds rounds;
    QTRY_VERIFY(rounds.client.interval() >= 300ms);
    const auto before = rounds.client.interval();
    rounds.empty();
    QTRY_VERIFY(rounds.client.interval() < before);
}

void tst_GoPackage::intervalGrows()
{
    const Rounds rounds;
    QTRY_COMPARE(rounds.client.interval(), 500ms);
}

void tst_GoPackage::capacityShrinks()
{
    const Rounds rounds;
    QTRY_VERIFY(rounds.client.capacity() > 5);
    QTRY_COMPARE(rounds.client.capacity(), 5);
}

void tst_GoPackage::capacityGrows()
{
    Rounds rounds;
    QTRY_VERIFY((rounds.empty(), rounds.client.capacity() >= 8));
}

void tst_GoPackage::refill()
{
    QCOMPARE(ClientPool().refill(), Refill::AtTake);
    const TestPeer peer;
    for (const Refill refill : {Refill::AtTake, Refill::AtRound}) {
        ClientPool pool;
        configure(pool, peer, capacity);
        pool.setMinimumInterval(24h);
        pool.setMaximumInterval(24h);
        pool.setRefill(refill);
        pool.start();
        QTRY_COMPARE(pool.active(), capacity);
        const TakeResult result = pool.tryTake();
        VERIFY_TAKEN(result);
        if (refill == Refill::AtTake)
            QTRY_COMPARE(pool.active(), capacity);
        else
            QCOMPARE(pool.status().connecting, 0);
    }
}

// --- Advanced usage ------------------------------------------------------------------------------------------------

void tst_GoPackage::customErrorHandling()
{
    const Nowhere nowhere;
    QSignalSpy failed(&nowhere.client, &Pool::attemptFailed);
    QTRY_VERIFY(!failed.isEmpty());
    const auto error = failed.first().first().value<PoolError>();
    QCOMPARE(error.phase(), Phase::Dial);
    QCOMPARE(error.kind(), ErrorKind::Refused);
    QVERIFY(!error.message().isEmpty());
}

void tst_GoPackage::dialTimeout()
{
    const FilledBacklog backlog;
    if (backlog.port() == 0)
        QSKIP("This system does not keep a connect waiting.");
    ClientPool pool(u"127.0.0.1"_s, backlog.port());
    QCOMPARE(pool.timeouts().dial, 5s);
    pool.setTimeouts({.dial = 50ms});
    pool.start();
    QTRY_COMPARE(pool.lastError().kind(), ErrorKind::Timeout);
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
}

void tst_GoPackage::cancellation()
{
    const TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    QFuture<TakeResult> take = pool.take();
    QCOMPARE(pool.waiting(), 1);
    take.cancel();
    QTRY_COMPARE(pool.waiting(), 0);
    QCOMPARE(pool.status().takesCancelled, 1);
}

void tst_GoPackage::loadBalancing()
{
    constexpr size_t servers = 3;
    const std::array<TestPeer, servers> peers;
    std::array<ClientPool, servers> pools;
    for (size_t i = 0; i < servers; ++i) {
        configure(pools[i], peers[i], capacity);
        pools[i].start();
    }
    for (size_t turn = 0; turn < 2 * servers; ++turn) {
        const TakeResult result = await(pools[turn % servers].take());
        VERIFY_TAKEN(result);
        QVERIFY(peers[turn % servers].ids().contains(result.connection().id()));
    }
}

void tst_GoPackage::resizing()
{
    Ends ends;
    QTRY_COMPARE(ends.client.active(), capacity);
    ends.client.setMaximumCapacity(2 * capacity);
    ends.client.setMinimumCapacity(2 * capacity);
    QTRY_COMPARE(ends.client.active(), 2 * capacity);
    ends.client.setMinimumCapacity(1);
    ends.client.setMaximumCapacity(1);
    QTRY_COMPARE(ends.client.active(), 1);
    QVERIFY(ends.client.status().evictedBy(EvictionCause::Surplus) >= 2 * capacity - 1);
}

void tst_GoPackage::tlsOverhead()
{
    // This thread's event loop does not run meanwhile: whoever shakes hands, it is not this thread.
    Ends ends(tlsMode(TlsMode::SelfSigned), tlsMode(TlsMode::SelfSigned));
    const TakeResult result = ends.client.take(10s).result();
    VERIFY_TAKEN(result);
    QVERIFY(result.connection().socket()->isEncrypted());
}

// --- Troubleshooting -----------------------------------------------------------------------------------------------

void tst_GoPackage::troubleConnecting()
{
    const Nowhere nowhere;
    QTRY_COMPARE(nowhere.client.lastError().kind(), ErrorKind::Refused);
    QCOMPARE(nowhere.client.lastError().phase(), Phase::Dial);
    QVERIFY(nowhere.client.lastError().message().contains(QString::number(nowhere.peer.port())));
}

void tst_GoPackage::troubleHandshaking()
{
    Ends ends(tlsMode(TlsMode::SelfSigned), verifying(Authority().root(), {}));
    const TakeResult refused = await(ends.client.take());
    QCOMPARE(refused.error().kind(), ErrorKind::Certificate);
    QVERIFY(refused.error().isFatal());
    QCOMPARE(ends.client.state(), PoolState::Degraded);

    ends.client.setTls(tlsMode(TlsMode::SelfSigned));
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
}

void tst_GoPackage::troubleExhausted()
{
    const TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer, capacity);
    pool.start();
    const PoolError error = await(pool.take(20ms)).error();
    QCOMPARE(error.phase(), Phase::Wait);
    QCOMPARE(error.kind(), ErrorKind::Timeout);
    QVERIFY(error.status());
    QCOMPARE(error.status()->capacity, capacity);
    QCOMPARE(error.status()->active, 0);
}

void tst_GoPackage::troubleLeaking()
{
    Ends ends;
    ends.client.setLeaseThreshold(20ms);
    QSignalSpy held(&ends.client, &Pool::connectionHeldLong);
    const TakeResult result = await(ends.client.take());
    VERIFY_TAKEN(result);
    QTRY_COMPARE(held.count(), 1);
    QCOMPARE(held.first().first().value<ConnectionId>(), result.connection().id());
    QCOMPARE(ends.client.status().leased, 1);
}

void tst_GoPackage::troubleErrors()
{
    Nowhere nowhere;
    QTRY_VERIFY(nowhere.client.status().failedIn(Phase::Dial) > 0);
    nowhere.client.addError();
    QCOMPARE(nowhere.client.errorCount(), 1);
    nowhere.client.resetErrorCount();
    QCOMPARE(nowhere.client.errorCount(), 0);
}

void tst_GoPackage::logDialling()
{
    TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer, capacity);
    QSignalSpy parked(&pool, &Pool::connectionParked);
    pool.start();
    QTRY_COMPARE(pool.status().connecting + pool.status().handshaking, capacity);
    QCOMPARE(parked.count(), 0);
    peer.setScript({});
    pool.flush();
    peer.closeAll();
    QTRY_VERIFY(parked.count() >= capacity);
}

void tst_GoPackage::logConnections()
{
    Ends ends;
    QSignalSpy parked(&ends.server, &Pool::connectionParked);
    QSignalSpy taken(&ends.server, &Pool::connectionTaken);
    QSignalSpy evicted(&ends.server, &Pool::connectionEvicted);
    QTRY_COMPARE(ends.server.active(), capacity);
    const TakeResult result = ends.server.tryTake();
    VERIFY_TAKEN(result);
    ends.client.close();
    QTRY_COMPARE(ends.server.active(), 0);
    QTRY_COMPARE(parked.count(), taken.count() + evicted.count());
    QCOMPARE(taken.count(), 1);
    QCOMPARE(ends.server.evictions().size(), evicted.count());
}

void tst_GoPackage::logAdjustments()
{
    const Rounds rounds;
    QSignalSpy capacities(&rounds.client, &Pool::capacityChanged);
    QSignalSpy intervals(&rounds.client, &Pool::intervalChanged);
    QTRY_VERIFY(!capacities.isEmpty() && !intervals.isEmpty());
    QVERIFY(intervals.first().first().toInt() > 0);
}

void tst_GoPackage::logValidation()
{
    Ends ends;
    QTRY_COMPARE(ends.client.active(), capacity);
    ends.server.close();
    QTRY_VERIFY(ends.client.evictions().size() >= capacity);
    const QList<EvictionRecord> ledger = ends.client.evictions();
    const EvictionRecord record = ledger.first();
    QCOMPARE(record.cause, EvictionCause::PeerClosed);
    QVERIFY(record.id.isValid() && record.when.isValid());
}

QTEST_GUILESS_MAIN(tst_GoPackage)
#include "tst_gopackage.moc"
