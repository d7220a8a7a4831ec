// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolerror.h>

#include <QtCore/QByteArray>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// The error of a socket that failed in @p phase, in words that name @p endpoint and the remedy.
[[nodiscard]] PoolError socketError(Phase phase, const QSslSocket &socket, const QString &endpoint);

/// The error of a phase that took longer than @p milliseconds.
[[nodiscard]] PoolError timeoutError(Phase phase, qint64 milliseconds, const QString &endpoint);

/// The same, of a server with a client.
[[nodiscard]] PoolError clientTimeoutError(Phase phase, qint64 milliseconds, const QString &client);

/// The error of a system call that failed with @p number (errno) in @p phase.
[[nodiscard]] PoolError systemError(Phase phase, int number, const QString &endpoint);

/// The error of a peer that closed or reset the connection in @p phase.
[[nodiscard]] PoolError closedError(Phase phase, const QString &endpoint);

/// The error of a name that could not be looked up, for the reason @p what.
[[nodiscard]] PoolError lookupError(const QString &what, const QString &endpoint);

/// The error of a source address that cannot be used; @p number: the system's reason (errno).
[[nodiscard]] PoolError sourceAddressError(const QString &address, int number);
/// The same, by what a socket says after bind().
[[nodiscard]] PoolError sourceAddressError(const QString &address, const QSslSocket &socket);

/// The error of a server that sends ids of the format @p sent, which is not the expected one.
[[nodiscard]] PoolError formatError(IdFormat sent, const QString &endpoint);
/// The error of a server that sent @p bytes, which are no id.
[[nodiscard]] PoolError noIdError(const QByteArray &bytes, const QString &endpoint);
/// The error of a server that sent no id of @p expected within @p milliseconds, but only @p bytes.
[[nodiscard]] PoolError noAnswerError(qint64 milliseconds, const QByteArray &bytes, IdFormat expected,
                                      const QString &endpoint);

} // namespace Tidepool
