// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/benchmarkerror.h"
#include "support/pools.h"

#include <tidepool/iothreads.h>

#include <QtCore/QEventLoop>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslKey>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace Bench {

namespace {

template <typename Write>
QByteArray pem(Write write)
{
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(BIO_new(BIO_s_mem()), &BIO_free_all);
    char *data = nullptr;
    if (write(memory.get()) != 1)
        return {};
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, size};
}

// What costs a server most of all keys that are in use: 4 to 8 ms of CPU for each client.
Tidepool::TlsOptions showingRsa4096()
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(4096), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
    X509_set_pubkey(certificate.get(), key.get());
    if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
        throw BenchmarkError(QStringLiteral("No RSA-4096 certificate could be made."));
    const QByteArray keyPem =
        pem([&](BIO *bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    Tidepool::TlsOptions options = tlsOptions(Tidepool::TlsMode::SelfSigned);
    options.certificateChain =
        QSslCertificate::fromData(pem([&](BIO *bio) { return PEM_write_bio_X509(bio, certificate.get()); }), QSsl::Pem);
    options.privateKey = QSslKey(keyPem, QSsl::Rsa, QSsl::Pem, QSsl::PrivateKey);
    return options;
}

} // namespace

void acceptPart(const PartArguments &arguments)
{
    Tidepool::IoThreads::setCount(arguments.number(QLatin1String("threads")));
    Tidepool::ServerPool pool;
    pool.setTls(showingRsa4096());
    if (!pool.listen(QHostAddress::LocalHost))
        throw BenchmarkError(pool.lastError().message());
    answer({{QStringLiteral("port"), pool.serverPort()}});
    QEventLoop().exec(); // until the process is told to end
}

} // namespace Bench
