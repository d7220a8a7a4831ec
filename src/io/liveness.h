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

/// What became of a parked connection.
enum class Liveness : quint8 {
    Quiet, ///< Good, no byte of the application waits.
    Spoke, ///< Good, and the application's bytes wait in the socket or the kernel.
    Ended, ///< The peer has closed its side, behind bytes of the application.
    Dead, ///< Not to be used any more.
    Flooded, ///< The peer has sent too much that is no data.
    Unfinished, ///< More has arrived; to be examined again.
};

/// How far the examinations of one connection have come since it was parked.
struct Examination
{
    qint64 room = pooledReadBuffer; ///< About how many bytes of the application the socket may hold.
    ControlBudget budget; ///< For bytes that bring no data.
    bool isFull = false; ///< No more is read.
};

/// True if the bytes of such a connection have to be read, to learn what they are or whether an end is behind them.
[[nodiscard]] bool isReadToExamine(bool isEncrypted);

/// Lets a connected socket process a limited part of what has arrived (a TLS 1.3 session ticket, say) and judges it.
/// Never takes an application's byte, nor reads the end of the stream. Call it in the socket's thread, outside the
/// socket's signals, and again after Liveness::Unfinished.
[[nodiscard]] Liveness examine(QSslSocket &socket, Examination &examination, ControlBudget::Clock::time_point now);

/// The same without reading anything: what TLS has not decrypted yet is unknown to it.
[[nodiscard]] Liveness glance(const QSslSocket &socket);

/// From now on, until its signals are disconnected, glance() knows that the peer has ended TLS, whatever errors of the
/// socket's user come after that. In the socket's thread.
void rememberEndOfTls(QSslSocket &socket);

/// What broke a dead one; empty if its peer has closed it in order.
[[nodiscard]] QString faultOf(const QSslSocket &socket);

/// Reads what the system holds for a plain connection, up to the size of the pooled read buffer, and not the end
/// behind.
void readWhatWaits(QSslSocket &socket);

} // namespace Tidepool
