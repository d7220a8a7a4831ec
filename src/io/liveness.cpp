// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "liveness.h"

#include "descriptor.h"

#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpSocket>

#include <algorithm>

namespace Tidepool {

namespace {

// About 150 key updates, which are the smallest records that cost time: much less than a millisecond.
constexpr qint64 bytesAtOnce = 4'096;

// The socket below a QSslSocket, from which the QSslSocket reads in both modes.
QTcpSocket *transportOf(const QSslSocket &socket)
{
    return socket.findChild<QTcpSocket *>(QString(), Qt::FindDirectChildrenOnly);
}

// QSslSocket::waitForReadyRead() continues as long as the peer sends records without data. This function instead makes
// the transport socket read once, at most @p size bytes, and the transport socket passes the bytes on. The read never
// asks for more bytes than the system holds, because a QTcpSocket that reads the end of the stream closes its own side
// too.
void readOnce(QSslSocket &socket, qint64 size)
{
    QTcpSocket *transport = transportOf(socket);
    if (!transport || size <= 0)
        return;
    transport->setReadBufferSize(transport->bytesAvailable() + size);
    transport->waitForReadyRead(0);
    transport->setReadBufferSize(0);
}

constexpr auto endOfTls = "tidepoolEndOfTls";

// A close_notify without a FIN, or a broken record, does not change the socket's state, and no signal is emitted again.
bool hasClosedTls(const QSslSocket &socket)
{
    return socket.isEncrypted()
        && (socket.error() == QAbstractSocket::RemoteHostClosedError || socket.property(endOfTls).isValid());
}

bool hasFailedTls(const QSslSocket &socket)
{
    switch (socket.error()) {
    case QAbstractSocket::SslHandshakeFailedError:
    case QAbstractSocket::SslInternalError:
    case QAbstractSocket::SslInvalidUserDataError:
        return socket.isEncrypted();
    default:
        return false;
    }
}

bool isBroken(const QSslSocket &socket)
{
    return socket.state() != QAbstractSocket::ConnectedState || hasFailedTls(socket);
}

} // namespace

bool hasUnsentBytes(const QSslSocket &socket)
{
    // In TLS modes, bytesToWrite() is 0 while encrypted bytes are queued.
    return socket.bytesToWrite() > 0 || socket.encryptedBytesToWrite() > 0;
}

bool isReadToExamine(bool isEncrypted)
{
    return isEncrypted || !seesEndBehindBytes();
}

Liveness glance(const QSslSocket &socket)
{
    if (isBroken(socket))
        return Liveness::Dead;
    const qintptr descriptor = nativeDescriptor(socket);
    int systemError = 0;
    const Peek seen = peek(descriptor, &systemError);
    if (systemError != 0)
        return Liveness::Dead;
    const bool hasEnded = seen == Peek::Closed || hasClosedTls(socket) || hasHungUp(descriptor);
    const bool hasBytes = socket.bytesAvailable() > 0 || (seen == Peek::Bytes && !hasClosedTls(socket));
    if (hasEnded)
        return hasBytes ? Liveness::Ended : Liveness::Dead;
    return hasBytes ? Liveness::Spoke : Liveness::Quiet;
}

Liveness examine(QSslSocket &socket, Examination &examination, ControlBudget::Clock::time_point now)
{
    if (isBroken(socket))
        return Liveness::Dead;
    const bool reads = isReadToExamine(socket.isEncrypted());
    const qint64 waiting = reads && !hasClosedTls(socket) ? bytesWaiting(nativeDescriptor(socket)) : 0;
    if (waiting > 0 && !examination.isFull) {
        const qint64 before = socket.bytesAvailable();
        const qint64 size = std::min(waiting, bytesAtOnce);
        readOnce(socket, size);
        if (isBroken(socket))
            return Liveness::Dead;
        // A record can arrive in parts, so some of the budget is returned.
        examination.budget.spend(size - (socket.bytesAvailable() - before), now);
        const bool isTooMuch = examination.budget.isExceeded(now);
        if (isTooMuch && socket.bytesAvailable() == 0)
            return Liveness::Flooded;
        examination.isFull = isTooMuch || socket.bytesAvailable() >= examination.room;
        if (!examination.isFull && !hasClosedTls(socket) && bytesWaiting(nativeDescriptor(socket)) > 0)
            return Liveness::Unfinished;
    }
    const Liveness verdict = glance(socket);
    const bool isKnown = !reads || examination.isFull || socket.bytesAvailable() > 0 || hasClosedTls(socket);
    // Bytes that arrived just now are not examined yet.
    return isKnown || verdict == Liveness::Quiet || verdict == Liveness::Dead ? verdict : Liveness::Unfinished;
}

void rememberEndOfTls(QSslSocket &socket)
{
    const auto remember = [&socket](QAbstractSocket::SocketError error) {
        if (error == QAbstractSocket::RemoteHostClosedError)
            socket.setProperty(endOfTls, true);
    };
    QObject::connect(&socket, &QAbstractSocket::errorOccurred, &socket, remember, Qt::DirectConnection);
}

QString faultOf(const QSslSocket &socket)
{
    int systemError = 0;
    if (socket.state() == QAbstractSocket::ConnectedState)
        (void)peek(nativeDescriptor(socket), &systemError);
    if (systemError != 0)
        return qt_error_string(systemError);
    const bool isOrderly = !isBroken(socket) || socket.error() == QAbstractSocket::RemoteHostClosedError;
    return isOrderly ? QString() : socket.errorString();
}

void readWhatWaits(QSslSocket &socket)
{
    const qint64 room = pooledReadBuffer - socket.bytesAvailable();
    readOnce(socket, std::min(room, bytesWaiting(nativeDescriptor(socket))));
}

} // namespace Tidepool
