// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "gracefulclose.h"

#include "affinity.h"
#include "afterwrite.h"
#include "descriptor.h"
#include "liveness.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>
#include <QtCore/QTimer>

#include <chrono>
#include <memory>
#include <utility>

namespace Tidepool {

namespace {

constexpr std::chrono::seconds closingTime{5};
// The number of bytes that a peer can still send before it reads the answer. The socket's thread can be the user's.
constexpr qint64 maximumDiscarded = 64 * 1024 * 1024;
// The maximum when the bytes must be discarded at once: some tenths of a millisecond.
constexpr qint64 maximumDiscardedAtOnce = 1024 * 1024;

enum class Use : quint8 { Parked, Taken };

// If unread bytes are present or more bytes arrive after the close, the system resets the connection and discards the
// bytes in transit.
bool mayCutOff(const QSslSocket &socket)
{
    const qintptr descriptor = nativeDescriptor(socket);
    return hasUnsentBytes(socket) || !hasArrived(descriptor) || bytesWaiting(descriptor) > 0;
}

void deleteInTime(QObject *object)
{
    QTimer::singleShot(closingTime, object, &QObject::deleteLater);
    QObject::connect(object->thread(), &QThread::finished, object, &QObject::deleteLater);
}

// Starts to linger when Qt has sent all data and closed the socket.
void lingerBehind(const QSslSocket &socket, std::unique_ptr<LingeringClose> lingering)
{
    LingeringClose *own = lingering.release();
    QObject::connect(own, &LingeringClose::over, own, &QObject::deleteLater);
    deleteInTime(own);
    if (QCoreApplication *app = QCoreApplication::instance(); app && app->thread() == own->thread())
        own->setParent(app); // its thread does not finish
    if (socket.state() == QAbstractSocket::UnconnectedState)
        own->begin();
    else
        QObject::connect(&socket, &QAbstractSocket::disconnected, own, &LingeringClose::begin);
}

// In TLS modes, Qt only queues the close_notify. abort() would discard the close_notify, and the peer could not
// distinguish the end from a cut connection. Returns true if the system did not accept all bytes.
bool isStillClosing(QSslSocket &socket)
{
    socket.disconnectFromHost();
    if (socket.state() != QAbstractSocket::UnconnectedState)
        socket.flush();
    return socket.state() != QAbstractSocket::UnconnectedState;
}

// A caller that can be inside one of the socket's own signals must defer the deletion. For many sockets, deferred
// deletion takes quadratic time, because every destructor searches all events that are still posted.
void closeInThisThread(QSslSocket *socket, bool canDefer, Use use)
{
    socket->disconnect();
    socket->setParent(nullptr); // the parent's destructor would also delete the socket
    if (socket->state() == QAbstractSocket::ConnectedState) {
        if (hasUnsentBytes(*socket))
            socket->flush();
        std::unique_ptr<LingeringClose> lingering;
        if (use == Use::Taken && mayCutOff(*socket)) {
            if (canDefer)
                lingering = LingeringClose::of(*socket, maximumDiscarded);
            if (!lingering)
                discardWaiting(nativeDescriptor(*socket), maximumDiscardedAtOnce);
        }
        const bool isClosing = isStillClosing(*socket);
        if (lingering)
            lingerBehind(*socket, std::move(lingering));
        if (isClosing && canDefer) {
            QObject::connect(socket, &QIODevice::readyRead, socket,
                             [socket] { socket->skip(socket->bytesAvailable()); });
            QObject::connect(socket, &QAbstractSocket::disconnected, socket, &QObject::deleteLater);
            deleteInTime(socket);
            return;
        }
    }
    socket->abort();
    if (canDefer)
        socket->deleteLater();
    else
        delete socket;
}

void close(QSslSocket *socket, Use use)
{
    if (!socket)
        return;
    if (!socket->thread()) {
        pullIntoThisThread(*socket);
        const bool takesTime = hasUnsentBytes(*socket) || (use == Use::Taken && mayCutOff(*socket));
        closeInThisThread(socket, takesTime && hasEventLoop(), use);
    } else if (socket->thread() == QThread::currentThread()) {
        closeInThisThread(socket, hasEventLoop(), use);
    } else if (!socket->thread()->isRunning()) {
        delete socket; // Qt allows this for objects of a thread that has ended or has not started
    } else {
        QMetaObject::invokeMethod(
            socket, [socket, use] { closeInThisThread(socket, true, use); }, Qt::QueuedConnection);
    }
}

} // namespace

void closeGently(QSslSocket *socket)
{
    close(socket, Use::Parked);
}

void closeAfterUse(QSslSocket *socket)
{
    close(socket, Use::Taken);
}

} // namespace Tidepool
