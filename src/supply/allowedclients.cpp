// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "allowedclients.h"

#include <algorithm>

namespace Tidepool {

namespace {

// An IPv4 address that arrives at a dual-stack listener reads ::ffff:a.b.c.d. QHostAddress::toIPv4Address() would
// also take "::" for an IPv4 address.
bool isIPv4Mapped(const QHostAddress &address)
{
    if (address.protocol() != QAbstractSocket::IPv6Protocol)
        return false;
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    return std::all_of(bytes.c, bytes.c + 10, [](quint8 byte) { return byte == 0; }) && bytes[10] == 0xff
        && bytes[11] == 0xff;
}

QHostAddress normalised(QHostAddress address)
{
    if (isIPv4Mapped(address))
        return QHostAddress(address.toIPv4Address());
    address.setScopeId(QString());
    return address;
}

std::optional<std::pair<QHostAddress, int>> parseNetwork(const QString &entry)
{
    constexpr int mappedPrefix = 96;
    const QString text = entry.trimmed();
    if (!text.contains(QLatin1Char('/'))) {
        const QHostAddress address = normalised(QHostAddress(text));
        if (address.isNull())
            return std::nullopt;
        return std::pair(address, address.protocol() == QAbstractSocket::IPv4Protocol ? 32 : 128);
    }
    auto network = QHostAddress::parseSubnet(text);
    if (network.first.isNull() || network.second < 0)
        return std::nullopt;
    if (text.startsWith(QLatin1String("::ffff:"), Qt::CaseInsensitive) && network.second < mappedPrefix)
        return std::nullopt; // wider than the IPv4-mapped part: probably not meant
    if (!isIPv4Mapped(network.first))
        return network;
    return std::pair(normalised(network.first), network.second - mappedPrefix);
}

} // namespace

std::optional<AllowedClients> AllowedClients::parse(const QStringList &entries, QString *bad)
{
    AllowedClients result;
    for (const QString &entry : entries) {
        const auto network = parseNetwork(entry);
        if (!network) {
            *bad = entry;
            return std::nullopt;
        }
        result.m_networks.push_back(*network);
    }
    return result;
}

bool AllowedClients::admits(const QHostAddress &address) const
{
    if (m_networks.empty())
        return true;
    const QHostAddress client = normalised(address);
    return std::any_of(m_networks.begin(), m_networks.end(),
                       [&](const auto &network) { return client.isInSubnet(network); });
}

} // namespace Tidepool
