// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <memory>

QT_FORWARD_DECLARE_CLASS(QSslContext)
QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// One TLS context for all connections with the same settings, instead of one for each connection.
///
/// Qt's public interface has no access to the context, so this does nothing unless TIDEPOOL_PRIVATE_QT is set. Every
/// handshake changes the context without a lock. Use a context in only one I/O thread.
class SharedTlsContext
{
public:
    /// Call this before the handshake.
    void applyTo(QSslSocket &socket) const;
    /// Call this after a handshake. Keeps the socket's context, which later sockets share.
    void captureFrom(QSslSocket &socket);

private:
    std::shared_ptr<QSslContext> m_context;
};

} // namespace Tidepool
