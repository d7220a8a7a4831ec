// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// Closes a socket that nobody has used. If no data is unsent, the socket closes at once. Otherwise it closes when the
/// data is sent, at most 5 s later. In TLS modes, sends a close_notify. Any thread.
void closeGently(QSslSocket *socket);

/// Closes a socket that was in use. Written data reaches the peer, even if the peer has sent bytes that nobody read, or
/// continues to send (at most 5 s and 64 MiB, during which the descriptor stays open). In TLS modes, sends a
/// close_notify. In a thread without an event loop, data that the system does not accept at once is lost. If the peer
/// continues to send, data in transit to the peer can be lost too. Any thread.
void closeAfterUse(QSslSocket *socket);

} // namespace Tidepool
