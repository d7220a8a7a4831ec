// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"

#include <QtCore/QElapsedTimer>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolTls : public QObject
{
    Q_OBJECT

private slots:
    void acceptsAGoodServer_data();
    void acceptsAGoodServer();
    void refusesABadServer_data();
    void refusesABadServer();
    void pins_data();
    void pins();
    void certificateNotValidNow_data();
    void certificateNotValidNow();
    void fatalErrorStopsDialling();
    void fatalErrorFailsTheWaiters();
    void settingsEndAFatalError();
    void retryNowEndsAFatalError();
    void badServerIsNeverParked();
    void olderTlsIsRefused();
    void plainServerIsATlsError();
    void showsItsCertificate();

private:
    void start(ClientPool &pool, const TestPeer &peer, const TlsOptions &tls, const QString &host = u"127.0.0.1"_s);

    Authority m_authority;
    Authority m_otherAuthority;
    Credentials m_issued = m_authority.issueForLocalHost();
    Credentials m_selfSigned = selfSigned();
};

void tst_ClientPoolTls::start(ClientPool &pool, const TestPeer &peer, const TlsOptions &tls, const QString &host)
{
    configure(pool, peer, 2);
    makeImpatient(pool);
    pool.setHost(host);
    pool.setTls(tls);
    pool.start();
}

void tst_ClientPoolTls::acceptsAGoodServer_data()
{
    QTest::addColumn<Credentials>("server");
    QTest::addColumn<TlsOptions>("tls");
    QTest::addColumn<QString>("host");
    const QString address = u"127.0.0.1"_s;
    const QSslCertificate root = m_authority.root();
    QTest::newRow("self-signed") << m_selfSigned << tlsMode(TlsMode::SelfSigned) << address;
    QTest::newRow("self-signed mode, any certificate") << m_issued << tlsMode(TlsMode::SelfSigned) << address;
    QTest::newRow("verified, by address") << m_issued << verifying(root, {}) << address;
    QTest::newRow("verified, by host name") << m_issued << verifying(root, {}) << u"localhost"_s;
    QTest::newRow("verified, name differs from host") << m_issued << verifying(root, u"localhost"_s) << address;
    QTest::newRow("verified, wildcard") << m_authority.issue({{u"*.example.com"_s}, {}})
                                        << verifying(root, u"pool.example.com"_s) << address;
    TlsOptions two = verifying(m_otherAuthority.root(), u"localhost"_s);
    two.certificateAuthorities.append(root);
    QTest::newRow("verified, one of two roots") << m_issued << two << address;
}

void tst_ClientPoolTls::acceptsAGoodServer()
{
    QFETCH(Credentials, server);
    QFETCH(TlsOptions, tls);
    QFETCH(QString, host);
    TestPeer peer(PeerScript::overTls(server));
    ClientPool pool;
    start(pool, peer, tls, host);
    QTRY_VERIFY2(pool.active() == 2, qPrintable(pool.lastError().message()));
    const TakeResult taken = pool.tryTake();
    VERIFY_TAKEN(taken);
    QSslSocket *socket = taken.connection().socket();
    QVERIFY(socket->isEncrypted());
    QCOMPARE(socket->sessionProtocol(), QSsl::TlsV1_3);
    QCOMPARE(socket->peerCertificate(), server.certificate());
    QCOMPARE(echo(socket, "secret"), "secret"_ba);
    QCOMPARE(pool.status().failedTotal(), 0);
}

