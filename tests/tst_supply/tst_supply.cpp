// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "supply/allowedclients.h"
#include "supply/wireid.h"
#include "support/process.h"
#include "tls/pins.h"

#include <tidepool/tlsoptions.h>

#include <QtCore/QProcess>
#include <QtCore/QSet>
#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <openssl/err.h>

using namespace Tidepool;

/// Ids, address lists and pins: what is read from outside.
class tst_Supply : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void idsOnTheWire_data();
    void idsOnTheWire();
    void whatIsNoId_data();
    void whatIsNoId();
    void firstBytes_data();
    void firstBytes();
    void randomIdsDiffer();
    void allowedClients_data();
    void allowedClients();
    void unreadableNetworks_data();
    void unreadableNetworks();
    void fingerprintsAreThoseOfOpenSsl();
    void fingerprintsLeaveNoErrorBehind();
    void pins_data();
    void pins();
};

void tst_Supply::idsOnTheWire_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("isHex");
    QTest::addColumn<QString>("text");
    QTest::newRow("hex") << QByteArray("00c0ffee") << true << QStringLiteral("00c0ffee");
    QTest::newRow("hex, all zero") << QByteArray("00000000") << true << QStringLiteral("00000000");
    QTest::newRow("raw") << QByteArray::fromHex("00c0ffee") << false << QStringLiteral("00c0ffee");
    QTest::newRow("raw, highest") << QByteArray::fromHex("ffffffff") << false << QStringLiteral("ffffffff");
}

void tst_Supply::idsOnTheWire()
{
    QFETCH(QByteArray, bytes);
    QFETCH(bool, isHex);
    QFETCH(QString, text);
    const IdFormat format = isHex ? IdFormat::Hex8 : IdFormat::Raw4;
    const auto id = fromWire(bytes, format);
    QVERIFY(id);
    QVERIFY(id->isValid());
    QCOMPARE(id->toString(), text);
    QCOMPARE(toWire(*id, format), bytes);
    QVERIFY(ConnectionId::fromString(text) == id);
}

void tst_Supply::whatIsNoId_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("upper case") << QByteArray("00C0FFEE");
    QTest::newRow("not hex") << QByteArray("HTTP/1.1");
    QTest::newRow("sign") << QByteArray("+0c0ffee");
    QTest::newRow("space") << QByteArray(" 0c0ffee");
    QTest::newRow("short") << QByteArray("c0ffee");
    QTest::newRow("long") << QByteArray("00c0ffee0");
    QTest::newRow("zero bytes") << QByteArray(8, '\0');
    QTest::newRow("empty") << QByteArray();
}

void tst_Supply::whatIsNoId()
{
    QFETCH(QByteArray, bytes);
    QVERIFY(!fromWire(bytes, IdFormat::Hex8));
}

void tst_Supply::firstBytes_data()
{
    using Meaning = FirstBytes::Meaning;
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<IdFormat>("expected");
    QTest::addColumn<int>("meaning");
    QTest::addColumn<QString>("id");
    const auto row = [](const char *name, const QByteArray &bytes, IdFormat expected, Meaning meaning,
                        const char *id = "") {
        QTest::newRow(name) << bytes << expected << static_cast<int>(meaning) << QString::fromLatin1(id);
    };
    const QByteArray raw("\x00\xc0\xff\xee", 4);
    row("nothing, Hex8", {}, IdFormat::Hex8, Meaning::TooFew);
    row("nothing, Auto", {}, IdFormat::Auto, Meaning::TooFew);
    row("three, Raw4", raw.left(3), IdFormat::Raw4, Meaning::TooFew);
    row("seven digits, Hex8", "0123456", IdFormat::Hex8, Meaning::TooFew);
    row("eight digits, Hex8", "00c0ffee", IdFormat::Hex8, Meaning::Id, "00c0ffee");
    row("more behind, Hex8", "00c0ffeeGET", IdFormat::Hex8, Meaning::Id, "00c0ffee");
    row("four bytes, Hex8", raw, IdFormat::Hex8, Meaning::OtherFormat, "00c0ffee");
    row("text, Hex8", "HTTP/1.1", IdFormat::Hex8, Meaning::NoId);
    row("upper case, Hex8", "00C0FFEE", IdFormat::Hex8, Meaning::NoId);
    row("four bytes, Raw4", raw, IdFormat::Raw4, Meaning::Id, "00c0ffee");
    row("more behind, Raw4", raw + "12345678", IdFormat::Raw4, Meaning::Id, "00c0ffee");
    row("four digits, Raw4", "abcd", IdFormat::Raw4, Meaning::MaybeId, "61626364");
    row("six digits, Raw4", "abcd12", IdFormat::Raw4, Meaning::MaybeId, "61626364");
    row("four digits and more, Raw4", "abcd hi!", IdFormat::Raw4, Meaning::Id, "61626364");
    row("eight digits, Raw4", "00c0ffee", IdFormat::Raw4, Meaning::OtherFormat, "00c0ffee");
    row("four bytes, Auto", raw, IdFormat::Auto, Meaning::Id, "00c0ffee");
    row("four digits, Auto", "00c0", IdFormat::Auto, Meaning::MaybeId, "30306330");
    row("four digits and more, Auto", "00c0hi", IdFormat::Auto, Meaning::Id, "30306330");
    row("eight digits, Auto", "00c0ffee", IdFormat::Auto, Meaning::Id, "00c0ffee");
    row("zero, Auto", QByteArray(4, '\0'), IdFormat::Auto, Meaning::Id, "00000000");
}

