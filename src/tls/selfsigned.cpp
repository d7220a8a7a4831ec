// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "opensslerror.h"

#include <tidepool/tlsoptions.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>

namespace Tidepool {

namespace {

constexpr long secondsPerDay = 24 * 60 * 60;
constexpr long validDays = 3'650;

template <auto Free>
struct Deleter
{
    template <typename T>
    void operator()(T *object) const
    {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

bool addExtension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool setSerialNumber(X509 *certificate)
{
    quint64 serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char *>(&serial), sizeof serial) != 1)
        return false;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1; // positive, RFC 5280
}

bool describe(X509 *certificate, EVP_PKEY *key, const QByteArray &commonName)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && setSerialNumber(certificate)
        && X509_gmtime_adj(X509_getm_notBefore(certificate), -secondsPerDay)
        && X509_gmtime_adj(X509_getm_notAfter(certificate), validDays * secondsPerDay)
        && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char *>(commonName.constData()),
                                      static_cast<int>(commonName.size()), -1, 0)
        && X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1
        && addExtension(certificate, NID_basic_constraints, "critical,CA:FALSE")
        && addExtension(certificate, NID_ext_key_usage, "serverAuth,clientAuth");
}

QByteArray contentOf(BIO *bio)
{
    char *data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return QByteArray(data, size);
}

} // namespace

CertificateAndKey makeSelfSignedCertificate(const QString &commonName)
{
    CertificateAndKey result;
    const OpenSslErrorQueueGuard guard;
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    const Bio keyPem(BIO_new(BIO_s_mem()));
    const Bio certificatePem(BIO_new(BIO_s_mem()));
    if (!key || !certificate || !keyPem || !certificatePem
        || !describe(certificate.get(), key.get(), commonName.toUtf8())
        || X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0
        || PEM_write_bio_PrivateKey(keyPem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1
        || PEM_write_bio_X509(certificatePem.get(), certificate.get()) != 1) {
        result.error = QStringLiteral("OpenSSL could not make a self-signed certificate for \"%1\": %2")
                           .arg(commonName, OpenSslErrorQueueGuard::lastError());
        return result;
    }
    result.certificate = QSslCertificate(contentOf(certificatePem.get()), QSsl::Pem);
    result.privateKey = QSslKey(contentOf(keyPem.get()), QSsl::Ec, QSsl::Pem, QSsl::PrivateKey);
    if (result.certificate.isNull() || result.privateKey.isNull())
        result.error =
            QStringLiteral("Qt cannot read the certificate that OpenSSL made; is its TLS backend \"openssl\"?");
    return result;
}

} // namespace Tidepool
