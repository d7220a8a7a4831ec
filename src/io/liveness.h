// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "controlbudget.h"
#include "socketoptions.h"

#include <QtCore/QString>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// True if something that was written has not left the socket's buffers. In the socket's thread.
[[nodiscard]] bool hasUnsentBytes(const QSslSocket &socket);

/// The state of a parked connection.
enum class Liveness : quint8 {
    Quiet, ///< Good, no byte of the application waits.
    Spoke, ///< Good, and the application's bytes wait in the socket or the kernel.
    Ended, ///< The peer has closed its side after bytes of the application.
    Dead, ///< Not to be used any more.
    Flooded, ///< The peer has sent too many bytes without data.
    Unfinished, ///< More has arrived; to be examined again.
};

/// The progress of the examinations of one connection since the connection was parked.
struct Examination
{
    qint64 room = pooledReadBuffer; ///< About how many bytes of the application the socket may hold.
    ControlBudget budget; ///< The budget for bytes without data.
    bool isFull = false; ///< No more is read.
};

/// True if an examination must read the bytes of such a connection, to find out what the bytes are or whether the end
/// of the stream follows them.
[[nodiscard]] bool isReadToExamine(bool isEncrypted);

/// Makes a connected socket process a limited part of the received bytes (for example a TLS 1.3 session ticket) and
/// determines the state of the connection. Never takes a byte of the application and never reads the end of the stream.
/// Call this in the socket's thread, outside the socket's signals, and again after Liveness::Unfinished.
[[nodiscard]] Liveness examine(QSslSocket &socket, Examination &examination, ControlBudget::Clock::time_point now);

/// Determines the state without a read. Ignores bytes that TLS has not decrypted yet.
[[nodiscard]] Liveness glance(const QSslSocket &socket);

/// Makes glance() detect an end of TLS by the peer, even after later errors of the socket's user. In force until the
/// socket's signals are disconnected. In the socket's thread.
void rememberEndOfTls(QSslSocket &socket);

/// The error of a dead connection. Empty if the peer closed the connection normally.
[[nodiscard]] QString faultOf(const QSslSocket &socket);

/// Reads the bytes that the system holds for a plain connection, up to the size of the pooled read buffer. Does not
/// read the end of the stream after them.
void readWhatWaits(QSslSocket &socket);

} // namespace Tidepool
