// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "liveness.h"

#include "../supply/socketoptions.h"

#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QSslSocket>

#include <cerrno>

#ifdef Q_OS_WIN
#    include <winsock2.h>
#else
#    include <poll.h>
#    include <sys/socket.h>
#endif

namespace Tidepool {

namespace {

// The socket inside a proxy's engine that has the connection to the proxy; nullptr without a proxy. One that was
// accepted says DefaultProxy and has none.
const QTcpSocket *innerSocket(const QAbstractSocket &socket)
{
    if (socket.proxy().type() == QNetworkProxy::NoProxy)
        return nullptr;
    const auto candidates = socket.findChildren<QTcpSocket *>();
    for (const QTcpSocket *candidate : candidates) {
        const bool isOfEngine = qobject_cast<const QAbstractSocket *>(candidate->parent()) == nullptr;
        if (isOfEngine)
            return candidate;
    }
    return nullptr;
}

} // namespace

qintptr nativeDescriptor(const QAbstractSocket &socket)
{
    const QTcpSocket *inner = innerSocket(socket);
    return inner ? inner->socketDescriptor() : socket.socketDescriptor();
}

bool isProxied(const QAbstractSocket &socket)
{
    return innerSocket(socket) != nullptr;
}

#ifdef Q_OS_WIN
Peek peek(qintptr descriptor, int *systemError)
{
    char byte = 0;
    const int count = ::recv(static_cast<SOCKET>(descriptor), &byte, 1, MSG_PEEK);
    if (count > 0)
        return Peek::Bytes;
    const int error = count < 0 ? WSAGetLastError() : 0;
    if (error == WSAEWOULDBLOCK)
        return Peek::Quiet;
    if (systemError)
        *systemError = error;
    return Peek::Closed;
}

void hangUp(qintptr descriptor)
{
    ::shutdown(static_cast<SOCKET>(descriptor), SD_BOTH);
}
#else
Peek peek(qintptr descriptor, int *systemError)
{
    char byte = 0;
    ssize_t count = 0;
    do {
        count = ::recv(static_cast<int>(descriptor), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count > 0)
        return Peek::Bytes;
    const int error = count < 0 ? errno : 0;
    if (error == EAGAIN || error == EWOULDBLOCK)
        return Peek::Quiet;
    if (systemError)
        *systemError = error;
    return Peek::Closed;
}

void hangUp(qintptr descriptor)
{
    ::shutdown(static_cast<int>(descriptor), SHUT_RDWR);
}
#endif

#if defined(POLLRDHUP) && !defined(TIDEPOOL_PORTABLE)
bool hasHungUp(qintptr descriptor)
{
    pollfd entry{static_cast<int>(descriptor), POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}
#else
bool hasHungUp(qintptr)
{
    return false;
}
#endif

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
