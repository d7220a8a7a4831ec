// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "allowedclients.h"

#include "../io/ipaddress.h"

#include <algorithm>

namespace Tidepool {

namespace {

QHostAddress normalised(QHostAddress address)
{
    if (const auto ipv4 = ipv4Of(address))
        return *ipv4;
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
    const auto ipv4 = ipv4Of(network.first);
    if (!ipv4 || *ipv4 == network.first)
        return network;
    return std::pair(*ipv4, network.second - mappedPrefix);
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
