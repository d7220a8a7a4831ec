// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "auth.h"

#include "messages.h"

#include <QtCore/QCryptographicHash>
#include <QtCore/QMessageAuthenticationCode>
#include <QtCore/QRandomGenerator>

#include <array>

namespace Tunnel {

namespace {

// 2: the client announces only connections whose other end is the server, and passes nothing on before it has sent
// `opened`. The server relies on both.
constexpr int protocolVersion = 2;

QString helloKey()
{
    return QStringLiteral("hello");
}
QString versionKey()
{
    return QStringLiteral("version");
}
QString nonceKey()
{
    return QStringLiteral("nonce");
}
QString challengeKey()
{
    return QStringLiteral("challenge");
}
QString proofKey()
{
    return QStringLiteral("proof");
}
QString welcomeKey()
{
    return QStringLiteral("welcome");
}
QString deniedKey()
{
    return QStringLiteral("denied");
}
QString protocolName()
{
    return QStringLiteral("tidepool-tunnel");
}

QString toHex(const QByteArray &bytes)
{
    return QString::fromLatin1(bytes.toHex());
}

/// Returns exactly @p size bytes, written as hexadecimal digits, or an empty array for any other value.
QByteArray fromHex(const QJsonValue &value, qsizetype size)
{
    const QByteArray text = value.toString().toLatin1();
    // fromHex() skips characters that are not digits. The length of the result therefore shows whether the text is
    // valid.
    const QByteArray bytes = QByteArray::fromHex(text);
    return text.size() == 2 * size && bytes.size() == size ? bytes : QByteArray();
}

QString versionsDiffer(int client, int server)
{
    const QString words = client < server
        ? QStringLiteral(
            "the client speaks an older version of the tunnel's protocol (%1) than the server (%2); upgrade "
            "the client")
        : QStringLiteral(
            "the server speaks an older version of the tunnel's protocol (%2) than the client (%1); upgrade "
            "the server");
    return words.arg(client).arg(server);
}

// Version 1 uses a text that does not say which end is the older one.
bool isOfVersion1(const QString &denial)
{
    return denial.startsWith(QLatin1String("protocol version "));
}

HandshakeStep failed(const QString &reason, const QJsonObject &reply = {})
{
    return {HandshakeStep::Outcome::Failed, reply, reason};
}

} // namespace

QByteArray makeNonce()
{
    std::array<quint32, static_cast<size_t>(nonceSize) / sizeof(quint32)> words{};
    QRandomGenerator::system()->fillRange(words.data(), static_cast<qsizetype>(words.size()));
    return QByteArray(reinterpret_cast<const char *>(words.data()), nonceSize);
}

QByteArray makeProof(const QByteArray &secret, Role role, const Transcript &transcript)
{
    // Every field except the version has a fixed length, so two different transcripts never have the same text.
    QByteArray text = QByteArrayLiteral("tidepool-tunnel control ") + QByteArray::number(protocolVersion) + ' ';
    text += role == Role::Client ? QByteArrayLiteral("client ") : QByteArrayLiteral("server ");
    text += transcript.id.toString().toLatin1().leftJustified(8, '-', true);
    text += transcript.clientNonce.leftJustified(nonceSize, '\0', true);
    text += transcript.serverNonce.leftJustified(nonceSize, '\0', true);
    text += transcript.certificateDigest.leftJustified(digestSize, '\0', true);
    return QMessageAuthenticationCode::hash(text, secret, QCryptographicHash::Sha256);
}

bool equalInConstantTime(const QByteArray &a, const QByteArray &b)
{
    if (a.size() != b.size())
        return false;
    unsigned difference = 0;
    for (qsizetype i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a.at(i)) ^ static_cast<unsigned char>(b.at(i)));
    return difference == 0;
}

// --- The client's end ------------------------------------------------------------------------------

ClientHandshake::ClientHandshake(QByteArray secret, Tidepool::ConnectionId id, QByteArray certificateDigest)
    : m_secret(std::move(secret)), m_transcript{id, makeNonce(), {}, std::move(certificateDigest)}
{}

QJsonObject ClientHandshake::hello() const
{
    return {
        {helloKey(), protocolName()}, {versionKey(), protocolVersion}, {nonceKey(), toHex(m_transcript.clientNonce)}};
}

HandshakeStep ClientHandshake::receive(const QJsonObject &message)
{
    if (message.contains(deniedKey())) {
        const QString reason = Messages::printable(message.value(deniedKey()));
        return failed(isOfVersion1(reason) ? versionsDiffer(protocolVersion, 1) : reason);
    }

    if (m_transcript.serverNonce.isEmpty()) {
        m_transcript.serverNonce = fromHex(message.value(challengeKey()), nonceSize);
        if (m_transcript.serverNonce.isEmpty())
            return failed(QStringLiteral("the server did not send a challenge; is it a tidepool server?"));
        const QByteArray proof = makeProof(m_secret, Role::Client, m_transcript);
        return {HandshakeStep::Outcome::Continue, {{proofKey(), toHex(proof)}}, {}};
    }

    const QByteArray welcome = fromHex(message.value(welcomeKey()), digestSize);
    if (!equalInConstantTime(welcome, makeProof(m_secret, Role::Server, m_transcript)))
        return failed(
            QStringLiteral("the server could not prove that it knows the secret; this is not the right server"));
    return {HandshakeStep::Outcome::Proven, {}, {}};
}

// --- The server's end ------------------------------------------------------------------------------

ServerHandshake::ServerHandshake(QByteArray secret, Tidepool::ConnectionId id, QByteArray certificateDigest)
    : m_secret(std::move(secret)), m_transcript{id, {}, {}, std::move(certificateDigest)}
{}

HandshakeStep ServerHandshake::receive(const QJsonObject &message)
{
    return m_transcript.clientNonce.isEmpty() ? receiveHello(message) : receiveProof(message);
}

HandshakeStep ServerHandshake::receiveHello(const QJsonObject &message)
{
    if (message.value(helloKey()).toString() != protocolName())
        return failed(QStringLiteral("its first message is not a hello"));
    const int version = message.value(versionKey()).toInt();
    if (version != protocolVersion) {
        const QString reason = versionsDiffer(version, protocolVersion);
        return failed(reason, {{deniedKey(), reason}});
    }
    m_transcript.clientNonce = fromHex(message.value(nonceKey()), nonceSize);
    if (m_transcript.clientNonce.isEmpty())
        return failed(QStringLiteral("its hello has no nonce"));
    m_transcript.serverNonce = makeNonce();
    return {HandshakeStep::Outcome::Continue, {{challengeKey(), toHex(m_transcript.serverNonce)}}, {}};
}

HandshakeStep ServerHandshake::receiveProof(const QJsonObject &message)
{
    const QByteArray proof = fromHex(message.value(proofKey()), digestSize);
    if (!equalInConstantTime(proof, makeProof(m_secret, Role::Client, m_transcript)))
        return failed(QStringLiteral("it does not know the secret"), {{deniedKey(), QStringLiteral("proof")}});
    const QByteArray welcome = makeProof(m_secret, Role::Server, m_transcript);
    return {HandshakeStep::Outcome::Proven, {{welcomeKey(), toHex(welcome)}}, {}};
}

} // namespace Tunnel
