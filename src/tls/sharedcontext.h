// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/mutex.h"

#include <QtCore/qglobal.h>

#include <memory>
#include <unordered_map>

QT_FORWARD_DECLARE_CLASS(QSslContext)
QT_FORWARD_DECLARE_CLASS(QSslSocket)
QT_FORWARD_DECLARE_CLASS(QThread)

namespace Tidepool {

/// One TLS context in each I/O thread for all connections with the same settings, instead of one for each connection.
///
/// Qt's public interface has no access to the context, so this does nothing unless TIDEPOOL_PRIVATE_QT is set. Every
/// handshake changes the context without a lock, so no two threads share a context. Thread-safe.
class SharedTlsContext
{
public:
    /// Call this before the handshake.
    void applyTo(QSslSocket &socket);
    /// Call this after a handshake. Keeps the socket's context, which later sockets of the thread share.
    void captureFrom(QSslSocket &socket);

private:
    Mutex m_mutex;
    std::unordered_map<QThread *, std::shared_ptr<QSslContext>> m_contexts TIDEPOOL_GUARDED_BY(m_mutex);
};

} // namespace Tidepool
