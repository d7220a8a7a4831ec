// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tlsconfiguration.h"

#include "opensslerror.h"

#include <QtNetwork/QSslDiffieHellmanParameters>
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

// Qt does not look; every handshake would fail. A key outside of this process cannot be looked at.
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

TlsConfiguration commonConfiguration(const TlsOptions &options)
{
    TlsConfiguration result;
    result.mode = options.mode;
    if (options.mode == TlsMode::None)
        return result;
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
    result.ssl = QSslConfiguration();
    result.ssl.setProtocol(QSsl::TlsV1_3OrLater);
    // Qt's default 1024-bit parameters leave "dh key too small" in OpenSSL's error queue, which then
    // masks the real reason of a failure. TLS 1.3 does not use them.
    result.ssl.setDiffieHellmanParameters(QSslDiffieHellmanParameters());
#ifdef TIDEPOOL_PRIVATE_QT
    // In a shared context sessions would be resumed, where the peer shows no certificate that could be pinned.
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

TlsConfiguration clientTlsConfiguration(const TlsOptions &options)
{
    TlsConfiguration result = commonConfiguration(options);
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

    if (result.mode == TlsMode::Verified) {
        result.ssl.setPeerVerifyMode(QSslSocket::VerifyPeer);
        // Left unset, Qt loads the system's roots on demand, which spares adding them all to every context.
        if (!options.certificateAuthorities.isEmpty())
            result.ssl.setCaCertificates(options.certificateAuthorities);
    } else {
        result.ssl.setPeerVerifyMode(QSslSocket::VerifyNone);
        result.ssl.setCaCertificates({});
    }
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
    TlsConfiguration result = commonConfiguration(complete);
    if (result.mode == TlsMode::None || result.error)
        return result;
    if (complete.certificateChain.isEmpty()) {
        result.error =
            settingsError(QStringLiteral("A server in TlsMode::Verified needs a certificate and its key; set "
                                         "TlsOptions::certificateChain and privateKey, or use SelfSigned."));
        return result;
    }
    // Qt's default would ask every client for a certificate and accept whatever comes.
    result.ssl.setPeerVerifyMode(QSslSocket::VerifyNone);
    result.ssl.setCaCertificates({});
    return result;
}

} // namespace Tidepool
