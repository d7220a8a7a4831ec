// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "ipaddress.h"

#include <algorithm>

namespace Tidepool {

std::optional<QHostAddress> ipv4Of(const QHostAddress &address)
{
    if (address.protocol() == QAbstractSocket::IPv4Protocol)
        return address;
    if (address.protocol() != QAbstractSocket::IPv6Protocol)
        return std::nullopt;
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    const bool isMapped = std::all_of(bytes.c, bytes.c + 10, [](quint8 byte) { return byte == 0; }) && bytes[10] == 0xff
        && bytes[11] == 0xff;
    return isMapped ? std::optional(QHostAddress(address.toIPv4Address())) : std::nullopt;
}

} // namespace Tidepool
