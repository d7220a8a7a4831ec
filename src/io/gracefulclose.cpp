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
// What a peer may still send before it looks at the answer. The socket's thread may be the user's.
constexpr qint64 maximumDiscarded = 64 * 1024 * 1024;
// The same where it has to be done at once: some tenths of a millisecond.
constexpr qint64 maximumDiscardedAtOnce = 1024 * 1024;

enum class Use : quint8 { Parked, Taken };

// A system that closes a connection with unread bytes, or to which more come, resets it and forgets what is under way.
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

// From when Qt has sent all and closed the socket.
void lingerBehind(const QSslSocket &socket, std::unique_ptr<LingeringClose> lingering)
{
    LingeringClose *own = lingering.release();
    QObject::connect(own, &LingeringClose::over, own, &QObject::deleteLater);
    deleteInTime(own);
    if (QCoreApplication *app = QCoreApplication::instance(); app && app->thread() == own->thread())
        own->setParent(app); // whose thread does not finish
    if (socket.state() == QAbstractSocket::UnconnectedState)
        own->begin();
    else
        QObject::connect(&socket, &QAbstractSocket::disconnected, own, &LingeringClose::begin);
}

// In TLS with a close_notify, which Qt only queues: abort() would throw it away, and the peer could not tell the end
// from a cut. True if the system did not take all of it.
bool isStillClosing(QSslSocket &socket)
{
    socket.disconnectFromHost();
    if (socket.state() != QAbstractSocket::UnconnectedState)
        socket.flush();
    return socket.state() != QAbstractSocket::UnconnectedState;
}

// Whoever may be inside one of the socket's own signals has to defer its deletion. A deferred deletion of each of many
// would cost the square of their number: every destructor looks through all events that are still posted.
void closeInThisThread(QSslSocket *socket, bool canDefer, Use use)
{
    socket->disconnect();
    socket->setParent(nullptr); // whose end would be the socket's, too
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
        delete socket; // Qt allows it for objects of a thread that has ended, or not begun
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
