// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Settings that change while clients come: what is parked afterwards was made under the new ones.

#include "support/clientflood.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QDeadlineTimer>
#include <QtCore/QRegularExpression>
#include <QtCore/QThread>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {
// Fewer than silent clients may wait.
constexpr int floodSize = 200;

// Without the event loop: the others must still be on their way.
bool awaitFirst(const ServerPool &pool)
{
    const QDeadlineTimer deadline(5s);
    while (pool.status().established == 0 && !deadline.hasExpired())
        QThread::yieldCurrentThread();
    return pool.status().established > 0;
}
} // namespace

class tst_ServerPoolSettings : public QObject
{
    Q_OBJECT

private slots:
    void newTlsHoldsForAllThatAreParked();
    void newIdFormatHoldsForAllThatAreParked();
    void handshakesUnderWayEndWithTheirSettings();
    void unchangedSettingsFlushNothing();
    void idFormatIsNotChangedBehindATlsError();
};

void tst_ServerPoolSettings::newTlsHoldsForAllThatAreParked()
{
    int raced = 0;
    for (int round = 0; round < times(20); ++round) {
        ServerPool pool;
        QVERIFY(pool.listen(QHostAddress::LocalHost));
        const ClientFlood flood(pool.serverPort(), floodSize);
        QVERIFY(awaitFirst(pool));
        pool.setTls(tlsMode(TlsMode::SelfSigned));
        raced += pool.status().established < floodSize ? 1 : 0;
        QTRY_COMPARE(flood.connected(), floodSize);

        // One with TLS, behind the others: the new settings are in force.
        std::vector<RawClient> clients;
        while (pool.active() == 0 && clients.size() < 100) {
            clients.emplace_back(pool.serverPort());
            if (clients.back().encrypt())
                QTRY_VERIFY(pool.active() > 0);
        }
        const QList<ConnectionRecord> parked = pool.connections();
        QVERIFY(!parked.isEmpty());
        const auto plain = std::count_if(parked.begin(), parked.end(),
                                         [](const ConnectionRecord &record) { return record.cipher.isEmpty(); });
        QVERIFY2(plain == 0, qPrintable(u"round %1: %2 without TLS"_s.arg(round).arg(plain)));
        VERIFY_COUNTERS(pool);
    }
    QVERIFY2(raced > 0, "no client came in between");
}

void tst_ServerPoolSettings::newIdFormatHoldsForAllThatAreParked()
{
    int raced = 0;
    for (int round = 0; round < times(20); ++round) {
        ServerPool pool;
        QVERIFY(pool.listen(QHostAddress::LocalHost));
        const ClientFlood flood(pool.serverPort(), floodSize);
        QVERIFY(awaitFirst(pool));
        pool.setIdFormat(IdFormat::Raw4);
        raced += pool.status().established < floodSize ? 1 : 0;
        QTRY_COMPARE(flood.connected(), floodSize);

        std::vector<RawClient> clients; // behind the others
        while (pool.active() == 0 && clients.size() < 100) {
            clients.emplace_back(pool.serverPort());
            if (clients.back().read(8, 100ms).size() == 4)
                QTRY_VERIFY(pool.active() > 0);
        }
        const QList<ConnectionRecord> parked = pool.connections();
        QVERIFY(!parked.isEmpty());
        const auto old = std::count_if(parked.begin(), parked.end(),
                                       [&](const ConnectionRecord &record) { return flood.bytesAt(record.peer) > 4; });
        QVERIFY2(old == 0, qPrintable(u"round %1: %2 were told 8 bytes"_s.arg(round).arg(old)));
        VERIFY_COUNTERS(pool);
    }
    QVERIFY2(raced > 0, "no client came in between");
}

// They would be dropped in the end, after they were told an id.
void tst_ServerPoolSettings::handshakesUnderWayEndWithTheirSettings()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    std::vector<RawClient> clients = connectMany(pool.serverPort(), 1);
    QTRY_COMPARE(pool.status().handshaking, 1);
    pool.setIdFormat(IdFormat::Raw4);
    QVERIFY(clients.front().waitForClosed(2s));
    QTRY_COMPARE(pool.status().handshaking, 0);
    QCOMPARE(pool.status().dropped, 0);
}

void tst_ServerPoolSettings::unchangedSettingsFlushNothing()
{
    ServerPool pool;
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    const Credentials own = selfSigned();
    tls.certificateChain = {own.certificate()};
    tls.privateKey = own.key;
    pool.setTls(tls);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    QTRY_COMPARE(pool.active(), 1);

    QSignalSpy changed(&pool, &Pool::settingsChanged);
    pool.setTls(pool.tls());
    TlsOptions same = tlsMode(TlsMode::SelfSigned);
    same.certificateChain = {QSslCertificate(own.certificate().toPem())};
    same.privateKey = QSslKey(own.key.toPem(), QSsl::Ec);
    pool.setTls(same);
    QCOMPARE(pool.active(), 1);
    QCOMPARE(pool.status().evictedTotal(), 0);
    QCOMPARE(changed.size(), 0);

    same.privateKey = {};
    same.certificateChain = {};
    pool.setTls(same);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.status().evictedBy(EvictionCause::Flushed), 1);
}

// Otherwise clients would get ids of a new format from a pool that says that it did not use its new settings.
void tst_ServerPoolSettings::idFormatIsNotChangedBehindATlsError()
{
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient before(pool.serverPort());
    QCOMPARE(before.read(8).size(), 8);
    QTRY_COMPARE(pool.active(), 1);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"The new TLS settings are not used"_s));
    pool.setTls(tlsMode(TlsMode::Verified)); // and no certificate
    QCOMPARE(pool.active(), 1);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"The new TLS settings are not used"_s));
    pool.setIdFormat(IdFormat::Raw4);
    QCOMPARE(pool.active(), 0);
    RawClient after(pool.serverPort());
    const ConnectionId id = after.readRawId();
    QVERIFY(id.isValid());
    VERIFY_TAKEN(await(pool.take(id, 3s)));
}

QTEST_GUILESS_MAIN(tst_ServerPoolSettings)
#include "tst_serverpool_settings.moc"
