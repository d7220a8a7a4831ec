// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/filledbacklog.h"
#include "support/poolhelpers.h"
#include "support/process.h"

#include <QtNetwork/QNetworkProxy>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolDialing : public QObject
{
    Q_OBJECT

private slots:
    void throughSocks5_data();
    void throughSocks5();
    void proxyThatRefuses();
    void proxyThatIsNotThere();
    void applicationProxyIsNotUsed();
    void sourceAddress();
    void sourceAddressThatIsNotOurs();
    void sourceAddressOfAnotherKind();
    void customDialer_data();
    void customDialer();
    void dialerThatDoesNothing();
    void dialerIntoTheVoid();
    void keepAliveIsSet_data();
    void keepAliveIsSet();

private:
    static bool startProxy(Process &process, const QStringList &arguments);
};

bool tst_ClientPoolDialing::startProxy(Process &process, const QStringList &arguments)
{
    const QString script = QStringLiteral(TIDEPOOL_TEST_DIR "/../support/socks5.py");
    return process.run(findProgram(u"python3"_s), QStringList{script} + arguments)
        && QTest::qWaitFor([&] { return !process.value(u"PORT"_s).isEmpty(); });
}

void tst_ClientPoolDialing::throughSocks5_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<TlsMode>("mode");
    QTest::newRow("address") << u"127.0.0.1"_s << TlsMode::None;
    QTest::newRow("address, TLS") << u"127.0.0.1"_s << TlsMode::SelfSigned;
    QTest::newRow("name, resolved by the proxy") << u"localhost"_s << TlsMode::None;
}

void tst_ClientPoolDialing::throughSocks5()
{
    QFETCH(QString, host);
    QFETCH(TlsMode, mode);
    if (findProgram(u"python3"_s).isEmpty())
        QSKIP("python3 is not installed");
    SKIP_IF_PROCESSES_CONFUSE();
    Process proxy;
    QVERIFY(startProxy(proxy, {}));
    TestPeer peer(PeerScript::echoing(mode != TlsMode::None));
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setHost(host);
    pool.setTls(tlsMode(mode));
    pool.setProxy(QNetworkProxy(QNetworkProxy::Socks5Proxy, u"127.0.0.1"_s, proxy.value(u"PORT"_s).toUShort()));
    pool.start();
    QTRY_VERIFY2(pool.active() == 3, qPrintable(pool.lastError().message()));
    QTRY_COMPARE(proxy.lines().filter(u"CONNECT %1 %2"_s.arg(host).arg(peer.port())).size(), 3);

    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QCOMPARE(echo(taken.connection().socket(), QByteArray(100'000, 's')), QByteArray(100'000, 's'));

    peer.close(taken.connection().id());
    QTRY_COMPARE(taken.connection().socket()->state(), QAbstractSocket::UnconnectedState);
    // Also through a proxy, a parked one that closes is noticed.
    QTRY_COMPARE(pool.active(), 3);
    peer.closeAll();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::PeerClosed), 3);
    QTRY_COMPARE(pool.active(), 3);
}

void tst_ClientPoolDialing::proxyThatRefuses()
{
    if (findProgram(u"python3"_s).isEmpty())
        QSKIP("python3 is not installed");
    SKIP_IF_PROCESSES_CONFUSE();
    Process proxy;
    QVERIFY(startProxy(proxy, {u"--refuse"_s}));
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer);
    makeImpatient(pool);
    pool.setProxy(QNetworkProxy(QNetworkProxy::Socks5Proxy, u"127.0.0.1"_s, proxy.value(u"PORT"_s).toUShort()));
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
    QVERIFY2(pool.lastError().kind() == ErrorKind::Refused || pool.lastError().kind() == ErrorKind::Proxy,
             qPrintable(pool.lastError().message()));
    QCOMPARE(peer.accepted(), 0);
}

void tst_ClientPoolDialing::proxyThatIsNotThere()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer);
    makeImpatient(pool);
    pool.setProxy(QNetworkProxy(QNetworkProxy::Socks5Proxy, u"127.0.0.1"_s, freePort()));
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Proxy);
    QCOMPARE(peer.accepted(), 0);
}

void tst_ClientPoolDialing::applicationProxyIsNotUsed()
{
    QNetworkProxy::setApplicationProxy(QNetworkProxy(QNetworkProxy::Socks5Proxy, u"127.0.0.1"_s, freePort()));
    const auto reset = qScopeGuard([] { QNetworkProxy::setApplicationProxy(QNetworkProxy::NoProxy); });
    ServerPool server;
    QVERIFY2(server.listen(QHostAddress::LocalHost), qPrintable(server.lastError().message()));
    ClientPool pool(u"127.0.0.1"_s, server.serverPort());
    pool.setMinimumCapacity(3);
    pool.setMaximumCapacity(3);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    QTRY_COMPARE(server.active(), 3);

    ClientPool dialing;
    dialing.setMinimumCapacity(2);
    dialing.setMaximumCapacity(2);
    dialing.setDialer([port = server.serverPort()](QSslSocket &socket) { socket.connectToHost(u"127.0.0.1"_s, port); });
    dialing.start();
    QTRY_COMPARE(dialing.active(), 2);
}

void tst_ClientPoolDialing::sourceAddress()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    const QHostAddress source(u"127.0.0.2"_s);
    pool.setSourceAddress(source);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    QCOMPARE(peer.clients(), QList<QHostAddress>(3, source));
}

