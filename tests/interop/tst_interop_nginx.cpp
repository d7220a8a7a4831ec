// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A ClientPool with ids of its own keeps connections to a real nginx warm.

#include "support/nginxserver.h"
#include "support/poolhelpers.h"
#include "support/process.h"

#include <QtCore/QSet>

#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;

class tst_InteropNginx : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void getsPages_data();
    void getsPages();
    void sessionTicketsDoNotEvict();
    void closesIdleOnes();
    void closesReturnedOnes();
    void isLearnedFrom();
    void comesBackAfterRestart();

private:
    void connectTo(ClientPool &pool, const NginxServer &server, int capacity) const;
    static QByteArray get(QSslSocket *socket, const QByteArray &page);

    Authority m_authority;
    Credentials m_issued = m_authority.issueForLocalHost();
};

void tst_InteropNginx::initTestCase()
{
    SKIP_IF_PROCESSES_CONFUSE();
    if (!NginxServer::isAvailable())
        QSKIP("nginx is not installed");
}

void tst_InteropNginx::connectTo(ClientPool &pool, const NginxServer &server, int capacity) const
{
    pool.setHost(u"127.0.0.1"_s);
    pool.setPort(server.port());
    pool.setIdentity(Tidepool::Identity::Local);
    pool.setMinimumCapacity(capacity);
    pool.setMaximumCapacity(capacity);
    pool.setMinimumInterval(std::chrono::milliseconds(50));
    pool.setMaximumInterval(std::chrono::milliseconds(100));
}

/// The body of the answer; empty if there is none.
QByteArray tst_InteropNginx::get(QSslSocket *socket, const QByteArray &page)
{
    socket->write("GET /" + page + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QByteArray answer;
    qsizetype bodyStart = -1;
    qsizetype length = 0;
    const bool whole = QTest::qWaitFor([&] {
        answer += socket->readAll();
        if (bodyStart < 0 && answer.contains("\r\n\r\n")) {
            bodyStart = answer.indexOf("\r\n\r\n") + 4;
            const qsizetype field = answer.indexOf("Content-Length: ") + 16;
            length = answer.mid(field, answer.indexOf("\r\n", field) - field).toLongLong();
        }
        return bodyStart >= 0 && answer.size() >= bodyStart + length;
    });
    return whole && answer.startsWith("HTTP/1.1 200 ") ? answer.mid(bodyStart) : QByteArray();
}

void tst_InteropNginx::getsPages_data()
{
    QTest::addColumn<TlsMode>("mode");
    QTest::newRow("plain") << TlsMode::None;
    QTest::newRow("TLS") << TlsMode::SelfSigned;
    QTest::newRow("TLS, verified") << TlsMode::Verified;
}

void tst_InteropNginx::getsPages()
{
    QFETCH(TlsMode, mode);
    NginxServer server({mode == TlsMode::None ? std::nullopt : std::optional(m_issued)});
    const QByteArray large(300'000, 'n');
    server.addPage(u"large.txt"_s, large);
    QVERIFY2(server.start(), qPrintable(server.errorText()));

    ClientPool pool;
    connectTo(pool, server, 8);
    pool.setTls(mode == TlsMode::Verified ? verifying(m_authority.root(), u"localhost"_s) : tlsMode(mode));
    pool.start();
    QTRY_COMPARE(pool.active(), 8);

    QSet<QString> ids;
    std::vector<TakeResult> all;
    for (int i = 0; i < 8; ++i) {
        all.push_back(await(pool.take())); // a session ticket may be looked at just now
        VERIFY_TAKEN(all.back());
        ids.insert(all.back().connection().id().toString());
    }
    QCOMPARE(ids.size(), 8);
    for (const TakeResult &taken : all) {
        QSslSocket *socket = taken.connection().socket();
        QCOMPARE(get(socket, "index.html"), "Hello from nginx\n"_ba);
        QCOMPARE(get(socket, "large.txt"), large);
        pool.giveBack(taken.connection());
    }
    QTRY_COMPARE(pool.status().givenBack, 8);
    QTRY_VERIFY(pool.active() >= 8);
    const TakeResult again = await(pool.take());
    VERIFY_TAKEN(again);
    QCOMPARE(get(again.connection().socket(), "index.html"), "Hello from nginx\n"_ba);
    VERIFY_COUNTERS(pool);
}

// nginx sends TLS 1.3 session tickets right after the handshake: readable, but nothing for the application.
void tst_InteropNginx::sessionTicketsDoNotEvict()
{
    NginxServer server({m_issued});
    QVERIFY2(server.start(), qPrintable(server.errorText()));
    ClientPool pool;
    connectTo(pool, server, 8);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.setUnsolicited(Unsolicited::Evict);
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    pool.start();
    QTRY_COMPARE(pool.active(), 8);
    QVERIFY(!QTest::qWaitFor([&] { return pool.status().evictedTotal() > 0; }, 700));
    QTRY_COMPARE(pool.active(), 8);
    QCOMPARE(pool.status().parkedTotal, 8);
    QCOMPARE(readable.size(), 0);

    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QCOMPARE(get(taken.connection().socket(), "index.html"), "Hello from nginx\n"_ba);
}

void tst_InteropNginx::closesIdleOnes()
{
    NginxServer server({m_issued, 1, 1});
    QVERIFY2(server.start(), qPrintable(server.errorText()));
    ClientPool pool;
    connectTo(pool, server, 4);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QTRY_VERIFY(pool.status().evictedBy(EvictionCause::PeerClosed) >= 4);
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.state(), PoolState::Ready);

    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QCOMPARE(get(taken.connection().socket(), "index.html"), "Hello from nginx\n"_ba);
    VERIFY_COUNTERS(pool);
}

void tst_InteropNginx::closesReturnedOnes()
{
    NginxServer server({m_issued, 60, 1});
    QVERIFY2(server.start(), qPrintable(server.errorText()));
    ClientPool pool;
    connectTo(pool, server, 2);
    pool.setMinimumInterval(std::chrono::seconds(60)); // no refill: there is room for the one that is given back
    pool.setMaximumInterval(std::chrono::seconds(60));
    pool.setRefill(Refill::AtRound);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.start();
    QTRY_COMPARE(pool.active(), 2);
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    const ConnectionId id = taken.connection().id();
    QCOMPARE(get(taken.connection().socket(), "index.html"), "Hello from nginx\n"_ba);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.giveBack(taken.connection());

    // nginx closes it a second after its answer.
    QTRY_VERIFY(!evicted.isEmpty());
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), id);
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::PeerClosed);
    QVERIFY(!pool.evictions().isEmpty());
    QCOMPARE(pool.evictions().constLast().id, id);
    QVERIFY(pool.active() >= 1);
}

