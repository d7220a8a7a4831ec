// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "endpoint.h"

namespace Tunnel {

namespace {

std::optional<quint16> parsePort(QStringView text)
{
    // QStringView::toUShort() would also accept "+80" and " 80".
    if (text.isEmpty() || text.size() > 5)
        return std::nullopt;
    for (const QChar c : text) {
        if (c < QLatin1Char('0') || c > QLatin1Char('9'))
            return std::nullopt;
    }
    bool ok = false;
    const quint16 port = text.toUShort(&ok);
    return ok ? std::optional(port) : std::nullopt;
}

std::optional<Endpoint> parseBracketed(QStringView text)
{
    const qsizetype end = text.indexOf(QLatin1Char(']'));
    if (end < 0 || end + 1 >= text.size() || text.at(end + 1) != QLatin1Char(':'))
        return std::nullopt;
    const QString host = text.mid(1, end - 1).toString();
    const QHostAddress address(host);
    const auto port = parsePort(text.mid(end + 2));
    if (!port || address.protocol() != QAbstractSocket::IPv6Protocol)
        return std::nullopt;
    return Endpoint{host, *port};
}

} // namespace

QString Endpoint::toString() const
{
    const bool brackets = host.contains(QLatin1Char(':'));
    const QString shown = brackets ? QString(QLatin1Char('[') + host + QLatin1Char(']')) : host;
    return shown + QLatin1Char(':') + QString::number(port);
}

std::optional<Endpoint> parseEndpoint(QStringView text)
{
    if (text.startsWith(QLatin1Char('[')))
        return parseBracketed(text);
    const qsizetype colon = text.indexOf(QLatin1Char(':'));
    if (colon != text.lastIndexOf(QLatin1Char(':')))
        return std::nullopt;
    const auto port = parsePort(colon < 0 ? text : text.mid(colon + 1));
    if (!port)
        return std::nullopt;
    const QString host = colon < 0 ? QString() : text.left(colon).toString();
    for (const QChar c : host) {
        if (c.isSpace() || c == QLatin1Char('/'))
            return std::nullopt;
    }
    return Endpoint{host, *port};
}

std::optional<QHostAddress> listenAddress(const Endpoint &endpoint)
{
    if (endpoint.host.isEmpty() || endpoint.host == QLatin1String("*"))
        return QHostAddress(QHostAddress::Any);
    if (endpoint.host == QLatin1String("localhost"))
        return QHostAddress(QHostAddress::LocalHost);
    const QHostAddress address(endpoint.host);
    return address.isNull() ? std::nullopt : std::optional(address);
}

QString formatAddress(const QHostAddress &address, quint16 port)
{
    bool isIPv4 = false;
    const quint32 ipv4 = address.toIPv4Address(&isIPv4);
    if (address.protocol() == QAbstractSocket::AnyIPProtocol || address == QHostAddress::AnyIPv6)
        return Endpoint{QStringLiteral("::"), port}.toString();
    return Endpoint{isIPv4 ? QHostAddress(ipv4).toString() : address.toString(), port}.toString();
}

} // namespace Tunnel
