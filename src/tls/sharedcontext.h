// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <memory>

QT_FORWARD_DECLARE_CLASS(QSslContext)
QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// One TLS context for all connections with the same settings, instead of one for each.
///
/// Qt's public interface has no way to it, so this does nothing unless TIDEPOOL_PRIVATE_QT is set. A context is changed
/// without a lock in every handshake: use it in one I/O thread only.
class SharedTlsContext
{
public:
    /// Before the handshake.
    void applyTo(QSslSocket &socket) const;
    /// After a handshake: what others are to share.
    void captureFrom(QSslSocket &socket);

private:
    std::shared_ptr<QSslContext> m_context;
};

} // namespace Tidepool
