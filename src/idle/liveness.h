// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// True if something that was written has not left the socket's buffers. In the socket's thread.
[[nodiscard]] bool hasUnsentBytes(const QSslSocket &socket);

/// What became of a parked connection.
enum class Liveness : quint8 {
    Quiet, ///< Good, no byte of the application waits.
    Spoke, ///< Good, and the application's bytes wait in the socket or the kernel.
    Dead, ///< Not to be used any more.
};

/// Lets a connected socket process what has arrived (a TLS 1.3 session ticket, say) and judges it. Never
/// takes an application's byte. Call it in the socket's thread, outside the socket's signals.
[[nodiscard]] Liveness examine(QSslSocket &socket);

} // namespace Tidepool
