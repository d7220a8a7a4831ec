// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/messagerecorder.h"
#include "support/poolhelpers.h"

#include <QtNetwork/QSslConfiguration>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

/// What TLS may be: the protocol, the groups, and what a dialer may not do about them.
class tst_ClientPoolProtocol : public QObject
{
    Q_OBJECT

private slots:
    void dialerCannotLowerTheProtocol_data();
    void dialerCannotLowerTheProtocol();
    void dialerCannotSkipTheVerification_data();
    void dialerCannotSkipTheVerification();
    void olderProtocolForLocalIds();
    void olderProtocolIsForLocalIdsOnly();
    void olderProtocolIsNotForServers();
    void groups_data();
    void groups();
    void weakSettingsAreWarnedAboutOnce_data();
    void weakSettingsAreWarnedAboutOnce();

private:
    static PeerScript oldPeer();
    Authority m_authority;
};

PeerScript tst_ClientPoolProtocol::oldPeer()
{
    PeerScript script = PeerScript::overTls(selfSigned());
    script.protocol = QSsl::TlsV1_2;
    return script;
}

void tst_ClientPoolProtocol::dialerCannotLowerTheProtocol_data()
{
    QTest::addColumn<bool>("encryptsItself");
    QTest::newRow("its configuration") << false;
    QTest::newRow("its own handshake") << true;
}

void tst_ClientPoolProtocol::dialerCannotLowerTheProtocol()
{
    QFETCH(bool, encryptsItself);
    const TestPeer peer(oldPeer());
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.setDialer([port = peer.port(), encryptsItself](QSslSocket &socket) {
        QSslConfiguration configuration;
        configuration.setProtocol(QSsl::TlsV1_2OrLater);
        configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
        socket.setSslConfiguration(configuration);
        if (encryptsItself)
            socket.connectToHostEncrypted(u"127.0.0.1"_s, port);
        else
            socket.connectToHost(u"127.0.0.1"_s, port);
    });
    pool.start();
    QTRY_VERIFY(pool.lastError() || pool.active() > 0);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.lastError().phase(), Phase::Handshake);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Tls);
    QVERIFY2(pool.lastError().message().contains(u"minimumProtocol"_s), qPrintable(pool.lastError().message()));
    pool.close();
}

void tst_ClientPoolProtocol::dialerCannotSkipTheVerification_data()
{
    QTest::addColumn<bool>("ignoresErrors");
    QTest::newRow("its configuration") << false;
    QTest::newRow("it ignores errors") << true;
}

void tst_ClientPoolProtocol::dialerCannotSkipTheVerification()
{
    QFETCH(bool, ignoresErrors);
    const TestPeer peer(PeerScript::overTls(selfSigned()));
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.setTls(verifying(m_authority.root(), u"localhost"_s));
    pool.setDialer([port = peer.port(), ignoresErrors](QSslSocket &socket) {
        if (ignoresErrors) {
            socket.ignoreSslErrors();
        } else {
            QSslConfiguration configuration = socket.sslConfiguration();
            configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
            socket.setSslConfiguration(configuration);
        }
        socket.connectToHost(u"127.0.0.1"_s, port);
    });
    pool.start();
    QTRY_VERIFY(pool.lastError() || pool.active() > 0);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Certificate);
    pool.close();
}

void tst_ClientPoolProtocol::olderProtocolForLocalIds()
{
    PeerScript script = oldPeer();
    script.greeting = PeerScript::Greeting::Nothing;
    const TestPeer peer(script);
    const MessageRecorder recorder;
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setIdentity(Identity::Local);
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.pins = {certificateFingerprint(script.tls->certificate())};
    tls.minimumProtocol = TlsProtocol::Tls12;
    pool.setTls(tls);
    pool.start();
    QTRY_VERIFY2(pool.active() == 2, qPrintable(pool.lastError().message()));
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().socket()->sessionProtocol(), QSsl::TlsV1_2);
    QCOMPARE(echo(taken.connection().socket(), "old"), "old"_ba);
    const auto messages = recorder.messages();
    QCOMPARE(std::ranges::count_if(messages, [](const auto &message) { return message.text.contains(u"TLS 1.2"_s); }),
             1);
}

