// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>
#include <QtNetwork/QHostAddress>

#include <optional>

namespace Tunnel {

/// A host and a port as people write them: "example.org:80", "[::1]:80", ":8080", "8080".
struct Endpoint
{
    QString host; ///< A name or an address without brackets; empty if none was given.
    quint16 port = 0;

    /// As it was written, IPv6 addresses in brackets.
    [[nodiscard]] QString toString() const;

    friend bool operator==(const Endpoint &, const Endpoint &) = default;
};

/// Reads one of the forms above. An IPv6 address needs its brackets, or its last group would pass for the port.
[[nodiscard]] std::optional<Endpoint> parseEndpoint(QStringView text);

/// The address to listen on: all interfaces without a host, "localhost", or a literal address.
/// std::nullopt for any other name, because a name may stand for many addresses.
[[nodiscard]] std::optional<QHostAddress> listenAddress(const Endpoint &endpoint);

/// "192.0.2.7:80" or "[2001:db8::1]:80". An IPv4-mapped IPv6 address is shown as the IPv4 address it is.
[[nodiscard]] QString formatAddress(const QHostAddress &address, quint16 port);

} // namespace Tunnel
