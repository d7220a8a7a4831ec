// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QString>

#include <optional>

namespace Tunnel {

// The messages with which both ends of a control channel prove that they know the secret, without sending it. Pure: no
// socket, no clock.
//
//   client  {"hello":"tidepool-tunnel","version":2,"nonce":Nc}
//   server  {"challenge":Ns}
//   client  {"proof":HMAC-SHA256(secret, "client", id, Nc, Ns, certificate)}
//   server  {"welcome":HMAC-SHA256(secret, "server", id, Nc, Ns, certificate)}   or {"denied":reason}
//
// The two nonces make every exchange different, so an attacker cannot replay a recorded one. The role prevents an
// attacker from sending the proof of one end back to that end. The id binds the proof to this connection. Each end uses
// the digest of the server's certificate as it sees the certificate, so an attacker between the ends, which needs a
// certificate of its own, is detected. Therefore the secret alone authenticates the server, even in self-signed mode
// without a pin. The client sends its proof first. A peer that does not know the secret can therefore connect to the
// server, but gets no data against which it could test guesses.

/// The number of random bytes in a nonce.
inline constexpr qsizetype nonceSize = 32;
/// The number of bytes in a proof and in a certificate's digest.
inline constexpr qsizetype digestSize = 32;

enum class Role : quint8 {
    Client,
    Server,
};

/// The data on which both ends must agree.
struct Transcript
{
    Tidepool::ConnectionId id;
    QByteArray clientNonce;
    QByteArray serverNonce;
    /// SHA-256 of the server's certificate. Empty without TLS.
    QByteArray certificateDigest;
};

/// Returns bytes from the operating system's random source.
[[nodiscard]] QByteArray makeNonce();
[[nodiscard]] QByteArray makeProof(const QByteArray &secret, Role role, const Transcript &transcript);
/// Takes the same time wherever the first difference is.
[[nodiscard]] bool equalInConstantTime(const QByteArray &a, const QByteArray &b);

/// The result of one received message.
struct HandshakeStep
{
    enum class Outcome : quint8 {
        Continue, ///< Send the reply and wait for the next message.
        Proven, ///< Send the reply, if there is one: the other end knows the secret.
        Failed, ///< Send the reply, if there is one, and close; see reason.
    };
    Outcome outcome = Outcome::Failed;
    QJsonObject reply; ///< Empty: none.
    QString reason;
};

/// The handshake of the client.
class ClientHandshake
{
public:
    ClientHandshake(QByteArray secret, Tidepool::ConnectionId id, QByteArray certificateDigest);

    /// The first message.
    [[nodiscard]] QJsonObject hello() const;
    [[nodiscard]] HandshakeStep receive(const QJsonObject &message);

private:
    QByteArray m_secret;
    Transcript m_transcript;
};

/// The handshake of the server.
class ServerHandshake
{
public:
    ServerHandshake(QByteArray secret, Tidepool::ConnectionId id, QByteArray certificateDigest);

    [[nodiscard]] HandshakeStep receive(const QJsonObject &message);

private:
    HandshakeStep receiveHello(const QJsonObject &message);
    HandshakeStep receiveProof(const QJsonObject &message);

    QByteArray m_secret;
    Transcript m_transcript;
};

} // namespace Tunnel
