// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "cli/secret.h"
#include "protocol/auth.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <optional>

using namespace Tunnel;
using Tidepool::ConnectionId;
using Outcome = HandshakeStep::Outcome;

namespace {

const QByteArray secret("a secret of enough length"); // clazy:exclude=non-pod-global-static
const QByteArray certificate(32, 'c'); // clazy:exclude=non-pod-global-static

/// Lets both ends talk until one of them is through.
struct Talk
{
    Talk(ClientHandshake client, ServerHandshake server)
    {
        QJsonObject fromClient = client.hello();
        for (int i = 0; i < 5; ++i) {
            atServer = server.receive(fromClient);
            said += fromClient;
            if (atServer.reply.isEmpty())
                return;
            said += atServer.reply;
            atClient = client.receive(atServer.reply);
            if (atClient.outcome != Outcome::Continue)
                return;
            fromClient = atClient.reply;
        }
    }

    HandshakeStep atClient;
    HandshakeStep atServer;
    QList<QJsonObject> said; // client's and server's, in turn
};

} // namespace

/// Who knows the secret gets through, and nobody else.
class tst_tunnel_auth : public QObject
{
    Q_OBJECT

private slots:
    void bothKnowTheSecret();
    void secretIsNeverSaid();
    void mismatch_data();
    void mismatch();
    void denialCannotForgeLogLines();
    void serverWithoutSecretIsFoundOut();
    void replayedProofIsWorthless();
    void reflectedProofIsWorthless();
    void garbage_data();
    void garbage();
    void otherVersionIsNamed_data();
    void otherVersionIsNamed();
    void constantTimeCompare();
    void proofIsStable();
    void noncesDiffer();
    void secretFile_data();
    void secretFile();
    void secretFromEnvironment();
};

void tst_tunnel_auth::bothKnowTheSecret()
{
    const ConnectionId id(7);
    const Talk talk(ClientHandshake(secret, id, certificate), ServerHandshake(secret, id, certificate));
    QCOMPARE(talk.atServer.outcome, Outcome::Proven);
    QCOMPARE(talk.atClient.outcome, Outcome::Proven);
    QCOMPARE(talk.said.size(), 4);
}

void tst_tunnel_auth::secretIsNeverSaid()
{
    const ConnectionId id(7);
    const Talk talk(ClientHandshake(secret, id, certificate), ServerHandshake(secret, id, certificate));
    for (const QJsonObject &message : talk.said) {
        const QString text = QDebug::toString(message);
        QVERIFY(!text.contains(QString::fromLatin1(secret)));
        QVERIFY(!text.contains(QString::fromLatin1(secret.toHex())));
    }
}

void tst_tunnel_auth::mismatch_data()
{
    QTest::addColumn<QByteArray>("clientSecret");
    QTest::addColumn<ConnectionId>("clientId");
    QTest::addColumn<QByteArray>("clientCertificate");

    QTest::newRow("wrong secret") << QByteArray("another secret, as long") << ConnectionId(7) << certificate;
    QTest::newRow("no secret") << QByteArray() << ConnectionId(7) << certificate;
    QTest::newRow("another connection") << secret << ConnectionId(8) << certificate;
    QTest::newRow("someone between, with his own certificate") << secret << ConnectionId(7) << QByteArray(32, 'x');
    QTest::newRow("someone between, without TLS") << secret << ConnectionId(7) << QByteArray();
}

void tst_tunnel_auth::mismatch()
{
    QFETCH(const QByteArray, clientSecret);
    QFETCH(const ConnectionId, clientId);
    QFETCH(const QByteArray, clientCertificate);

    const Talk talk(ClientHandshake(clientSecret, clientId, clientCertificate),
                    ServerHandshake(secret, ConnectionId(7), certificate));
    QCOMPARE(talk.atServer.outcome, Outcome::Failed);
    QCOMPARE(talk.atClient.outcome, Outcome::Failed);
    QCOMPARE(talk.atClient.reason, QStringLiteral("proof"));
}

void tst_tunnel_auth::denialCannotForgeLogLines()
{
    ClientHandshake client(secret, ConnectionId(7), certificate);
    const HandshakeStep step =
        client.receive({{QStringLiteral("denied"), QStringLiteral("no\n2026 tunnel up\x1b[2J")}});
    QCOMPARE(step.outcome, Outcome::Failed);
    QCOMPARE(step.reason, QStringLiteral("no?2026 tunnel up?[2J"));
}

