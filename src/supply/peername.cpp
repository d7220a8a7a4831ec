// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "peername.h"

#include <QtNetwork/QAbstractSocket>
#include <QtNetwork/QHostAddress>

namespace Tidepool {

QString peerAddress(const QAbstractSocket &socket)
{
    const QHostAddress address = socket.peerAddress();
    bool isIPv4 = false; // IPv4-mapped ones included
    const quint32 ipv4 = address.toIPv4Address(&isIPv4);
    return (isIPv4 ? QHostAddress(ipv4) : address).toString();
}

QString peerEndpoint(const QAbstractSocket &socket)
{
    const QString address = peerAddress(socket);
    const bool isIPv6 = address.contains(QLatin1Char(':'));
    return (isIPv6 ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2")).arg(address).arg(socket.peerPort());
}

} // namespace Tidepool