void tst_ClientPoolDialing::sourceAddressThatIsNotOurs()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.setSourceAddress(QHostAddress(u"198.51.100.7"_s));
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
    // Its interface may be down: it is tried again.
    QCOMPARE(pool.lastError().kind(), ErrorKind::SourceAddress);
    QVERIFY(!pool.lastError().isFatal());
    QVERIFY(pool.lastError().isLasting());
    QTRY_VERIFY(pool.status().failedIn(Phase::Dial) >= 3);
    QCOMPARE(peer.accepted(), 0);
    pool.setSourceAddress({});
    QTRY_COMPARE(pool.active(), 1);
}

void tst_ClientPoolDialing::sourceAddressOfAnotherKind()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setHost(u"::1"_s);
    pool.setSourceAddress(QHostAddress(QHostAddress::LocalHost));
    pool.start();
    QTRY_VERIFY(pool.lastError());
#ifndef TIDEPOOL_PORTABLE // there, the error is the socket's
    QVERIFY2(pool.lastError().message().contains(u"set another sourceAddress"_s),
             qPrintable(pool.lastError().message()));
#endif
    QCOMPARE(peer.accepted(), 0);
    pool.setHost(u"127.0.0.1"_s);
    QTRY_COMPARE(pool.active(), 1);
}

void tst_ClientPoolDialing::customDialer_data()
{
    addPlainAndTls();
}

void tst_ClientPoolDialing::customDialer()
{
    QFETCH(bool, encrypted);
    TestPeer peer(PeerScript::echoing(encrypted));
    std::atomic<int> calls = 0;
    std::atomic<int> inThisThread = 0;
    ClientPool pool; // no host, no port
    pool.setMinimumCapacity(4);
    pool.setMaximumCapacity(4);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.setDialer([&, own = QThread::currentThread()](QSslSocket &socket) {
        ++calls;
        inThisThread += QThread::currentThread() == own ? 1 : 0;
        socket.connectToHost(u"127.0.0.1"_s, peer.port());
    });
    pool.start();
    QTRY_VERIFY2(pool.active() == 4, qPrintable(pool.lastError().message()));
    QCOMPARE(calls.load(), 4);
    QCOMPARE(inThisThread.load(), 0);
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QCOMPARE(echo(taken.connection().socket(), "dialled"), "dialled"_ba);
    pool.close();
}

void tst_ClientPoolDialing::dialerThatDoesNothing()
{
    ClientPool pool;
    makeImpatient(pool);
    pool.setDialer([](QSslSocket &) {});
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Settings);
    QVERIFY(pool.lastError().isFatal());
    pool.close();
    QCOMPARE(pool.status().connecting, 0);
}

void tst_ClientPoolDialing::dialerIntoTheVoid()
{
    const FilledBacklog unresponsive;
    if (unresponsive.port() == 0)
        QSKIP("this system answers connects to a full queue");
    ClientPool pool;
    shortenTimeout(pool, &Timeouts::dial);
    pool.setDialer([port = unresponsive.port()](QSslSocket &socket) { socket.connectToHost(u"127.0.0.1"_s, port); });
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Timeout);
    pool.close();
    QCOMPARE(pool.status().connecting, 0);
}

void tst_ClientPoolDialing::keepAliveIsSet_data()
{
    QTest::addColumn<KeepAlive>("keepAlive");
    QTest::newRow("default") << KeepAlive();
    QTest::newRow("changed") << KeepAlive{true, 40s, 7s, 9, 12'000ms};
    QTest::newRow("off") << KeepAlive{false, 15s, 5s, 3, 30'000ms};
}

void tst_ClientPoolDialing::keepAliveIsSet()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("Qt can switch keepalive on, but not tune it.");
#endif
    QFETCH(KeepAlive, keepAlive);
    ServerPool server;
    server.setKeepAlive(keepAlive);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool client(u"127.0.0.1"_s, server.serverPort());
    client.setKeepAlive(keepAlive);
    client.start();

    for (Pool *pool : {static_cast<Pool *>(&server), static_cast<Pool *>(&client)}) {
        const TakeResult taken = await(pool->take());
        VERIFY_TAKEN(taken);
        const int descriptor = static_cast<int>(taken.connection().socket()->socketDescriptor());
        const auto option = [&](int level, int name) {
            int value = -1;
            socklen_t size = sizeof value;
            getsockopt(descriptor, level, name, &value, &size);
            return value;
        };
        QCOMPARE(option(SOL_SOCKET, SO_KEEPALIVE), keepAlive.enabled ? 1 : 0);
        if (!keepAlive.enabled)
            continue;
        QCOMPARE(option(IPPROTO_TCP, TCP_KEEPIDLE), static_cast<int>(keepAlive.idle.count()));
        QCOMPARE(option(IPPROTO_TCP, TCP_KEEPINTVL), static_cast<int>(keepAlive.interval.count()));
        QCOMPARE(option(IPPROTO_TCP, TCP_KEEPCNT), keepAlive.count);
        QCOMPARE(option(IPPROTO_TCP, TCP_USER_TIMEOUT), static_cast<int>(keepAlive.userTimeout.count()));
    }
}

QTEST_GUILESS_MAIN(tst_ClientPoolDialing)
#include "tst_clientpool_dialing.moc"