void tst_ClientPoolProtocol::olderProtocolIsForLocalIdsOnly()
{
    const TestPeer peer(oldPeer());
    ClientPool pool;
    configure(pool, peer, 1);
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.minimumProtocol = TlsProtocol::Tls12;
    pool.setTls(tls);
    pool.start();
    QTRY_COMPARE(pool.lastError().kind(), ErrorKind::Settings);
    QVERIFY2(pool.lastError().message().contains(u"Identity::Local"_s), qPrintable(pool.lastError().message()));
    QCOMPARE(peer.accepted(), 0);
}

void tst_ClientPoolProtocol::olderProtocolIsNotForServers()
{
    ServerPool pool;
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.minimumProtocol = TlsProtocol::Tls12;
    pool.setTls(tls);
    QVERIFY(!pool.listen(QHostAddress::LocalHost));
    QCOMPARE(pool.lastError().kind(), ErrorKind::Settings);
}

void tst_ClientPoolProtocol::groups_data()
{
    QTest::addColumn<QStringList>("groups");
    QTest::addColumn<bool>("isUsable");
    QTest::newRow("default") << TlsOptions().groups << true;
    QTest::newRow("empty is the default") << QStringList() << true;
    QTest::newRow("one") << QStringList{u"P-384"_s} << true;
    QTest::newRow("by its other name") << QStringList{u"prime256v1"_s} << true;
    QTest::newRow("unknown") << QStringList{u"X25519"_s, u"P-257"_s} << false;
    QTest::newRow("two in one") << QStringList{u"X25519:P-256"_s} << false;
}

void tst_ClientPoolProtocol::groups()
{
    QFETCH(QStringList, groups);
    QFETCH(bool, isUsable);
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.groups = groups;
    ServerPool server;
    server.setTls(tls);
    QCOMPARE(server.listen(QHostAddress::LocalHost), isUsable);
    if (!isUsable) {
        QVERIFY2(server.lastError().message().contains(groups.constLast()), qPrintable(server.lastError().message()));
        return;
    }
    ClientPool client(u"127.0.0.1"_s, server.serverPort());
    client.setMinimumCapacity(1);
    client.setMaximumCapacity(1);
    client.setTls(tls);
    client.start();
    QTRY_VERIFY2(client.active() == 1, qPrintable(client.lastError().message()));
}

void tst_ClientPoolProtocol::weakSettingsAreWarnedAboutOnce_data()
{
    QTest::addColumn<TlsOptions>("tls");
    QTest::addColumn<QString>("warning");
    QTest::newRow("no TLS") << tlsMode(TlsMode::None) << u"TlsOptions::mode"_s;
    QTest::newRow("nobody authenticated") << tlsMode(TlsMode::SelfSigned) << u"TlsOptions::pins"_s;
    TlsOptions pinned = tlsMode(TlsMode::SelfSigned);
    pinned.pins = {u"sha256:"_s + QString(64, u'0')};
    QTest::newRow("pinned") << pinned << QString();
    QTest::newRow("verified") << verifying(m_authority.root(), u"localhost"_s) << QString();
}

void tst_ClientPoolProtocol::weakSettingsAreWarnedAboutOnce()
{
    QFETCH(TlsOptions, tls);
    QFETCH(QString, warning);
    const TestPeer peer(PeerScript::echoing(tls.mode != TlsMode::None));
    const MessageRecorder recorder;
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setTls(tls);
    pool.start();
    QTRY_VERIFY(pool.active() == 1 || pool.lastError());
    pool.setPort(peer.port() == 1 ? 2 : 1); // new settings, and the same weakness
    pool.setPort(peer.port());
    QTRY_VERIFY(pool.active() == 1 || pool.lastError());
    QStringList advice;
    for (const auto &message : recorder.messages()) {
        if (message.category == u"tidepool.tls"_s)
            advice.append(message.text);
    }
    QCOMPARE(advice.size(), warning.isEmpty() ? 0 : 1);
    QVERIFY2(advice.value(0).contains(warning), qPrintable(advice.join(u'\n')));
}

QTEST_GUILESS_MAIN(tst_ClientPoolProtocol)
#include "tst_clientpool_protocol.moc"