void tst_tunnel_auth::serverWithoutSecretIsFoundOut()
{
    ClientHandshake client(secret, ConnectionId(7), certificate);
    const QString nonce = QString::fromLatin1(makeNonce().toHex());
    QCOMPARE(client.receive({{QStringLiteral("challenge"), nonce}}).outcome, Outcome::Continue);
    // It lets everybody in, and hopes that nobody looks.
    QCOMPARE(client.receive({{QStringLiteral("welcome"), nonce}}).outcome, Outcome::Failed);

    ClientHandshake other(secret, ConnectionId(7), certificate);
    QCOMPARE(other.receive({{QStringLiteral("welcome"), nonce}}).outcome, Outcome::Failed);
}

void tst_tunnel_auth::replayedProofIsWorthless()
{
    const ConnectionId id(7);
    const Talk recorded(ClientHandshake(secret, id, certificate), ServerHandshake(secret, id, certificate));
    QCOMPARE(recorded.atServer.outcome, Outcome::Proven);

    // The unknown client even got the same id.
    ServerHandshake server(secret, id, certificate);
    QCOMPARE(server.receive(recorded.said.at(0)).outcome, Outcome::Continue);
    QCOMPARE(server.receive(recorded.said.at(2)).outcome, Outcome::Failed);
}

void tst_tunnel_auth::reflectedProofIsWorthless()
{
    // Someone between two clients who both want to be served cannot pass one's proof off as a server's.
    const ConnectionId id(7);
    ClientHandshake client(secret, id, certificate);
    const QJsonObject hello = client.hello();
    const QJsonValue nonce = hello.value(QLatin1String("nonce"));
    const HandshakeStep step = client.receive({{QStringLiteral("challenge"), nonce}});
    QCOMPARE(step.outcome, Outcome::Continue);
    QCOMPARE(client.receive({{QStringLiteral("welcome"), step.reply.value(QLatin1String("proof"))}}).outcome,
             Outcome::Failed);
}

void tst_tunnel_auth::garbage_data()
{
    QTest::addColumn<QJsonObject>("message");

    const QString hello = QStringLiteral("hello");
    const QString name = QStringLiteral("tidepool-tunnel");
    const QString version = QStringLiteral("version");
    const QString nonce = QStringLiteral("nonce");
    QTest::newRow("empty") << QJsonObject();
    QTest::newRow("a proof first") << QJsonObject{{QStringLiteral("proof"), QString(64, QLatin1Char('0'))}};
    QTest::newRow("an open") << QJsonObject{{QStringLiteral("opened"), QStringLiteral("00000007")}};
    QTest::newRow("no nonce") << QJsonObject{{hello, name}, {version, 2}};
    QTest::newRow("short nonce") << QJsonObject{{hello, name}, {version, 2}, {nonce, QStringLiteral("00")}};
    QTest::newRow("nonce not hex") << QJsonObject{{hello, name}, {version, 2}, {nonce, QString(64, QLatin1Char('z'))}};
    QTest::newRow("nonce a number") << QJsonObject{{hello, name}, {version, 2}, {nonce, 5}};
    QTest::newRow("another protocol") << QJsonObject{
        {hello, QStringLiteral("ssh")}, {version, 2}, {nonce, QString(64, QLatin1Char('0'))}};
}

void tst_tunnel_auth::garbage()
{
    QFETCH(const QJsonObject, message);
    ServerHandshake server(secret, ConnectionId(7), certificate);
    const HandshakeStep step = server.receive(message);
    QCOMPARE(step.outcome, Outcome::Failed);
    QVERIFY(!step.reason.isEmpty());
}

void tst_tunnel_auth::otherVersionIsNamed_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<QString>("remedy");

    QTest::newRow("older client") << 1 << QStringLiteral("upgrade the client");
    QTest::newRow("newer client") << 3 << QStringLiteral("upgrade the server");
    QTest::newRow("no version") << 0 << QStringLiteral("upgrade the client");
}

