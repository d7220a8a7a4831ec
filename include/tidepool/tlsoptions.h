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

    /// Client, Verified: the name that the server's certificate must contain. Empty (default): the pool's host. The
    /// client also sends this name as the server name (SNI).
    QString hostName;

    /// Client, Verified: the only roots to trust. Empty (default): the system's roots.
    QList<QSslCertificate> certificateAuthorities;

    /// Client, SelfSigned and Verified: accept only a server whose certificate or public key has one of these SHA-256
    /// digests. The format is "sha256:" and 64 hexadecimal digits. Colons between the digits and upper-case digits are
    /// allowed. The pool checks the digests before it parks a connection. Empty (default): no such check. An entry that
    /// cannot be parsed is a fatal Settings error.
    QStringList pins;

    /// The pool's own certificate, followed by intermediate certificates. Server: required for Verified. If the chain
    /// is empty in SelfSigned, the pool makes a certificate in memory, once. Client: sent to servers that request a
    /// certificate. Default: none.
    QList<QSslCertificate> certificateChain;
    /// The private key of certificateChain's first certificate. Default: none.
    QSslKey privateKey;

    /// The oldest protocol that is accepted, including for a handshake that a dialer has configured. Default: TLS 1.3.
    /// TLS 1.2 is for a ClientPool with Identity::Local, because many servers support no newer protocol. In all other
    /// cases TLS 1.2 is a fatal Settings error. The pool logs a warning about TLS 1.2 when it starts.
    TlsProtocol minimumProtocol = TlsProtocol::Tls13;

    /// The allowed key exchange groups, by OpenSSL's names, in order of preference. Default, also if empty: X25519,
    /// P-256, P-384. The default excludes finite fields (ffdhe...), because with them a single packet from an unknown
    /// client costs a server about 100 ms. A name that OpenSSL does not know is a fatal Settings error. Has no effect
    /// with Qt's TLS backends other than OpenSSL.
    QStringList groups{QStringLiteral("X25519"), QStringLiteral("P-256"), QStringLiteral("P-384")};

    friend bool operator==(const TlsOptions &, const TlsOptions &) = default;
};

/// A certificate with its private key.
struct TIDEPOOL_EXPORT CertificateAndKey
{
    QSslCertificate certificate;
    QSslKey privateKey;
    /// The reason of the failure. Empty on success.
    QString error;
};

/// Makes a self-signed certificate in memory: ECDSA P-256, subject `CN=commonName`, valid for ten years from one day
/// ago (because clocks differ). Takes much less than a millisecond. Any thread.
[[nodiscard]] TIDEPOOL_EXPORT CertificateAndKey
makeSelfSignedCertificate(const QString &commonName = QStringLiteral("tidepool"));

/// The SHA-256 digest of the whole certificate, in the format of TlsOptions::pins: "sha256:" and 64 lower-case
/// hexadecimal digits. Empty for a null certificate.
[[nodiscard]] TIDEPOOL_EXPORT QString certificateFingerprint(const QSslCertificate &certificate);

/// The SHA-256 digest of the certificate's public key (SubjectPublicKeyInfo), in the same format. This digest stays the
/// same after a renewal that keeps the key.
[[nodiscard]] TIDEPOOL_EXPORT QString publicKeyFingerprint(const QSslCertificate &certificate);

} // namespace Tidepool
