// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "liveness.h"

#include "../supply/descriptor.h"
#include "../supply/socketoptions.h"

#include <QtNetwork/QSslSocket>

#ifndef Q_OS_WIN
#    include <poll.h> // POLLRDHUP
#endif

namespace Tidepool {

namespace {

// A peer that keeps sending cannot keep us: each step reads what the kernel holds, and the socket's
// read buffer is limited.
constexpr int maximumSteps = 16;

#if defined(POLLRDHUP) && !defined(TIDEPOOL_PORTABLE)
bool endsBehindItsBytes(QSslSocket &)
{
    return false; // hasHungUp() sees it
}
#else
// Without POLLRDHUP an end behind bytes shows when these are read, up to the limit of the read buffer.
bool endsBehindItsBytes(QSslSocket &socket)
{
    for (int step = 0; step < maximumSteps; ++step) {
        const Peek seen = peek(nativeDescriptor(socket));
        if (seen != Peek::Bytes)
            return seen == Peek::Closed;
        const qint64 before = socket.bytesAvailable();
        socket.waitForReadyRead(0);
        if (socket.state() != QAbstractSocket::ConnectedState)
            return true;
        if (socket.bytesAvailable() == before)
            return false;
    }
    return false;
}
#endif

Liveness examinePlain(QSslSocket &socket)
{
    if (socket.bytesAvailable() == 0) {
        switch (peek(nativeDescriptor(socket))) {
        case Peek::Quiet:
            return Liveness::Quiet;
        case Peek::Closed:
            return Liveness::Dead;
        case Peek::Bytes:
            break;
        }
    }
    return hasHungUp(nativeDescriptor(socket)) || endsBehindItsBytes(socket) ? Liveness::Dead : Liveness::Spoke;
}

Liveness examineTls(QSslSocket &socket)
{
    for (int step = 0; step < maximumSteps; ++step) {
        const Peek seen = peek(nativeDescriptor(socket));
        if (seen == Peek::Closed)
            return Liveness::Dead;
        if (seen == Peek::Quiet)
            break;
        const qint64 before = socket.bytesAvailable();
        // With nothing more to wait for, 0 ms means: decrypt what the kernel holds now.
        socket.waitForReadyRead(0);
        if (socket.state() != QAbstractSocket::ConnectedState)
            return Liveness::Dead;
        if (socket.bytesAvailable() > 0 && socket.bytesAvailable() == before)
            break; // the read buffer is full
    }
    if (hasHungUp(nativeDescriptor(socket)))
        return Liveness::Dead;
    return socket.bytesAvailable() > 0 ? Liveness::Spoke : Liveness::Quiet;
}

} // namespace

bool hasUnsentBytes(const QSslSocket &socket)
{
    // In TLS, bytesToWrite() is 0 while cipher text is queued.
    return socket.bytesToWrite() > 0 || socket.encryptedBytesToWrite() > 0;
}

Liveness examine(QSslSocket &socket)
{
    if (socket.state() != QAbstractSocket::ConnectedState)
        return Liveness::Dead;
    socket.setReadBufferSize(pooledReadBuffer);
    return socket.isEncrypted() ? examineTls(socket) : examinePlain(socket);
}

} // namespace Tidepool
