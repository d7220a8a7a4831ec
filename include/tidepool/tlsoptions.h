// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/enums.h>

#include <QtCore/QList>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslKey>

namespace Tidepool {

/// The TLS settings of a pool.
///
/// A value type, usable in any thread.
class TIDEPOOL_EXPORT TlsOptions
{
    Q_GADGET
    Q_PROPERTY(Tidepool::TlsMode mode MEMBER mode)
    Q_PROPERTY(QString hostName MEMBER hostName)
    Q_PROPERTY(QStringList pins MEMBER pins)
    Q_PROPERTY(Tidepool::TlsProtocol minimumProtocol MEMBER minimumProtocol)
    Q_PROPERTY(QStringList groups MEMBER groups)

public:
    /// Default: None.
    TlsMode mode = TlsMode::None;

    /// Client, Verified: the name the certificate must carry. Empty (default): the pool's host.
    /// Also sent as the server name (SNI).
    QString hostName;

    /// Client, Verified: the roots to trust, and no others. Empty (default): the system's.
    QList<QSslCertificate> certificateAuthorities;

    /// Client, SelfSigned and Verified: accept only a server whose certificate, or whose public key,
    /// has one of these SHA-256 digests. Written "sha256:" and 64 hexadecimal digits; colons between
    /// the digits are allowed, upper case too. Checked before a connection is parked.
    /// Empty (default): no such check. An entry that cannot be read is a fatal Settings error.
    QStringList pins;

    /// The end's own certificate, with intermediates after it. Server: required for Verified; if
    /// empty in SelfSigned, the pool makes one in memory, once. Client: shown to servers that ask. Default: none.
    QList<QSslCertificate> certificateChain;
    /// The private key of certificateChain's first certificate. Default: none.
    QSslKey privateKey;

    /// The oldest protocol that is accepted, also of a handshake that a dialer has configured. Default: TLS 1.3.
    /// TLS 1.2 is for a ClientPool with Identity::Local, because many servers have no other; elsewhere it is a fatal
    /// Settings error. The log warns of it when the pool starts.
    TlsProtocol minimumProtocol = TlsProtocol::Tls13;

    /// The key exchange groups that are allowed, by OpenSSL's names, the preferred one first. Default, also if empty:
    /// X25519, P-256, P-384. Not among them are finite fields (ffdhe...), with which an unknown client's single packet
    /// costs a server some 100 ms. A name that OpenSSL does not know is a fatal Settings error. Without effect in other
    /// TLS backends of Qt than OpenSSL.
    QStringList groups{QStringLiteral("X25519"), QStringLiteral("P-256"), QStringLiteral("P-384")};

    friend bool operator==(const TlsOptions &, const TlsOptions &) = default;
};

/// A certificate with its private key.
struct TIDEPOOL_EXPORT CertificateAndKey
{
    QSslCertificate certificate;
    QSslKey privateKey;
    /// Why making it failed; empty on success.
    QString error;
};

/// Makes a self-signed certificate in memory: ECDSA P-256, subject `CN=commonName`, valid from one
/// day ago (clocks differ) for ten years. Takes well under a millisecond. Any thread.
[[nodiscard]] TIDEPOOL_EXPORT CertificateAndKey
makeSelfSignedCertificate(const QString &commonName = QStringLiteral("tidepool"));

/// The SHA-256 digest of the whole certificate, in the form that TlsOptions::pins takes:
/// "sha256:" and 64 lower-case hexadecimal digits. Empty for a null certificate.
[[nodiscard]] TIDEPOOL_EXPORT QString certificateFingerprint(const QSslCertificate &certificate);

/// The same of the certificate's public key (SubjectPublicKeyInfo), which survives a renewal that keeps the key.
[[nodiscard]] TIDEPOOL_EXPORT QString publicKeyFingerprint(const QSslCertificate &certificate);

} // namespace Tidepool