void tst_tunnel_auth::otherVersionIsNamed()
{
    QFETCH(const int, version);
    QFETCH(const QString, remedy);

    ServerHandshake server(secret, ConnectionId(7), certificate);
    QJsonObject hello = ClientHandshake(secret, ConnectionId(7), certificate).hello();
    QCOMPARE(hello.value(QLatin1String("version")).toInt(), 2);
    hello.insert(QStringLiteral("version"), version);
    const HandshakeStep step = server.receive(hello);
    QCOMPARE(step.outcome, Outcome::Failed);
    QVERIFY2(step.reason.endsWith(remedy), qPrintable(step.reason));
    ClientHandshake client(secret, ConnectionId(7), certificate);
    QCOMPARE(client.receive(step.reply).reason, step.reason);
}

void tst_tunnel_auth::constantTimeCompare()
{
    QVERIFY(equalInConstantTime("", ""));
    QVERIFY(equalInConstantTime("abc", "abc"));
    QVERIFY(!equalInConstantTime("abc", "abd"));
    QVERIFY(!equalInConstantTime("abc", "ab"));
    QVERIFY(!equalInConstantTime(QByteArray("a\0b", 3), QByteArray("a\0c", 3)));
}

void tst_tunnel_auth::proofIsStable()
{
    // Both ends may be of different releases: what is proven must not change without the version. Worked out with
    // Python's hmac.
    const Transcript transcript{ConnectionId(0x0a1b2c3d), QByteArray(32, 'C'), QByteArray(32, 'S'),
                                QByteArray(32, 'D')};
    QCOMPARE(makeProof("key", Role::Client, transcript).toHex(),
             QByteArray("a7be39ff7d2d6a5692fdd39075779e75de2d1f652b65be2810ed2bb82609b697"));
    QCOMPARE(makeProof("key", Role::Server, transcript).toHex(),
             QByteArray("8a0d33fbd2daa86eafd87c2c509d02995d21b271079b8013a33c4cc330faaa9b"));
}

void tst_tunnel_auth::noncesDiffer()
{
    QSet<QByteArray> nonces;
    for (int i = 0; i < 1'000; ++i)
        nonces.insert(makeNonce());
    QCOMPARE(nonces.size(), 1'000);
    QCOMPARE(nonces.constBegin()->size(), nonceSize);
}

void tst_tunnel_auth::secretFile_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("value");

    QTest::newRow("plain") << QByteArray("0123456789abcdef") << QByteArray("0123456789abcdef");
    QTest::newRow("with a newline") << QByteArray("0123456789abcdef\n") << QByteArray("0123456789abcdef");
    QTest::newRow("first line only") << QByteArray("0123456789abcdef\r\nsomething\n") << QByteArray("0123456789abcdef");
    QTest::newRow("too short") << QByteArray("0123456789abcde\n") << QByteArray();
    QTest::newRow("empty") << QByteArray() << QByteArray();
}

void tst_tunnel_auth::secretFile()
{
    QFETCH(const QByteArray, content);
    QFETCH(const QByteArray, value);
    const QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("secret")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
    file.close();

    const Secret loaded = loadSecret(file.fileName());
    QCOMPARE(loaded.value, value);
    QCOMPARE(loaded.error.isEmpty(), !value.isEmpty());
    QVERIFY(content.trimmed().isEmpty() || !loaded.error.contains(QString::fromLatin1(content.trimmed())));

    const Secret missing = loadSecret(folder.filePath(QStringLiteral("none")));
    QVERIFY(missing.value.isEmpty());
    QVERIFY(missing.error.contains(folder.filePath(QStringLiteral("none"))));
}

void tst_tunnel_auth::secretFromEnvironment()
{
    qputenv("TIDEPOOL_SECRET", "0123456789abcdef");
    QCOMPARE(loadSecret({}).value, QByteArray("0123456789abcdef"));
    QVERIFY(!qEnvironmentVariableIsSet("TIDEPOOL_SECRET")); // children do not inherit it
    QVERIFY(loadSecret({}).value.isEmpty());
    QVERIFY(loadSecret({}).error.isEmpty());
    qputenv("TIDEPOOL_SECRET", "short");
    QVERIFY(!loadSecret({}).error.isEmpty());
    QCOMPARE(makeSecret().size(), 64);
}

QTEST_GUILESS_MAIN(tst_tunnel_auth)
#include "tst_tunnel_auth.moc"
