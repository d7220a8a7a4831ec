// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

QT_FORWARD_DECLARE_CLASS(QAbstractSocket)

namespace Tidepool {

/// The address of a connected socket's peer for people; IPv4 as such, even if it came to an IPv6 listener.
[[nodiscard]] QString peerAddress(const QAbstractSocket &socket);

/// The same with the port: "192.0.2.7:443", "[2001:db8::7]:443".
[[nodiscard]] QString peerEndpoint(const QAbstractSocket &socket);

} // namespace Tidepool
