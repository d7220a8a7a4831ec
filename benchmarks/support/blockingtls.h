// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "blockingsocket.h"

#include <memory>

struct ssl_st;
struct ssl_ctx_st;

namespace Bench {

/// OpenSSL as directly as it can be had: one context for all connections, blocking sockets. TLS 1.3.
class TlsContext
{
public:
    /// A server with a certificate made in memory.
    [[nodiscard]] static TlsContext server();
    /// A client that verifies nothing, as TlsMode::SelfSigned.
    [[nodiscard]] static TlsContext client();

    [[nodiscard]] ssl_ctx_st *get() const { return m_context.get(); }

private:
    struct Free
    {
        void operator()(ssl_ctx_st *context) const;
    };
    explicit TlsContext(ssl_ctx_st *context);

    std::unique_ptr<ssl_ctx_st, Free> m_context;
};

/// A connection, plain without a context.
class BlockingConnection
{
public:
    /// Shakes hands as the server. Throws BenchmarkError.
    [[nodiscard]] static BlockingConnection asServer(Descriptor socket, const TlsContext *context);
    /// Shakes hands as the client. Throws BenchmarkError.
    [[nodiscard]] static BlockingConnection asClient(Descriptor socket, const TlsContext *context);

    [[nodiscard]] bool write(const char *bytes, size_t size);
    [[nodiscard]] bool read(char *bytes, size_t size);

private:
    struct Free
    {
        void operator()(ssl_st *tls) const;
    };
    BlockingConnection(Descriptor socket, const TlsContext *context);

    Descriptor m_socket;
    std::unique_ptr<ssl_st, Free> m_tls;
};

} // namespace Bench
