// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtNetwork/QHostAddress>

#include <optional>

namespace Tidepool {

/// The IPv4 address that @p address is, also as IPv6 writes it (::ffff:a.b.c.d): so it arrives at a listener for both
/// families. Not "::", which QHostAddress::toIPv4Address() takes for an IPv4 address, too.
[[nodiscard]] std::optional<QHostAddress> ipv4Of(const QHostAddress &address);

} // namespace Tidepool