void tst_ClientPoolTls::refusesABadServer_data()
{
    QTest::addColumn<Credentials>("server");
    QTest::addColumn<TlsOptions>("tls");
    const QSslCertificate root = m_authority.root();
    const TlsOptions good = verifying(root, u"localhost"_s);
    QTest::newRow("another name") << m_issued << verifying(root, u"example.com"_s);
    QTest::newRow("no name at all") << m_authority.issue({}) << good;
    QTest::newRow("another root") << m_otherAuthority.issueForLocalHost() << good;
    // A fault of the date beside another one is no matter of time.
    QTest::newRow("expired, another name") << m_authority.issue({{u"example.com"_s}, {}, -10, -1}) << good;
    QTest::newRow("self-signed") << m_selfSigned << good;
    // Only the given roots count, not the system's beside them.
    TlsOptions systemRoots = good;
    systemRoots.certificateAuthorities.clear();
    QTest::newRow("unknown to the system") << m_issued << systemRoots;
    Credentials incomplete = m_issued;
    incomplete.chain.removeLast();
    QTest::newRow("intermediate missing") << incomplete << good;
}

void tst_ClientPoolTls::refusesABadServer()
{
    QFETCH(Credentials, server);
    QFETCH(TlsOptions, tls);
    TestPeer peer(PeerScript::overTls(server));
    ClientPool pool;
    start(pool, peer, tls);
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().kind(), ErrorKind::Certificate);
    QCOMPARE(pool.lastError().phase(), Phase::Handshake);
    QVERIFY(pool.lastError().isFatal());
    QVERIFY(pool.status().failedIn(Phase::Handshake) >= 1);
    QCOMPARE(pool.state(), PoolState::Degraded);
    QCOMPARE(pool.status().parkedTotal, 0);
}

void tst_ClientPoolTls::pins_data()
{
    QTest::addColumn<Credentials>("server");
    QTest::addColumn<TlsMode>("mode");
    QTest::addColumn<QStringList>("pins");
    QTest::addColumn<ErrorKind>("kind");
    const auto row = [](const char *name, const Credentials &server, TlsMode mode, const QStringList &pins,
                        ErrorKind kind) { QTest::newRow(name) << server << mode << pins << kind; };
    const QString right = certificateFingerprint(m_selfSigned.certificate());
    const QString key = publicKeyFingerprint(m_selfSigned.certificate());
    const QString wrong = certificateFingerprint(m_issued.certificate());
    QString withColons = right.left(9);
    for (qsizetype i = 9; i < right.size(); i += 2)
        withColons += u':' + right.mid(i, 2);
    row("certificate", m_selfSigned, TlsMode::SelfSigned, {right}, ErrorKind::None);
    row("public key", m_selfSigned, TlsMode::SelfSigned, {key}, ErrorKind::None);
    row("one of several", m_selfSigned, TlsMode::SelfSigned, {wrong, right}, ErrorKind::None);
    row("upper case", m_selfSigned, TlsMode::SelfSigned, {u"sha256:"_s + right.mid(7).toUpper()}, ErrorKind::None);
    row("colons", m_selfSigned, TlsMode::SelfSigned, {withColons}, ErrorKind::None);
    row("blanks around it", m_selfSigned, TlsMode::SelfSigned, {u' ' + right + u'\n'}, ErrorKind::None);
    row("verified and pinned", m_issued, TlsMode::Verified, {wrong}, ErrorKind::None);
    row("wrong", m_selfSigned, TlsMode::SelfSigned, {wrong}, ErrorKind::Pin);
    row("verified, wrong pin", m_issued, TlsMode::Verified, {right}, ErrorKind::Pin);
    row("pinned, not verified", m_selfSigned, TlsMode::Verified, {right}, ErrorKind::Certificate);
    // The chain's other certificates are public: to match one of them proves nothing about this server.
    row("pin of the intermediate", m_issued, TlsMode::SelfSigned, {certificateFingerprint(m_issued.chain.at(1))},
        ErrorKind::Pin);
    row("unreadable", m_selfSigned, TlsMode::SelfSigned, {u"sha256:abc"_s}, ErrorKind::Settings);
    row("unreadable beside a right one", m_selfSigned, TlsMode::SelfSigned, {right, u"md5:00"_s}, ErrorKind::Settings);
    row("not hexadecimal", m_selfSigned, TlsMode::SelfSigned, {u"sha256:"_s + QString(64, u'z')}, ErrorKind::Settings);
    row("without prefix", m_selfSigned, TlsMode::SelfSigned, {right.mid(7)}, ErrorKind::Settings);
    row("empty entry", m_selfSigned, TlsMode::SelfSigned, {QString()}, ErrorKind::Settings);
}

