// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tlsconfiguration.h"

#include "../io/log.h"
#include "groups.h"
#include "opensslerror.h"

#include <QtNetwork/QSslDiffieHellmanParameters>
#include <QtNetwork/QSslError>
#include <QtNetwork/QSslSocket>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace Tidepool {

namespace {

PoolError settingsError(const QString &message)
{
    return {Phase::Handshake, ErrorKind::Settings, message};
}

// Qt does not check this, and every handshake would fail. A key outside this process cannot be checked.
bool belongTogether(const QSslCertificate &certificate, const QSslKey &key)
{
    const OpenSslErrorQueueGuard guard;
    const QByteArray certificateDer = certificate.toDer();
    const QByteArray keyDer = key.toDer();
    const auto *certificateData = reinterpret_cast<const unsigned char *>(certificateDer.constData());
    const auto *keyData = reinterpret_cast<const unsigned char *>(keyDer.constData());
    const std::unique_ptr<X509, decltype(&X509_free)> read(
        d2i_X509(nullptr, &certificateData, static_cast<long>(certificateDer.size())), X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> readKey(
        d2i_AutoPrivateKey(nullptr, &keyData, static_cast<long>(keyDer.size())), EVP_PKEY_free);
    return !read || !readKey || X509_check_private_key(read.get(), readKey.get()) == 1;
}

// The roots to add to a configuration that is not a copy of Qt's default configuration. If Qt finds a directory with
// hashed names, Qt loads roots from the directory on demand, and the default configuration contains no roots. To add
// all roots to every context would then cost 0.4 ms for each handshake. If there is only a bundle, Qt's default
// configuration contains all roots, but an empty configuration does not.
const QList<QSslCertificate> &rootsToAdd()
{
    static const QList<QSslCertificate> roots = QSslConfiguration::defaultConfiguration().caCertificates().isEmpty()
        ? QList<QSslCertificate>()
        : QSslConfiguration::systemCaCertificates();
    return roots;
}

// With finite fields, a packet that anybody can send again costs the server about 100 ms (CVE-2002-20001).
PoolError setGroups(QSslConfiguration &ssl, const QStringList &groups)
{
    for (const QString &group : groups) {
        if (!isTlsGroup(group))
            return settingsError(QStringLiteral("OpenSSL knows no group \"%1\"; TlsOptions::groups takes names such as "
                                                "X25519, P-256 and P-384.")
                                     .arg(group));
    }
    const QStringList named = groups.isEmpty() ? TlsOptions().groups : groups;
    if (QSslSocket::activeBackend() == QLatin1String("openssl"))
        ssl.setBackendConfigurationOption("Groups", named.join(QLatin1Char(':')).toLatin1());
    return {};
}

PoolError checkProtocol(const TlsOptions &options, bool isAllowed)
{
    if (options.minimumProtocol == TlsProtocol::Tls13)
        return {};
    if (options.minimumProtocol != TlsProtocol::Tls12)
        return settingsError(QStringLiteral("There is no TLS protocol %1; use TlsProtocol::Tls13 or Tls12.")
                                 .arg(static_cast<int>(options.minimumProtocol)));
    if (!isAllowed)
        return settingsError(QStringLiteral("TLS 1.2 is for clients with Identity::Local only; leave "
                                            "TlsOptions::minimumProtocol at TlsProtocol::Tls13."));
    return {};
}

TlsConfiguration commonConfiguration(const TlsOptions &options, bool mayUseTls12)
{
    TlsConfiguration result;
    result.mode = options.mode;
    result.minimumProtocol = options.minimumProtocol;
    if (options.mode == TlsMode::None) {
        result.advice = QStringLiteral("Connections are not encrypted (TlsMode::None): whoever is on the way can read "
                                       "and change every byte. Set TlsOptions::mode unless the network is trusted.");
        return result;
    }
    if (options.minimumProtocol == TlsProtocol::Tls12)
        result.advice =
            QStringLiteral("TLS 1.2 is allowed (TlsOptions::minimumProtocol). Leave it at TlsProtocol::Tls13 "
                           "if the server speaks TLS 1.3.");
    if (options.mode != TlsMode::SelfSigned && options.mode != TlsMode::Verified) {
        result.error =
            settingsError(QStringLiteral("There is no TLS mode %1; use TlsMode::None, SelfSigned or Verified.")
                              .arg(static_cast<int>(options.mode)));
        return result;
    }
    if (!QSslSocket::supportsSsl()) {
        result.error = settingsError(
            QStringLiteral("This Qt has no TLS backend; install Qt's OpenSSL backend or use TlsMode::None."));
        return result;
    }
    result.error = checkProtocol(options, mayUseTls12);
    if (result.error)
        return result;
    result.ssl = QSslConfiguration();
    result.ssl.setProtocol(options.minimumProtocol == TlsProtocol::Tls12 ? QSsl::TlsV1_2OrLater : QSsl::TlsV1_3OrLater);
    result.error = setGroups(result.ssl, options.groups);
    if (result.error)
        return result;
    // Qt's default 1024-bit parameters leave "dh key too small" in OpenSSL's error queue. That error then hides the
    // real reason of a failure. TLS 1.3 does not use these parameters.
    result.ssl.setDiffieHellmanParameters(QSslDiffieHellmanParameters());
#ifdef TIDEPOOL_PRIVATE_QT
    // In a shared context, sessions could be resumed. In a resumed session, the peer sends no certificate to compare
    // with a pin.
    result.ssl.setSslOption(QSsl::SslOptionDisableSessionSharing, true);
#endif
    result.ssl.setLocalCertificateChain(options.certificateChain);
    result.ssl.setPrivateKey(options.privateKey);
    if (!options.certificateChain.isEmpty() && options.privateKey.isNull())
        result.error = settingsError(
            QStringLiteral("There is a certificate but no private key for it; set TlsOptions::privateKey."));
    else if (!options.certificateChain.isEmpty()
             && !belongTogether(options.certificateChain.constFirst(), options.privateKey))
        result.error = settingsError(QStringLiteral(
            "The private key does not belong to the certificate; give the key that the certificate was made for."));
    return result;
}

} // namespace

void TlsConfiguration::applyTo(QSslSocket &socket, const QString &peerName) const
{
    if (mode == TlsMode::None)
        return;
    QSslConfiguration configuration = ssl;
    // Called only here, because this is never the user's thread, and the first call reads files.
    if (usesSystemRoots && !rootsToAdd().isEmpty())
        configuration.setCaCertificates(rootsToAdd());
    socket.setSslConfiguration(configuration);
    if (!peerName.isEmpty())
        socket.setPeerVerifyName(peerName);
}

PoolError TlsConfiguration::verify(const QSslSocket &socket, const QString &endpoint) const
{
    const QSsl::SslProtocol protocol = socket.sessionProtocol();
    const bool isNew =
        protocol == QSsl::TlsV1_3 || (protocol == QSsl::TlsV1_2 && minimumProtocol == TlsProtocol::Tls12);
    if (!isNew)
        return {
            Phase::Handshake, ErrorKind::Tls,
            QStringLiteral("The TLS handshake with %1 ended with a protocol before TLS 1.3. Enable TLS 1.3 there; with "
                           "Identity::Local, TlsOptions::minimumProtocol can allow TLS 1.2.")
                .arg(endpoint)};
    if (verifiesPeer) {
        const auto verifyMode = socket.sslConfiguration().peerVerifyMode();
        const bool isChecked = verifyMode == QSslSocket::VerifyPeer || verifyMode == QSslSocket::AutoVerifyPeer;
        if (!isChecked || !socket.sslHandshakeErrors().isEmpty())
            return {Phase::Handshake, ErrorKind::Certificate,
                    QStringLiteral("The certificate of %1 was not checked, because the dialer has changed the socket's "
                                   "configuration or ignored its errors. Do neither in TlsMode::Verified, or use "
                                   "SelfSigned with pins.")
                        .arg(endpoint)};
    }
    if (!pins.isEmpty() && !pins.match(socket.peerCertificate()))
        return {
            Phase::Handshake, ErrorKind::Pin,
            QStringLiteral("The certificate of %1 matches no pin: it is %2. If the server's certificate was renewed, "
                           "update TlsOptions::pins; otherwise somebody is in between.")
                .arg(endpoint, certificateFingerprint(socket.peerCertificate()))};
    return {};
}

void TlsConfiguration::advise(QString &said, const QString &who) const
{
    if (said == advice)
        return;
    said = advice;
    if (!advice.isEmpty())
        qCWarning(lcTidepoolTls, "%ls: %ls", qUtf16Printable(who), qUtf16Printable(advice));
}

TlsConfiguration clientTlsConfiguration(const TlsOptions &options, Identity identity)
{
    TlsConfiguration result = commonConfiguration(options, identity == Identity::Local);
    if (result.mode == TlsMode::None || result.error)
        return result;

    QString bad;
    if (const auto pins = Pins::parse(options.pins, &bad)) {
        result.pins = *pins;
    } else {
        result.error = settingsError(
            QStringLiteral("The pin \"%1\" cannot be read; write \"sha256:\" and 64 hexadecimal digits.").arg(bad));
        return result;
    }

    result.verifiesPeer = result.mode == TlsMode::Verified;
    if (!result.verifiesPeer) {
        if (result.pins.isEmpty())
            result.advice =
                QStringLiteral("The server is not authenticated (TlsMode::SelfSigned without pins): whoever is "
                               "on the way can pose as it. Set TlsOptions::pins to its certificate's "
                               "fingerprint, or use TlsMode::Verified.");
        result.ssl.setPeerVerifyMode(QSslSocket::VerifyNone);
        result.ssl.setCaCertificates({});
        return result;
    }
    result.ssl.setPeerVerifyMode(QSslSocket::VerifyPeer);
    result.usesSystemRoots = options.certificateAuthorities.isEmpty();
    if (!result.usesSystemRoots)
        result.ssl.setCaCertificates(options.certificateAuthorities); // only these roots
    return result;
}

TlsConfiguration serverTlsConfiguration(const TlsOptions &options, CertificateAndKey &own)
{
    TlsOptions complete = options;
    if (complete.mode == TlsMode::SelfSigned && complete.certificateChain.isEmpty()) {
        if (own.certificate.isNull())
            own = makeSelfSignedCertificate();
        if (!own.error.isEmpty()) {
            TlsConfiguration result;
            result.error = settingsError(own.error);
            return result;
        }
        complete.certificateChain = {own.certificate};
        complete.privateKey = own.privateKey;
    }
    TlsConfiguration result = commonConfiguration(complete, false);
    if (result.mode == TlsMode::None || result.error)
        return result;
    if (complete.certificateChain.isEmpty()) {
        result.error =
            settingsError(QStringLiteral("A server in TlsMode::Verified needs a certificate and its key; set "
                                         "TlsOptions::certificateChain and privateKey, or use SelfSigned."));
        return result;
    }
    // Qt's default requests a certificate from every client and accepts any certificate.
    result.ssl.setPeerVerifyMode(QSslSocket::VerifyNone);
    result.ssl.setCaCertificates({});
    return result;
}

} // namespace Tidepool