void tst_Supply::firstBytes()
{
    QFETCH(QByteArray, bytes);
    QFETCH(IdFormat, expected);
    QFETCH(int, meaning);
    QFETCH(QString, id);
    const FirstBytes read = readFirstBytes(bytes, expected);
    QCOMPARE(static_cast<int>(read.meaning), meaning);
    QCOMPARE(read.id.toString(), id);
}

void tst_Supply::randomIdsDiffer()
{
    QSet<quint32> seen;
    for (int i = 0; i < 1000; ++i)
        seen.insert(randomId().value());
    QVERIFY(seen.size() > 990);
}

void tst_Supply::allowedClients_data()
{
    QTest::addColumn<QStringList>("list");
    QTest::addColumn<QString>("client");
    QTest::addColumn<bool>("isAllowed");
    const auto row = [](const char *name, const char *list, const char *client, bool isAllowed) {
        const QString text = QString::fromLatin1(list);
        QTest::newRow(name) << (text.isEmpty() ? QStringList() : text.split(QLatin1Char(' ')))
                            << QString::fromLatin1(client) << isAllowed;
    };
    row("an empty list lets everyone in", "", "198.51.100.7", true);
    row("the address", "192.0.2.7", "192.0.2.7", true);
    row("its neighbour", "192.0.2.7", "192.0.2.8", false);
    row("in the network", "10.0.0.0/8", "10.200.3.4", true);
    row("outside the network", "10.0.0.0/8", "11.0.0.1", false);
    row("the second entry", "192.0.2.7 10.0.0.0/8", "10.0.0.1", true);
    row("IPv4-mapped client, IPv4 entry", "192.0.2.7", "::ffff:192.0.2.7", true);
    row("IPv4-mapped client, IPv4 network", "192.0.2.0/24", "::ffff:192.0.2.9", true);
    row("IPv4 client, IPv4-mapped entry", "::ffff:192.0.2.7", "192.0.2.7", true);
    row("IPv4 client, IPv4-mapped network", "::ffff:192.0.2.0/120", "192.0.2.9", true);
    row("IPv4 client outside the IPv4-mapped network", "::ffff:192.0.2.0/120", "192.0.3.9", false);
    row("IPv6", "2001:db8::/32", "2001:db8:1::1", true);
    row("other IPv6", "2001:db8::/32", "2001:db9::1", false);
    row("IPv4 is not IPv6", "::/0", "192.0.2.1", false);
    row("everyone of IPv4", "0.0.0.0/0", "192.0.2.1", true);
}

void tst_Supply::allowedClients()
{
    QFETCH(QStringList, list);
    QFETCH(QString, client);
    QFETCH(bool, isAllowed);
    QString bad;
    const auto clients = AllowedClients::parse(list, &bad);
    QVERIFY2(clients, qPrintable(bad));
    QCOMPARE(clients->admits(QHostAddress(client)), isAllowed);
}

void tst_Supply::unreadableNetworks_data()
{
    QTest::addColumn<QString>("entry");
    for (const char *entry :
         {"", "localhost", "10.0.0.0/33", "10.0.0.0/x", "2001:db8::/129", "1.2.3.4.5", "::ffff:0:0/90"})
        QTest::newRow(entry) << QString::fromLatin1(entry);
}

void tst_Supply::unreadableNetworks()
{
    QFETCH(QString, entry);
    QString bad;
    QVERIFY(!AllowedClients::parse({QStringLiteral("10.0.0.0/8"), entry}, &bad));
    QCOMPARE(bad, entry);
}

