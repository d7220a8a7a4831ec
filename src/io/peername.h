// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>
#include <QtNetwork/QHostAddress>

QT_FORWARD_DECLARE_CLASS(QAbstractSocket)

namespace Tidepool {

/// Formats a host name or address and a port: "example.org:443", "192.0.2.7:443", "[2001:db8::7]:443".
[[nodiscard]] QString hostAndPort(const QString &host, quint16 port);

/// The other end of a connection.
struct Peer
{
    QHostAddress address;
    quint16 port = 0;

    /// The address for people. An IPv4 address has the IPv4 form even if the connection came to an IPv6 listener.
    [[nodiscard]] QString name() const;
    /// The address and the port. See hostAndPort().
    [[nodiscard]] QString endpoint() const;
};

[[nodiscard]] Peer peerOf(const QAbstractSocket &socket);
/// The peer of a TCP descriptor. The address is null if the descriptor is not connected.
[[nodiscard]] Peer peerOf(qintptr descriptor);

} // namespace Tidepool
