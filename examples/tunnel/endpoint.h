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

    /// The endpoint as the user wrote it, with IPv6 addresses in brackets.
    [[nodiscard]] QString toString() const;

    friend bool operator==(const Endpoint &, const Endpoint &) = default;
};

/// Parses one of the forms above. An IPv6 address needs brackets, because its last group looks like a port.
[[nodiscard]] std::optional<Endpoint> parseEndpoint(QStringView text);

/// The address to listen on: all interfaces without a host, "localhost", or a literal address. Returns std::nullopt for
/// any other name, because a name can have several addresses.
[[nodiscard]] std::optional<QHostAddress> listenAddress(const Endpoint &endpoint);

/// Formats "192.0.2.7:80" or "[2001:db8::1]:80". An IPv4-mapped IPv6 address has the IPv4 form.
[[nodiscard]] QString formatAddress(const QHostAddress &address, quint16 port);

} // namespace Tunnel