void tst_Supply::fingerprintsAreThoseOfOpenSsl()
{
    const CertificateAndKey made = makeSelfSignedCertificate(QStringLiteral("example.org"));
    QVERIFY2(made.error.isEmpty(), qPrintable(made.error));
    QTemporaryDir directory;
    QFile file(directory.filePath(QStringLiteral("certificate.pem")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(made.certificate.toPem());
    file.close();

    SKIP_IF_PROCESSES_CONFUSE();
    QProcess openssl;
    openssl.start(QStringLiteral("openssl"),
                  {QStringLiteral("x509"), QStringLiteral("-in"), file.fileName(), QStringLiteral("-noout"),
                   QStringLiteral("-fingerprint"), QStringLiteral("-sha256"), QStringLiteral("-subject"),
                   QStringLiteral("-text")});
    QVERIFY(openssl.waitForFinished());
    const QString output = QString::fromUtf8(openssl.readAllStandardOutput());
    QVERIFY2(output.contains(QLatin1String("prime256v1")), qPrintable(output));
    // "CN = example.org" before OpenSSL 3.2, "CN=example.org" since.
    QVERIFY2(QString(output).remove(QLatin1Char(' ')).contains(QLatin1String("CN=example.org")), qPrintable(output));
    const QString digits = certificateFingerprint(made.certificate).mid(7);
    QCOMPARE(digits.size(), 64);
    QString withColons = digits.toUpper();
    for (int i = 62; i > 0; i -= 2)
        withColons.insert(i, QLatin1Char(':'));
    QVERIFY2(output.contains(QStringLiteral("Fingerprint=") + withColons), qPrintable(output));
}

// OpenSSL keeps errors for each thread, and a live TLS socket of the thread would report them as its own.
void tst_Supply::fingerprintsLeaveNoErrorBehind()
{
    QByteArray der = makeSelfSignedCertificate().certificate.toDer();
    const QByteArray ellipticCurve = QByteArray::fromHex("06072a8648ce3d0201");
    QCOMPARE(der.count(ellipticCurve), 1);
    der.replace(ellipticCurve, QByteArray::fromHex("06072a8648ce3d027f")); // a kind of key that nobody knows
    const QSslCertificate certificate(der, QSsl::Der);
    ERR_clear_error(); // Qt's own
    QVERIFY(!publicKeyFingerprint(certificate).isEmpty());
    QVERIFY(!Pins().match(certificate));
    QCOMPARE(ERR_peek_error(), 0UL);
}

void tst_Supply::pins_data()
{
    QTest::addColumn<QString>("how");
    QTest::addColumn<bool>("isReadable");
    QTest::addColumn<bool>("matches");
    QTest::newRow("the certificate") << QStringLiteral("%1") << true << true;
    QTest::newRow("the public key") << QStringLiteral("%2") << true << true;
    QTest::newRow("upper case and colons") << QStringLiteral("%3") << true << true;
    QTest::newRow("another") << QStringLiteral("sha256:") + QString(64, QLatin1Char('0')) << true << false;
    QTest::newRow("too short") << QStringLiteral("sha256:00") << false << false;
    QTest::newRow("no prefix") << QString(64, QLatin1Char('0')) << false << false;
    QTest::newRow("not hex") << QStringLiteral("sha256:") + QString(64, QLatin1Char('g')) << false << false;
}

void tst_Supply::pins()
{
    QFETCH(QString, how);
    QFETCH(bool, isReadable);
    QFETCH(bool, matches);
    const CertificateAndKey made = makeSelfSignedCertificate();
    const QString digest = certificateFingerprint(made.certificate);
    QString decorated = digest.mid(7).toUpper();
    decorated.insert(32, QLatin1Char(':'));
    QString entry = how;
    entry.replace(QLatin1String("%1"), digest);
    entry.replace(QLatin1String("%2"), publicKeyFingerprint(made.certificate));
    entry.replace(QLatin1String("%3"), QLatin1String("SHA256:") + decorated);
    QString bad;
    const auto pins = Pins::parse({entry}, &bad);
    QCOMPARE(pins.has_value(), isReadable);
    if (!pins) {
        QCOMPARE(bad, entry);
        return;
    }
    QCOMPARE(pins->match(made.certificate), matches);
    QVERIFY(!pins->match(makeSelfSignedCertificate().certificate));
    QVERIFY(!pins->match(QSslCertificate()));
}

QTEST_GUILESS_MAIN(tst_Supply)
#include "tst_supply.moc"
