// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "descriptor.h"

#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QTcpSocket>

#include <array>
#include <cerrno>

#ifdef Q_OS_WIN
#    include <winsock2.h>
#else
#    include <poll.h>
#    include <sys/ioctl.h>
#    include <sys/socket.h>
#    include <unistd.h>
#endif
#ifdef Q_OS_LINUX
#    include <linux/sockios.h>
#endif

namespace Tidepool {

namespace {

// The socket inside a proxy's engine that holds the connection to the proxy. nullptr without a proxy. An accepted
// socket reports DefaultProxy and has no inner socket.
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

qint64 bytesWaiting(qintptr descriptor)
{
    u_long count = 0;
    return ::ioctlsocket(static_cast<SOCKET>(descriptor), FIONREAD, &count) == 0 ? static_cast<qint64>(count) : 0;
}

void endSending(qintptr descriptor)
{
    ::shutdown(static_cast<SOCKET>(descriptor), SD_SEND);
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

qint64 bytesWaiting(qintptr descriptor)
{
    int count = 0;
    return ::ioctl(static_cast<int>(descriptor), FIONREAD, &count) == 0 ? count : 0;
}

void endSending(qintptr descriptor)
{
    ::shutdown(static_cast<int>(descriptor), SHUT_WR);
}
#endif

#if defined(POLLRDHUP) && !defined(TIDEPOOL_PORTABLE)
bool hasHungUp(qintptr descriptor)
{
    pollfd entry{static_cast<int>(descriptor), POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

bool seesEndBehindBytes()
{
    return true;
}
#else
bool hasHungUp(qintptr)
{
    return false;
}

bool seesEndBehindBytes()
{
    return false;
}
#endif

#if defined(Q_OS_LINUX) && !defined(TIDEPOOL_PORTABLE)
bool hasArrived(qintptr descriptor)
{
    int unacknowledged = 0;
    return ::ioctl(static_cast<int>(descriptor), SIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0;
}

bool seesArrivals()
{
    return true;
}
#else
bool hasArrived(qintptr)
{
    return true;
}

bool seesArrivals()
{
    return false;
}
#endif

void discardWaiting(qintptr descriptor, qint64 maximumBytes)
{
    std::array<char, 16 * 1024> bytes; // NOLINT(cppcoreguidelines-pro-type-member-init): nobody looks at them
    for (qint64 count = 1; count > 0 && maximumBytes > 0; maximumBytes -= count) {
#ifdef Q_OS_WIN
        count = ::recv(static_cast<SOCKET>(descriptor), bytes.data(), static_cast<int>(bytes.size()), 0);
#else
        count = ::recv(static_cast<int>(descriptor), bytes.data(), bytes.size(), MSG_DONTWAIT);
#endif
    }
}

void closeDescriptor(qintptr descriptor)
{
#ifdef Q_OS_WIN
    ::closesocket(static_cast<SOCKET>(descriptor));
#else
    ::close(static_cast<int>(descriptor));
#endif
}

} // namespace Tidepool
