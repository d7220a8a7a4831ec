// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

QT_FORWARD_DECLARE_CLASS(QAbstractSocket)

namespace Tidepool {

/// The descriptor of the system. With a proxy, QAbstractSocket::socketDescriptor() is a number of Qt's own, and the
/// real descriptor belongs to a socket inside the proxy's engine.
[[nodiscard]] qintptr nativeDescriptor(const QAbstractSocket &socket);

/// True if the bytes on that descriptor belong to the proxy protocol and not to the socket itself.
[[nodiscard]] bool isProxied(const QAbstractSocket &socket);

/// The result of a check of a descriptor that takes no byte from it.
enum class Peek : quint8 {
    Quiet, ///< Open, nothing to read.
    Bytes, ///< Something to read, which in TLS need not be the application's.
    Closed, ///< The peer closed it, or it failed.
};

/// Calls recv(MSG_PEEK) without blocking. After Peek::Closed, @p systemError is the system's error number, or 0 for a
/// normal end. Any thread.
[[nodiscard]] Peek peek(qintptr descriptor, int *systemError = nullptr);

/// True if the peer has closed its side, even if unread bytes come before the end. Always false where the platform has
/// no POLLRDHUP.
[[nodiscard]] bool hasHungUp(qintptr descriptor);

/// True if the platform can detect an end after unread bytes.
[[nodiscard]] bool seesEndBehindBytes();

/// True if the peer's system has received all sent bytes, or if the platform cannot tell. Any thread.
[[nodiscard]] bool hasArrived(qintptr descriptor);
/// True if the platform supports hasArrived().
[[nodiscard]] bool seesArrivals();

/// The number of bytes that the system holds for the next read. Any thread.
[[nodiscard]] qint64 bytesWaiting(qintptr descriptor);

/// Discards the bytes that the system holds for the next reads, at most about @p maximumBytes. Any thread.
void discardWaiting(qintptr descriptor, qint64 maximumBytes);

/// Ends the sending, which the peer sees as the end of the stream. The descriptor stays open. Any thread.
void endSending(qintptr descriptor);

/// Closes a descriptor that no socket object owns.
void closeDescriptor(qintptr descriptor);

} // namespace Tidepool
