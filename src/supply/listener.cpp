// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "listener.h"

#include <QtNetwork/QNetworkProxy>

#ifdef Q_OS_WIN
#    include <winsock2.h>
#else
#    include <sys/socket.h>
#    include <unistd.h>
#endif

namespace Tidepool {

namespace {
constexpr int backlog = 1'024; // Qt's default is 50
constexpr int anyPositiveNumber = 30; // no connection is ever pending in Qt's sense

QString remedy(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::AddressInUseError:
        return QStringLiteral(" Another program listens there: stop it or choose another port.");
    case QAbstractSocket::SocketAccessError:
        return QStringLiteral(" Ports below 1024 need special rights: choose another port.");
    case QAbstractSocket::SocketAddressNotAvailableError:
        return QStringLiteral(" Choose an address of this machine.");
    default:
        return {};
    }
}

// Qt would take any socket, and accept() on it would then fail for ever.
bool isListeningDescriptor(qintptr descriptor)
{
    int isListening = 0;
#ifdef Q_OS_WIN
    int size = sizeof isListening;
    auto *value = reinterpret_cast<char *>(&isListening);
    const int result = ::getsockopt(static_cast<SOCKET>(descriptor), SOL_SOCKET, SO_ACCEPTCONN, value, &size);
#else
    socklen_t size = sizeof isListening;
    const int result = ::getsockopt(static_cast<int>(descriptor), SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size);
#endif
    return result == 0 && isListening != 0;
}
} // namespace

Listener::Listener()
{
    setProxy(QNetworkProxy::NoProxy); // not the application's by accident
    setListenBacklogSize(backlog);
}

bool Listener::listenOn(const QHostAddress &address, quint16 port)
{
    const QString where = QStringLiteral("%1 port %2").arg(address.toString()).arg(port);
    return settle(listen(address, port), where);
}

bool Listener::adopt(qintptr descriptor)
{
    if (isListeningDescriptor(descriptor))
        return settle(setSocketDescriptor(descriptor), QStringLiteral("the descriptor %1").arg(descriptor));
    m_error = {Phase::Accept, ErrorKind::Settings,
               QStringLiteral("The descriptor %1 is not a listening socket; call bind() and listen() on it first.")
                   .arg(descriptor)};
    return false;
}

bool Listener::settle(bool isListening, const QString &where)
{
    m_error = {};
    if (!isListening)
        m_error = {Phase::Accept, ErrorKind::Settings,
                   QStringLiteral("Cannot listen on %1: %2.%3").arg(where, errorString(), remedy(serverError()))};
    return isListening;
}

// pauseAccepting() does not end an accept loop that is running, this does.
void Listener::hold()
{
    setMaxPendingConnections(0);
    pauseAccepting();
}

void Listener::unhold()
{
    setMaxPendingConnections(anyPositiveNumber);
    resumeAccepting();
}

void Listener::incomingConnection(qintptr descriptor)
{
    if (m_handler)
        m_handler(descriptor);
    else
        closeDescriptor(descriptor);
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
