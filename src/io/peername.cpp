// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "peername.h"

#include "ipaddress.h"

#include <QtCore/QtEndian>
#include <QtNetwork/QAbstractSocket>
#include <QtNetwork/QNetworkInterface>

#ifdef Q_OS_WIN
#    include <winsock2.h>
#    include <ws2tcpip.h>
#else
#    include <netinet/in.h>
#    include <sys/socket.h>
#endif

namespace Tidepool {

QString hostAndPort(const QString &host, quint16 port)
{
    const bool isIPv6 = host.contains(QLatin1Char(':'));
    return (isIPv6 ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2")).arg(host).arg(port);
}

QString Peer::name() const
{
    return ipv4Of(address).value_or(address).toString();
}

QString Peer::endpoint() const
{
    return hostAndPort(name(), port);
}

Peer peerOf(const QAbstractSocket &socket)
{
    return {socket.peerAddress(), socket.peerPort()};
}

Peer peerOf(qintptr descriptor)
{
    sockaddr_storage storage{};
    auto *address = reinterpret_cast<sockaddr *>(&storage);
#ifdef Q_OS_WIN
    int size = sizeof storage;
    const bool isKnown = ::getpeername(static_cast<SOCKET>(descriptor), address, &size) == 0;
#else
    socklen_t size = sizeof storage;
    const bool isKnown = ::getpeername(static_cast<int>(descriptor), address, &size) == 0;
#endif
    if (!isKnown)
        return {};
    Peer result{QHostAddress(address), 0};
    if (storage.ss_family == AF_INET6) {
        const auto *known = reinterpret_cast<const sockaddr_in6 *>(address);
        result.port = qFromBigEndian(known->sin6_port);
        if (known->sin6_scope_id != 0)
            result.address.setScopeId(
                QNetworkInterface::interfaceNameFromIndex(static_cast<int>(known->sin6_scope_id)));
    } else {
        result.port = qFromBigEndian(reinterpret_cast<const sockaddr_in *>(address)->sin_port);
    }
    return result;
}

} // namespace Tidepool
