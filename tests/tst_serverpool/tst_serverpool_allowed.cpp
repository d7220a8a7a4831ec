// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Which clients a server pool admits: addresses and networks.

#include "support/messagerecorder.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolAllowed : public QObject
{
    Q_OBJECT

private slots:
    void allowedClients_data();
    void allowedClients();
    void unreadableAllowedClients_data();
    void unreadableAllowedClients();
    void allowedClientsCheckedBeforeTls();
    void aNewListAppliesToWhatIsParked();
    void aNewListAppliesToHandshakesUnderWay();
};

void tst_ServerPoolAllowed::allowedClients_data()
{
    QTest::addColumn<QStringList>("allowed");
    QTest::addColumn<QHostAddress>("listenOn");
    QTest::addColumn<QHostAddress>("target");
    QTest::addColumn<QHostAddress>("source");
    QTest::addColumn<bool>("admitted");
    const QHostAddress any(QHostAddress::AnyIPv4);
    const QHostAddress dual(QHostAddress::Any);
    const QHostAddress one(u"127.0.0.1"_s);
    const QHostAddress two(u"127.0.0.2"_s);
    const QHostAddress six(QHostAddress::LocalHostIPv6);
    const auto row = [](const char *name, const QStringList &allowed, const QHostAddress &listenOn,
                        const QHostAddress &target, const QHostAddress &source,
                        bool admitted) { QTest::newRow(name) << allowed << listenOn << target << source << admitted; };
    row("everyone", {}, any, one, two, true);
    row("address", {u"127.0.0.2"_s}, any, one, two, true);
    row("another address", {u"127.0.0.1"_s}, any, one, two, false);
    row("network", {u"127.0.0.0/8"_s}, any, one, two, true);
    row("another network", {u"10.0.0.0/8"_s}, any, one, two, false);
    row("narrow network", {u"127.0.0.2/31"_s}, any, one, two, true);
    row("just outside", {u"127.0.0.0/31"_s}, any, one, two, false);
    row("second entry", {u"10.0.0.0/8"_s, u"127.0.0.2"_s}, any, one, two, true);
    row("everything", {u"0.0.0.0/0"_s}, any, one, two, true);
    row("mapped on a dual socket", {u"127.0.0.2"_s}, dual, one, two, true);
    row("mapped network on a dual socket", {u"127.0.0.0/8"_s}, dual, one, two, true);
    row("mapped, another", {u"127.0.0.1"_s}, dual, one, two, false);
    row("written as mapped", {u"::ffff:127.0.0.2"_s}, any, one, two, true);
    row("IPv6", {u"::1"_s}, dual, six, {}, true);
    row("IPv6 network", {u"::/64"_s}, dual, six, {}, true);
    row("IPv6, another", {u"2001:db8::/32"_s}, dual, six, {}, false);
    row("IPv4 rule, IPv6 client", {u"0.0.0.0/0"_s}, dual, six, {}, false);
    row("IPv6 rule, IPv4 client", {u"2001:db8::/32"_s}, dual, one, two, false);
}

void tst_ServerPoolAllowed::allowedClients()
{
    QFETCH(QStringList, allowed);
    QFETCH(QHostAddress, listenOn);
    QFETCH(QHostAddress, target);
    QFETCH(QHostAddress, source);
    QFETCH(bool, admitted);
    ServerPool pool;
    QVERIFY(pool.setAllowedClients(allowed));
    QCOMPARE(pool.allowedClients(), allowed);
    if (!pool.listen(listenOn) && target.protocol() == QAbstractSocket::IPv6Protocol)
        QSKIP("no IPv6 here");
    RawClient client(pool.serverPort(), target, source);
    if (admitted) {
        QVERIFY(client.readHexId().isValid());
        QTRY_COMPARE(pool.active(), 1);
        QCOMPARE(pool.status().refused, 0);
        return;
    }
    QVERIFY(client.waitForClosed());
    QCOMPARE(client.read(8), QByteArray());
    QTRY_COMPARE(pool.status().refused, 1);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.status().established, 0);
}

