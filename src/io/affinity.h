// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "eventloop.h"
#include "liveness.h"

#include <QtCore/QThread>
#include <QtNetwork/QSslSocket>

namespace Tidepool {

/// A parked socket belongs to no thread. This is the only state from which Qt lets any thread move an object to itself
/// (QObject::moveToThread). Move a socket to no thread only from a queued call, never from inside one of the socket's
/// own signals: after the emission, Qt's code continues in the old thread.

/// Disconnects everything from the socket's signals before the socket is parked. This function also adds the
/// connections that the library needs while the socket is in use. If the take added them, the take would last 10 %
/// longer.
inline void disconnectUsers(QSslSocket &socket)
{
    socket.disconnect();
    if (socket.isEncrypted())
        rememberEndOfTls(socket);
}

/// Moves the socket from the calling thread, which must be its own, to no thread. No user may be connected to the
/// socket any more. Nothing reads the socket there, so the limit of the read buffer is not needed any more. To remove
/// the limit after the next move would make a take 20 % slower.
inline void pushToNoThread(QSslSocket &socket)
{
    socket.setParent(nullptr); // a socket with a parent, which a user can have set, cannot move
    socket.setReadBufferSize(0);
    socket.moveToThread(nullptr);
}

/// Moves a socket from no thread to the calling thread.
inline void pullIntoThisThread(QSslSocket &socket)
{
    socket.moveToThread(QThread::currentThread());
    Q_ASSERT(socket.thread() == QThread::currentThread());
}

} // namespace Tidepool
