// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/certificates.h"

#include <QtCore/QByteArray>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>

namespace TestSupport {

/// A TLS peer on bare OpenSSL that, as fast as it can, sends records that carry no data of the application. It runs
/// in threads of its own.
class Flooder
{
public:
    Flooder() = default;
    ~Flooder()
    {
        m_isOver = true;
        if (m_listening >= 0)
            ::shutdown(m_listening, SHUT_RDWR);
        if (m_descriptor >= 0)
            ::shutdown(m_descriptor, SHUT_RDWR);
        if (m_thread.joinable())
            m_thread.join();
        for (const int descriptor : {m_listening, m_descriptor.load()}) {
            if (descriptor >= 0)
                ::close(descriptor);
        }
    }
    Q_DISABLE_COPY_MOVE(Flooder)

    /// A client that reads the id of 8 digits and then sends key updates.
    [[nodiscard]] bool connectTo(quint16 port)
    {
        m_descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = loopback(port);
        if (::connect(m_descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
            return false;
        m_context.reset(SSL_CTX_new(TLS_client_method()));
        m_ssl.reset(SSL_new(m_context.get()));
        SSL_set_fd(m_ssl.get(), m_descriptor);
        if (SSL_connect(m_ssl.get()) != 1)
            return false;
        std::array<char, 8> digits{};
        int count = 0;
        while (count < 8) {
            const int got = SSL_read(m_ssl.get(), digits.data() + count, 8 - count);
            if (got <= 0)
                return false;
            count += got;
        }
        m_id = QByteArray(digits.data(), 8);
        return true;
    }

    /// A server for one connection, which gets the id 00000001 and then session tickets. Its port, or 0.
    [[nodiscard]] quint16 listen(const Credentials &credentials)
    {
        m_context.reset(SSL_CTX_new(TLS_server_method()));
        const QByteArray certificate = credentials.chain.constFirst().toDer();
        const QByteArray key = credentials.key.toDer();
        const auto *at = reinterpret_cast<const unsigned char *>(key.constData());
        EVP_PKEY *parsed = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(key.size()));
        const bool isUsable = SSL_CTX_use_certificate_ASN1(m_context.get(), static_cast<int>(certificate.size()),
                                                           reinterpret_cast<const unsigned char *>(certificate.data()))
                == 1
            && SSL_CTX_use_PrivateKey(m_context.get(), parsed) == 1;
        EVP_PKEY_free(parsed);
        m_listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        if (!isUsable || ::bind(m_listening, reinterpret_cast<sockaddr *>(&address), size) != 0
            || ::listen(m_listening, 1) != 0
            || ::getsockname(m_listening, reinterpret_cast<sockaddr *>(&address), &size) != 0)
            return 0;
        m_thread = std::thread([this] { serve(); });
        return ntohs(address.sin_port);
    }

    [[nodiscard]] QByteArray id() const { return m_id; }
    /// Sends @p count key updates, a hundred at once; endlessly if that is negative.
    void sendKeyUpdates(int count = -1)
    {
        m_thread = std::thread([this, count] {
            repeat(count, [this] { return SSL_key_update(m_ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1; });
        });
    }
    [[nodiscard]] int sent() const { return m_sent; }
    [[nodiscard]] bool isOver() const { return m_isOver; }

private:
    struct Free
    {
        void operator()(SSL_CTX *context) const { SSL_CTX_free(context); }
        void operator()(SSL *ssl) const { SSL_free(ssl); }
    };

    static sockaddr_in loopback(quint16 port)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }

    void serve()
    {
        m_descriptor = ::accept4(m_listening, nullptr, nullptr, SOCK_CLOEXEC);
        m_ssl.reset(SSL_new(m_context.get()));
        SSL_set_fd(m_ssl.get(), m_descriptor);
        if (m_descriptor < 0 || SSL_accept(m_ssl.get()) != 1 || SSL_write(m_ssl.get(), "00000001", 8) != 8) {
            m_isOver = true;
            return;
        }
        repeat(-1, [this] { return SSL_new_session_ticket(m_ssl.get()) == 1; });
    }

    // The records are collected in memory, so that a single system call sends many.
    template <typename Send>
    void repeat(int count, Send send)
    {
        constexpr int atOnce = 100;
        BIO *records = BIO_new(BIO_s_mem());
        SSL_set0_wbio(m_ssl.get(), records);
        while (!m_isOver && count != 0) {
            if (!send() || SSL_do_handshake(m_ssl.get()) != 1)
                break;
            ++m_sent;
            count -= count > 0 ? 1 : 0;
            if ((m_sent % atOnce == 0 || count == 0) && !pass(records))
                break;
        }
        m_isOver = count != 0;
    }

    [[nodiscard]] bool pass(BIO *records) const
    {
        char *bytes = nullptr;
        const auto size = static_cast<size_t>(BIO_get_mem_data(records, &bytes));
        for (size_t done = 0; done < size;) {
            const ssize_t count = ::send(m_descriptor, bytes + done, size - done, MSG_NOSIGNAL);
            if (count <= 0)
                return false;
            done += static_cast<size_t>(count);
        }
        return BIO_reset(records) == 1;
    }

    std::unique_ptr<SSL_CTX, Free> m_context;
    std::unique_ptr<SSL, Free> m_ssl;
    QByteArray m_id;
    int m_listening = -1;
    std::atomic<int> m_descriptor = -1;
    std::atomic<int> m_sent = 0;
    std::atomic<bool> m_isOver = false;
    std::thread m_thread;
};

} // namespace TestSupport