// It closes whoever has asked for nothing after 11 s. When it has done so three times, nobody gets such a connection.
void tst_InteropNginx::isLearnedFrom()
{
    NginxServer server({std::nullopt, 11});
    QVERIFY2(server.start(), qPrintable(server.errorText()));
    ClientPool pool;
    connectTo(pool, server, 4);
    pool.setTls(tlsMode(TlsMode::None));
    pool.start();
    QTRY_VERIFY_WITH_TIMEOUT(pool.status().idleLifetime.count() > 0, 50'000);
    QVERIFY2(pool.status().idleLifetime.count() > 10'500 && pool.status().idleLifetime.count() < 12'000,
             qPrintable(pool.status().idleText()));
    QTRY_COMPARE(pool.active(), 4);
    const PoolStatus known = pool.status();
    int least = 4;
    QVERIFY(QTest::qWaitFor(
        [&] {
            least = std::min(least, pool.active());
            return pool.status().evictedBy(EvictionCause::Expired) >= known.evictedBy(EvictionCause::Expired) + 8;
        },
        30'000));
    QVERIFY2(least == 4, "each is replaced before it goes");
    QCOMPARE(pool.status().evictedBy(EvictionCause::PeerClosed), known.evictedBy(EvictionCause::PeerClosed));
    VERIFY_COUNTERS(pool);
}

void tst_InteropNginx::comesBackAfterRestart()
{
    NginxServer server({m_issued});
    QVERIFY2(server.start(), qPrintable(server.errorText()));
    ClientPool pool;
    connectTo(pool, server, 4);
    makeImpatient(pool);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.start();
    QTRY_COMPARE(pool.active(), 4);

    server.stop();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    QCOMPARE(pool.active(), 0);
    QVERIFY(!pool.isReady());
    QVERIFY(pool.lastError());

    QVERIFY2(server.start(), qPrintable(server.errorText()));
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(pool.state(), PoolState::Ready);
    QVERIFY(!pool.lastError());
}

QTEST_GUILESS_MAIN(tst_InteropNginx)
#include "tst_interop_nginx.moc"
