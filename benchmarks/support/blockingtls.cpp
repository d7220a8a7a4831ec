// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "blockingtls.h"

#include "benchmarkerror.h"

#include <tidepool/tlsoptions.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace Bench {

namespace {

template <typename Read>
auto readPem(const QByteArray &pem, Read read)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
        BIO_new_mem_buf(pem.constData(), static_cast<int>(pem.size())), &BIO_free);
    return read(memory.get(), nullptr, nullptr, nullptr);
}

[[noreturn]] void failWithTls(const QString &what)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    throw BenchmarkError(QStringLiteral("%1: %2.").arg(
        what, reason ? QString::fromLatin1(reason) : QStringLiteral("the connection ended")));
}

} // namespace

void TlsContext::Free::operator()(ssl_ctx_st *context) const
{
    SSL_CTX_free(context);
}

TlsContext::TlsContext(ssl_ctx_st *context) : m_context(context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

TlsContext TlsContext::server()
{
    TlsContext result(SSL_CTX_new(TLS_server_method()));
    const Tidepool::CertificateAndKey made = Tidepool::makeSelfSignedCertificate();
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(readPem(made.certificate.toPem(), PEM_read_bio_X509),
                                                                  &X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        readPem(made.privateKey.toPem(), PEM_read_bio_PrivateKey), &EVP_PKEY_free);
    if (!certificate || !key || SSL_CTX_use_certificate(result.get(), certificate.get()) != 1
        || SSL_CTX_use_PrivateKey(result.get(), key.get()) != 1)
        failWithTls(QStringLiteral("The peer's certificate could not be made"));
    return result;
}

TlsContext TlsContext::client()
{
    TlsContext result(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_verify(result.get(), SSL_VERIFY_NONE, nullptr);
    return result;
}

void BlockingConnection::Free::operator()(ssl_st *tls) const
{
    SSL_free(tls);
}

BlockingConnection::BlockingConnection(Descriptor socket, const TlsContext *context) : m_socket(std::move(socket))
{
    if (!context)
        return;
    m_tls.reset(SSL_new(context->get()));
    SSL_set_fd(m_tls.get(), m_socket.number());
}

BlockingConnection BlockingConnection::asServer(Descriptor socket, const TlsContext *context)
{
    BlockingConnection result(std::move(socket), context);
    if (context && SSL_accept(result.m_tls.get()) != 1)
        failWithTls(QStringLiteral("The peer's handshake failed"));
    return result;
}

BlockingConnection BlockingConnection::asClient(Descriptor socket, const TlsContext *context)
{
    BlockingConnection result(std::move(socket), context);
    if (context && SSL_connect(result.m_tls.get()) != 1)
        failWithTls(QStringLiteral("The dialer's handshake failed"));
    return result;
}

bool BlockingConnection::write(const char *bytes, size_t size)
{
    size_t written = 0;
    return m_tls ? SSL_write_ex(m_tls.get(), bytes, size, &written) == 1 : sendAll(m_socket, bytes, size);
}

bool BlockingConnection::read(char *bytes, size_t size)
{
    if (!m_tls)
        return receiveAll(m_socket, bytes, size);
    while (size > 0) {
        size_t count = 0;
        if (SSL_read_ex(m_tls.get(), bytes, size, &count) != 1)
            return false;
        bytes += count;
        size -= count;
    }
    return true;
}

} // namespace Bench
