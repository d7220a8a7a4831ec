// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QString>

#include <optional>

namespace Tunnel {

// How both ends of a control channel prove that they know the secret, without showing it. Pure: no socket, no clock.
//
//   client  {"hello":"tidepool-tunnel","version":2,"nonce":Nc}
//   server  {"challenge":Ns}
//   client  {"proof":HMAC-SHA256(secret, "client", id, Nc, Ns, certificate)}
//   server  {"welcome":HMAC-SHA256(secret, "server", id, Nc, Ns, certificate)}   or {"denied":reason}
//
// Both nonces make every exchange new, so a recorded one is worthless; the role keeps one end's proof from being
// sent back to it; the connection's id ties it to this connection; the digest of the server's certificate, as
// each end sees it, gives away anyone who sits between them with a certificate of his own. So the secret alone
// authenticates the server, even in self-signed mode without a pin. The client proves first: who does
// not know the secret learns nothing that he could test guesses against by connecting to the server.

/// Bytes of randomness in a nonce.
inline constexpr qsizetype nonceSize = 32;
/// Bytes in a proof and in a certificate's digest.
inline constexpr qsizetype digestSize = 32;

enum class Role : quint8 {
    Client,
    Server,
};

/// What both ends must agree on.
struct Transcript
{
    Tidepool::ConnectionId id;
    QByteArray clientNonce;
    QByteArray serverNonce;
    /// SHA-256 of the server's certificate; empty without TLS.
    QByteArray certificateDigest;
};

/// From the operating system's random source.
[[nodiscard]] QByteArray makeNonce();
[[nodiscard]] QByteArray makeProof(const QByteArray &secret, Role role, const Transcript &transcript);
/// Takes the same time wherever the first difference is.
[[nodiscard]] bool equalInConstantTime(const QByteArray &a, const QByteArray &b);

/// What one received message leads to.
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

/// The client's end.
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

/// The server's end.
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
