// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

QT_FORWARD_DECLARE_CLASS(QAbstractSocket)

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

/// True if the platform can tell an end behind unread bytes.
[[nodiscard]] bool seesEndBehindBytes();

/// True if the peer's system has all that was sent. Where the platform cannot tell, true. Any thread.
[[nodiscard]] bool hasArrived(qintptr descriptor);
/// True if the platform can tell.
[[nodiscard]] bool seesArrivals();

/// How many bytes the system holds for the next read. Any thread.
[[nodiscard]] qint64 bytesWaiting(qintptr descriptor);

/// Throws away what the system holds for the next reads, at most about @p maximumBytes. Any thread.
void discardWaiting(qintptr descriptor, qint64 maximumBytes);

/// Ends the sending, which the peer sees as the end; the descriptor stays open. Any thread.
void endSending(qintptr descriptor);

/// Closes a descriptor that no socket object owns.
void closeDescriptor(qintptr descriptor);

} // namespace Tidepool
