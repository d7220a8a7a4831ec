// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/certificates.h"

#include <QtCore/QFile>
#include <QtCore/QRandomGenerator>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace TestSupport {

namespace {

constexpr int secondsPerDay = 86'400;

struct Free
{
    void operator()(EVP_PKEY *key) const { EVP_PKEY_free(key); }
    void operator()(X509 *certificate) const { X509_free(certificate); }
    void operator()(BIO *bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Bio = std::unique_ptr<BIO, Free>;

Key makeKey()
{
    return Key(EVP_EC_gen("P-256"));
}

QSslCertificate toQt(X509 *certificate)
{
    QByteArray der(i2d_X509(certificate, nullptr), Qt::Uninitialized);
    auto *out = reinterpret_cast<unsigned char *>(der.data());
    i2d_X509(certificate, &out);
    return QSslCertificate(der, QSsl::Der);
}

QSslKey toQt(EVP_PKEY *key)
{
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey_traditional(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    char *data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return QSslKey(QByteArray(data, size), QSsl::Ec, QSsl::Pem);
}

void addExtension(X509 *certificate, X509 *issuer, int nid, const QByteArray &value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.constData());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/// An empty certificate of @p key, with names, serial number and dates set.
Certificate draft(const QByteArray &commonName, EVP_PKEY *key, X509 *issuer, int fromDays, int toDays)
{
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), QRandomGenerator::system()->generate());
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), static_cast<long>(fromDays) * secondsPerDay);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(toDays) * secondsPerDay);
    X509_NAME *name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(commonName.constData()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer ? issuer : certificate.get()));
    X509_set_pubkey(certificate.get(), key);
    return certificate;
}

Certificate makeAuthority(const QByteArray &commonName, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuerKey)
{
    Certificate certificate = draft(commonName, key, issuer, -1, 30);
    addExtension(certificate.get(), issuer ? issuer : certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    addExtension(certificate.get(), issuer ? issuer : certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    addExtension(certificate.get(), issuer ? issuer : certificate.get(), NID_subject_key_identifier, "hash");
    if (issuer)
        addExtension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
    X509_sign(certificate.get(), issuerKey, EVP_sha256());
    return certificate;
}

} // namespace

struct Authority::Private
{
    Key rootKey = makeKey();
    Key intermediateKey = makeKey();
    // No two authorities share a name.
    QByteArray name = "Tidepool test " + QByteArray::number(QRandomGenerator::system()->generate());
    Certificate root = makeAuthority(name + " root", rootKey.get(), nullptr, rootKey.get());
    Certificate intermediate = makeAuthority(name + " intermediate", intermediateKey.get(), root.get(), rootKey.get());
};

Authority::Authority() : d(std::make_unique<Private>()) {}

Authority::~Authority() = default;

QSslCertificate Authority::root() const
{
    return toQt(d->root.get());
}

Credentials Authority::issue(const Subject &subject) const
{
    const Key key = makeKey();
    X509 *issuer = d->intermediate.get();
    const Certificate leaf =
        draft("Tidepool test server", key.get(), issuer, subject.validFromDays, subject.validToDays);
    QByteArrayList names;
    for (const QString &name : subject.dnsNames)
        names.append("DNS:" + name.toLatin1());
    for (const QString &address : subject.addresses)
        names.append("IP:" + address.toLatin1());
    if (!names.isEmpty())
        addExtension(leaf.get(), issuer, NID_subject_alt_name, names.join(','));
    addExtension(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
    addExtension(leaf.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    addExtension(leaf.get(), issuer, NID_subject_key_identifier, "hash");
    addExtension(leaf.get(), issuer, NID_authority_key_identifier, "keyid:always");
    X509_sign(leaf.get(), d->intermediateKey.get(), EVP_sha256());
    return {{toQt(leaf.get()), toQt(issuer)}, toQt(key.get())};
}

Credentials Authority::issueForLocalHost() const
{
    return issue({{QStringLiteral("localhost")}, {QStringLiteral("127.0.0.1")}});
}

Credentials selfSigned()
{
    const Tidepool::CertificateAndKey made = Tidepool::makeSelfSignedCertificate();
    return {{made.certificate}, made.privateKey};
}

bool saveCertificates(const QList<QSslCertificate> &certificates, const QString &file)
{
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly))
        return false;
    for (const QSslCertificate &certificate : certificates)
        out.write(certificate.toPem());
    return out.flush();
}

bool Credentials::save(const QString &certificateFile, const QString &keyFile) const
{
    QFile out(keyFile);
    return saveCertificates(chain, certificateFile) && out.open(QIODevice::WriteOnly) && out.write(key.toPem()) > 0
        && out.flush();
}

} // namespace TestSupport
