// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../supply/eventloop.h"

#include <QtCore/QThread>
#include <QtNetwork/QSslSocket>

namespace Tidepool {

/// Parking is affinity-free: a parked socket belongs to no thread, which is the one state from which Qt
/// lets any thread pull an object (QObject::moveToThread). Push only from a queued call, never from inside one of
/// the socket's own signals: Qt's code goes on after the emission, in the old thread.

/// Takes the socket out of the calling thread, which must be its own, into none. Nothing is read there, so a limit of
/// the read buffer is needed no more; to end it after the pull would cost a take a fifth of its time.
inline void pushToNoThread(QSslSocket &socket)
{
    socket.disconnect();
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