void tst_ServerPoolAllowed::unreadableAllowedClients_data()
{
    QTest::addColumn<QString>("entry");
    QTest::newRow("words") << u"the neighbours"_s;
    QTest::newRow("empty") << QString();
    QTest::newRow("prefix too long") << u"10.0.0.0/33"_s;
    QTest::newRow("prefix too long, IPv6") << u"2001:db8::/129"_s;
    QTest::newRow("negative prefix") << u"10.0.0.0/-1"_s;
    QTest::newRow("no prefix") << u"10.0.0.0/"_s;
    QTest::newRow("number too large") << u"10.0.0.256"_s;
    QTest::newRow("host name") << u"localhost"_s;
}

void tst_ServerPoolAllowed::unreadableAllowedClients()
{
    QFETCH(QString, entry);
    const MessageRecorder recorder;
    ServerPool pool;
    QVERIFY(pool.setAllowedClients({u"127.0.0.1"_s}));
    QVERIFY(!pool.setAllowedClients({u"192.0.2.1"_s, entry}));
    QCOMPARE(pool.allowedClients(), QStringList{u"127.0.0.1"_s});
    QCOMPARE(recorder.warnings().size(), 1);
    QVERIFY2(recorder.warnings().at(0).contains(entry), qPrintable(recorder.warnings().at(0)));
}

void tst_ServerPoolAllowed::allowedClientsCheckedBeforeTls()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.setAllowedClients({u"127.0.0.3"_s}));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient unknown(pool.serverPort());
    QVERIFY(!unknown.encrypt());
    QTRY_COMPARE(pool.status().refused, 1);
    QCOMPARE(pool.status().failedIn(Phase::Handshake), 0);

    RawClient friendly(pool.serverPort(), QHostAddress::LocalHost, QHostAddress(u"127.0.0.3"_s));
    QVERIFY(friendly.encrypt());
    QVERIFY(friendly.readHexId().isValid());
}

void tst_ServerPoolAllowed::aNewListAppliesToWhatIsParked()
{
    ServerPool pool;
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient one(pool.serverPort());
    RawClient taken(pool.serverPort());
    RawClient other(pool.serverPort(), QHostAddress::LocalHost, QHostAddress(u"127.0.0.3"_s));
    const ConnectionId first = one.readHexId();
    const ConnectionId inUse = taken.readHexId();
    const ConnectionId stays = other.readHexId();
    QVERIFY(first.isValid() && inUse.isValid() && stays.isValid());
    QTRY_COMPARE(pool.active(), 3);
    const TakeResult inUseNow = pool.take(inUse).result();
    QVERIFY(inUseNow);

    QVERIFY(pool.setAllowedClients({u"127.0.0.3"_s}));
    QVERIFY(one.waitForClosed());
    QTRY_COMPARE(pool.active(), 1);
    QTRY_COMPARE(evicted.size(), 1);
    QCOMPARE(evicted.constFirst().at(0).value<ConnectionId>(), first);
    QCOMPARE(evicted.constFirst().at(1).value<EvictionCause>(), EvictionCause::NotAllowed);
    QVERIFY(inUseNow.connection().isValid());
    QVERIFY(pool.take(stays).result());
}

void tst_ServerPoolAllowed::aNewListAppliesToHandshakesUnderWay()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient silent(pool.serverPort());
    QTRY_COMPARE(pool.status().handshaking, 1);
    QVERIFY(pool.setAllowedClients({u"127.0.0.3"_s}));
    QVERIFY(silent.waitForClosed());
    QTRY_COMPARE(pool.status().refused, 1);
    QTRY_COMPARE(pool.status().handshaking, 0);
}

QTEST_GUILESS_MAIN(tst_ServerPoolAllowed)
#include "tst_serverpool_allowed.moc"