void tst_ClientPoolTls::pins()
{
    QFETCH(Credentials, server);
    QFETCH(TlsMode, mode);
    QFETCH(QStringList, pins);
    QFETCH(ErrorKind, kind);
    TestPeer peer(PeerScript::overTls(server));
    TlsOptions tls = mode == TlsMode::Verified ? verifying(m_authority.root(), u"localhost"_s) : tlsMode(mode);
    tls.pins = pins;
    ClientPool pool;
    start(pool, peer, tls);
    if (kind == ErrorKind::None) {
        QTRY_VERIFY2(pool.active() == 2, qPrintable(pool.lastError().message()));
        return;
    }
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().kind(), kind);
    QVERIFY(pool.lastError().isFatal());
    QCOMPARE(pool.status().parkedTotal, 0);
}

void tst_ClientPoolTls::certificateNotValidNow_data()
{
    QTest::addColumn<int>("from");
    QTest::addColumn<int>("to");
    QTest::newRow("expired") << -10 << -1;
    QTest::newRow("not valid yet") << 1 << 10;
}

// The clock of this machine, or one server of several: tried again, but slowly, and shown.
void tst_ClientPoolTls::certificateNotValidNow()
{
    QFETCH(int, from);
    QFETCH(int, to);
    TestPeer peer(PeerScript::overTls(m_authority.issue({{u"localhost"_s}, {}, from, to})));
    ClientPool pool;
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    Backoff backoff;
    backoff.base = 1ms;
    backoff.cap = 3s;
    start(pool, peer, verifying(m_authority.root(), u"localhost"_s));
    pool.setMinimumCapacity(1);
    pool.setMaximumCapacity(1);
    pool.setBackoff(backoff);
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().kind(), ErrorKind::CertificateDate);
    QVERIFY(!pool.lastError().isFatal());
    QVERIFY(pool.lastError().isLasting());
    QVERIFY2(pool.lastError().message().contains(u"clock"_s), qPrintable(pool.lastError().message()));
    QTRY_VERIFY(failed.size() >= 2);
    const auto tried = failed.size();
    QVERIFY2(!QTest::qWaitFor([&] { return failed.size() > tried + 1; }, 1'200),
             qPrintable(QString::number(failed.size())));
    QCOMPARE(pool.state(), PoolState::Degraded);
    QVERIFY(pool.status().nextAttempt > 0ms);
    QVERIFY2(pool.status().stateText().contains(u"certificate not valid now, next try"_s),
             qPrintable(pool.status().stateText()));
    peer.setScript(PeerScript::overTls(m_issued));
    QTRY_COMPARE(pool.active(), 1);
}

void tst_ClientPoolTls::fatalErrorStopsDialling()
{
    TestPeer peer(PeerScript::overTls(m_selfSigned));
    ClientPool pool;
    start(pool, peer, verifying(m_authority.root(), u"localhost"_s));
    QTRY_VERIFY(pool.lastError().isFatal());
    QTRY_COMPARE(underWay(pool), 0);
    const int dialled = peer.accepted();
    QVERIFY(dialled <= 2);
    QVERIFY(!QTest::qWaitFor([&] { return peer.accepted() > dialled; }, 700));
}

