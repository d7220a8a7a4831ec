// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

QT_FORWARD_DECLARE_CLASS(QAbstractSocket)
QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// The descriptor that the system knows. Behind a proxy, QAbstractSocket::socketDescriptor() is a number of Qt's own,
/// and the real one belongs to a socket inside the proxy's engine.
[[nodiscard]] qintptr nativeDescriptor(const QAbstractSocket &socket);

/// True if the bytes on that descriptor are the proxy's and not the socket's own.
[[nodiscard]] bool isProxied(const QAbstractSocket &socket);

/// What a look at a descriptor shows without taking a byte from it.
enum class Peek : quint8 {
    Quiet, ///< Open, nothing to read.
    Bytes, ///< Something to read, which in TLS need not be the application's.
    Closed, ///< The peer closed it, or it failed.
};

/// A non-blocking recv(MSG_PEEK). After Peek::Closed, @p systemError is the system's error number, 0 for an orderly
/// end. Any thread.
[[nodiscard]] Peek peek(qintptr descriptor, int *systemError = nullptr);

/// True if the peer has closed its side, even behind unread bytes. Where the platform cannot tell (no POLLRDHUP),
/// false.
[[nodiscard]] bool hasHungUp(qintptr descriptor);

/// Ends the connection both ways for the peer to see; the descriptor stays open. Any thread.
void hangUp(qintptr descriptor);

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
