// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/poolhelpers.h"

#include <QtCore/QElapsedTimer>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

/// How a client reads the ids that its server sends.
class tst_ClientPoolIds : public QObject
{
    Q_OBJECT

private slots:
    void autoFindsTheFormat_data();
    void autoFindsTheFormat();
    void rawIdThatLooksLikeDigits_data();
    void rawIdThatLooksLikeDigits();
    void wrongFormatIsToldAsSuch_data();
    void wrongFormatIsToldAsSuch();
    void messagesNameTheRemedy_data();
    void messagesNameTheRemedy();
};

void tst_ClientPoolIds::autoFindsTheFormat_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<bool>("isRaw");
    QTest::newRow("Hex8, plain") << false << false;
    QTest::newRow("Hex8, TLS") << true << false;
    QTest::newRow("Raw4, plain") << false << true;
    QTest::newRow("Raw4, TLS") << true << true;
}

void tst_ClientPoolIds::autoFindsTheFormat()
{
    QFETCH(bool, encrypted);
    QFETCH(bool, isRaw);
    PeerScript script = PeerScript::echoing(encrypted);
    script.greeting = isRaw ? PeerScript::Greeting::Raw4 : PeerScript::Greeting::Hex8;
    script.behind = "12345678"; // the application's, and digits
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 3);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.setIdFormat(IdFormat::Auto);
    pool.start();
    QTRY_VERIFY2(pool.active() == 3, qPrintable(pool.lastError().message()));
    for (const ConnectionId id : peer.ids()) {
        const TakeResult taken = await(pool.take(id));
        VERIFY_TAKEN(taken);
        QCOMPARE(readExactly(taken.connection().socket(), 8), "12345678"_ba);
        QCOMPARE(echo(taken.connection().socket(), "mine"), "mine"_ba);
    }
    QCOMPARE(pool.status().failedTotal(), 0);
}

void tst_ClientPoolIds::rawIdThatLooksLikeDigits_data()
{
    QTest::addColumn<IdFormat>("format");
    QTest::addColumn<QByteArray>("behind");
    QTest::newRow("Raw4, silence behind") << IdFormat::Raw4 << QByteArray();
    QTest::newRow("Raw4, text behind") << IdFormat::Raw4 << QByteArray("hello");
    QTest::newRow("Auto, silence behind") << IdFormat::Auto << QByteArray();
    QTest::newRow("Auto, text behind") << IdFormat::Auto << QByteArray("hello");
}

void tst_ClientPoolIds::rawIdThatLooksLikeDigits()
{
    QFETCH(IdFormat, format);
    QFETCH(QByteArray, behind);
    TestPeer peer(PeerScript::sending("abcd" + behind, PeerScript::Then::Echo));
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setIdFormat(format);
    pool.start();
    const TakeResult taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().id().toString(), u"61626364"_s);
    QCOMPARE(readExactly(taken.connection().socket(), behind.size()), behind);
}

void tst_ClientPoolIds::wrongFormatIsToldAsSuch_data()
{
    QTest::addColumn<IdFormat>("format");
    QTest::addColumn<PeerScript>("script");
    QTest::addColumn<QString>("named");
    PeerScript raw;
    raw.greeting = PeerScript::Greeting::Raw4;
    QTest::newRow("Raw4 for Hex8") << IdFormat::Hex8 << raw << u"Is it IdFormat::Raw4?"_s;
    QTest::newRow("Raw4 that looks like digits, for Hex8")
        << IdFormat::Hex8 << PeerScript::sending("abcd") << u"Is it IdFormat::Raw4?"_s;
    QTest::newRow("Hex8 for Raw4") << IdFormat::Raw4 << PeerScript() << u"Is it IdFormat::Hex8?"_s;
}

void tst_ClientPoolIds::wrongFormatIsToldAsSuch()
{
    QFETCH(IdFormat, format);
    QFETCH(PeerScript, script);
    QFETCH(QString, named);
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 2);
    makeImpatient(pool);
    Timeouts timeouts = pool.timeouts();
    timeouts.identify = 1s; // four bytes that look like digits are judged only when it ends
    pool.setTimeouts(timeouts);
    pool.setIdFormat(format);
    pool.start();
    QTRY_VERIFY(pool.lastError() || pool.active() > 0);
    QCOMPARE(pool.lastError().phase(), Phase::Identify);
    QCOMPARE(pool.lastError().kind(), ErrorKind::BadIdentity);
    QVERIFY2(pool.lastError().message().contains(named), qPrintable(pool.lastError().message()));
    QCOMPARE(pool.status().established, 0);
}

void tst_ClientPoolIds::messagesNameTheRemedy_data()
{
    QTest::addColumn<PeerScript>("script");
    QTest::addColumn<QString>("remedy");
    PeerScript late = PeerScript::ending(PeerScript::Then::Close);
    late.delay = 50ms;
    QTest::newRow("waits for the client's request") << PeerScript::silent() << u"Identity::Local"_s;
    QTest::newRow("waits for a TLS handshake") << PeerScript::silent() << u"same TLS mode"_s;
    QTest::newRow("closes because no request comes") << late << u"Identity::Local"_s;
    QTest::newRow("greets") << PeerScript::sending("220 mail.example ESMTP\r\n") << u"Identity::Local"_s;
    QTest::newRow("greets shortly") << PeerScript::sending("+OK\r") << u"Identity::Local"_s;
    QTest::newRow("too short") << PeerScript::sending("12") << u"Identity::Local"_s;
}

void tst_ClientPoolIds::messagesNameTheRemedy()
{
    QFETCH(PeerScript, script);
    QFETCH(QString, remedy);
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    shortenTimeout(pool, &Timeouts::identify);
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QVERIFY2(pool.lastError().message().contains(remedy), qPrintable(pool.lastError().message()));
}

QTEST_GUILESS_MAIN(tst_ClientPoolIds)
#include "tst_clientpool_ids.moc"
