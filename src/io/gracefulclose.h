// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// Closes a socket that nobody has used: at once if nothing is unsent, else when it is sent, at most 5 s later. In TLS
/// with a close_notify. Any thread.
void closeGently(QSslSocket *socket);

/// Closes a socket that was in use: what was written reaches the peer, even if that sent what nobody has read, or goes
/// on sending (at most 5 s and 64 MiB, in which the descriptor stays open). In TLS with a close_notify. In a thread
/// without an event loop what the system does not take at once is lost, and so may be what is under way to a peer that
/// goes on sending. Any thread.
void closeAfterUse(QSslSocket *socket);

} // namespace Tidepool