void tst_ClientPoolTls::fatalErrorFailsTheWaiters()
{
    TestPeer peer(PeerScript::overTls(m_selfSigned));
    ClientPool pool;
    start(pool, peer, verifying(m_authority.root(), u"localhost"_s));
    QElapsedTimer clock;
    clock.start();
    const QFuture<TakeResult> any = pool.take(10s);
    const QFuture<TakeResult> named = pool.take(ConnectionId(7), 10s);
    for (const TakeResult &taken : {await(any), await(named), await(pool.take(10s))}) {
        QCOMPARE(taken.error().kind(), ErrorKind::Certificate);
        QVERIFY(taken.error().isFatal());
        QVERIFY(!taken.error().message().isEmpty());
        QVERIFY(!taken.error().status()); // only the wait's own errors have one
    }
    QVERIFY2(clock.elapsed() < 3'000, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(pool.waiting(), 0);
    VERIFY_COUNTERS(pool);
}

void tst_ClientPoolTls::settingsEndAFatalError()
{
    TestPeer peer(PeerScript::overTls(m_selfSigned));
    ClientPool pool;
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.pins = {certificateFingerprint(m_issued.certificate())};
    start(pool, peer, tls);
    QTRY_VERIFY(pool.lastError().isFatal());
    tls.pins = {certificateFingerprint(m_selfSigned.certificate())};
    pool.setTls(tls);
    QTRY_COMPARE(pool.active(), 2);
    QVERIFY(!pool.lastError());
    QCOMPARE(pool.state(), PoolState::Ready);
}

void tst_ClientPoolTls::retryNowEndsAFatalError()
{
    TestPeer peer(PeerScript::overTls(m_selfSigned));
    ClientPool pool;
    start(pool, peer, verifying(m_authority.root(), u"localhost"_s));
    QTRY_VERIFY(pool.lastError().isFatal());
    // The server got a proper certificate meanwhile.
    peer.setScript(PeerScript::overTls(m_issued));
    pool.retryNow();
    QTRY_COMPARE(pool.active(), 2);
    QVERIFY(!pool.lastError());
}

// The server's id is on its way before the certificate has been judged; it must not help.
void tst_ClientPoolTls::badServerIsNeverParked()
{
    PeerScript eager = PeerScript::overTls(m_selfSigned);
    eager.behind = "here I am";
    TestPeer peer(eager);
    ClientPool pool;
    QSignalSpy parked(&pool, &Pool::connectionParked);
    start(pool, peer, verifying(m_authority.root(), u"localhost"_s));
    QTRY_VERIFY(pool.lastError().isFatal());
    for (int i = 0; i < 10; ++i) {
        const int before = peer.accepted();
        pool.retryNow();
        QTRY_VERIFY(peer.accepted() > before);
        QVERIFY(QTest::qWaitFor([&] { return underWay(pool) == 0; }));
    }
    QCOMPARE(parked.size(), 0);
    QCOMPARE(pool.status().established, 0);
}

void tst_ClientPoolTls::olderTlsIsRefused()
{
    PeerScript script = PeerScript::overTls(m_selfSigned);
    script.protocol = QSsl::TlsV1_2;
    TestPeer peer(script);
    ClientPool pool;
    start(pool, peer, tlsMode(TlsMode::SelfSigned));
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Handshake);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Tls);
    QCOMPARE(pool.active(), 0);
}

void tst_ClientPoolTls::plainServerIsATlsError()
{
    TestPeer peer(PeerScript::sending("00000001 is no TLS record"));
    ClientPool pool;
    start(pool, peer, tlsMode(TlsMode::SelfSigned));
    QTRY_VERIFY(pool.lastError());
    QCOMPARE(pool.lastError().phase(), Phase::Handshake);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Tls);
    QVERIFY(!pool.lastError().isFatal());
}

void tst_ClientPoolTls::showsItsCertificate()
{
    PeerScript script = PeerScript::overTls(m_issued);
    script.clientAuthorities = {m_authority.root()};
    TestPeer peer(script);
    const Credentials own = m_authority.issue({{u"client"_s}, {}});
    TlsOptions tls = verifying(m_authority.root(), u"localhost"_s);
    tls.certificateChain = own.chain;
    tls.privateKey = own.key;
    ClientPool pool;
    start(pool, peer, tls);
    QTRY_COMPARE(pool.active(), 2);
    QCOMPARE(peer.clientCertificates().value(0), own.certificate());
}

QTEST_GUILESS_MAIN(tst_ClientPoolTls)
#include "tst_clientpool_tls.moc"
