// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "eventloop.h"
#include "liveness.h"

#include <QtCore/QThread>
#include <QtNetwork/QSslSocket>

namespace Tidepool {

/// Parking is affinity-free: a parked socket belongs to no thread, which is the one state from which Qt
/// lets any thread pull an object (QObject::moveToThread). Push only from a queued call, never from inside one of
/// the socket's own signals: Qt's code goes on after the emission, in the old thread.

/// Ends all that is connected to the socket's signals, before it is parked. What the library itself has to hear while
/// the socket is in use is connected here, and not by the take: that would cost it a tenth of its time.
inline void disconnectUsers(QSslSocket &socket)
{
    socket.disconnect();
    if (socket.isEncrypted())
        rememberEndOfTls(socket);
}

/// Takes the socket, to which no user is connected any more, out of the calling thread, which must be its own, into
/// none. Nothing is read there, so a limit of the read buffer is needed no more; to end it after the pull would cost a
/// take a fifth of its time.
inline void pushToNoThread(QSslSocket &socket)
{
    socket.setParent(nullptr); // a user may have given it one, with which it cannot move
    socket.setReadBufferSize(0);
    socket.moveToThread(nullptr);
}

/// Brings a socket of no thread into the calling one.
inline void pullIntoThisThread(QSslSocket &socket)
{
    socket.moveToThread(QThread::currentThread());
    Q_ASSERT(socket.thread() == QThread::currentThread());
}

} // namespace Tidepool
