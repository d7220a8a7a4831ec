// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "child.h"

#include <QtCore/QStringList>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace Bench {

/// Programs that carry a connection to a port onward to another.
struct Route
{
    quint16 entrance = 0;
    std::vector<std::unique_ptr<Child>> carriers;

    /// Of all that carry.
    [[nodiscard]] std::chrono::milliseconds cpu() const;
    [[nodiscard]] qint64 residentBytes() const;
};

/// A way to carry connections.
struct Carrier
{
    QString name;
    QString missing; ///< Why it cannot be used, in a word or two; empty if it can.
    /// Starts what carries to the port target.
    std::function<Route(quint16 target)> build;
};

[[nodiscard]] Carrier directCarrier();
/// Tidepool::Relay, plain TCP at both sides.
[[nodiscard]] Carrier relayCarrier();
[[nodiscard]] Carrier haproxyCarrier();
[[nodiscard]] Carrier socatCarrier();
/// `tidepool server` and `tidepool client` with TLS between them.
[[nodiscard]] Carrier tunnelCarrier();
/// stunnel at both ends, with TLS between them.
[[nodiscard]] Carrier stunnelCarrier();

/// Starts it and waits until a connection comes through. Throws BenchmarkError.
[[nodiscard]] Route openRoute(const Carrier &carrier, quint16 target);

} // namespace Bench
