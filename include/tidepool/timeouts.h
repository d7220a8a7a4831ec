// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// How long each phase may take. Range of each value: 1 ms to 24 days.
class TIDEPOOL_EXPORT Timeouts
{
    Q_GADGET

public:
    /// The timeout of a take() without its own timeout. Also how long a connection that the peer closed after its last
    /// bytes is kept for take(ConnectionId): see PoolStatus::ended. Default: 10 s.
    std::chrono::milliseconds take{10'000};
    /// Resolving the host name. Default: 5 s.
    std::chrono::milliseconds resolve{5'000};
    /// Connecting over TCP, including through a proxy. Default: 5 s.
    std::chrono::milliseconds dial{5'000};
    /// The TLS handshake, at either end. Default: 5 s.
    std::chrono::milliseconds handshake{5'000};
    /// Reading or sending the id. Default: 5 s.
    std::chrono::milliseconds identify{5'000};

    /// A copy with each value corrected to its range. A pool uses and returns the corrected values.
    [[nodiscard]] Timeouts corrected() const;

    friend bool operator==(const Timeouts &, const Timeouts &) = default;
};

/// How long a parked connection is kept. 0 means no limit. The range of other values is 100 ms to 24 days.
class TIDEPOOL_EXPORT Lifetimes
{
    Q_GADGET

public:
    /// The maximum time since the connection was established. Default: no limit.
    std::chrono::milliseconds maximumLifetime{0};
    /// The maximum time since the connection was parked. Default: no limit.
    std::chrono::milliseconds maximumIdle{0};
    /// The limits of each connection are shortened by a random part, up to this one. Connections of the same age
    /// therefore do not all expire together. Default: 0.025 (2.5 %, HikariCP's value). Range: 0 to 0.5.
    double jitter = 0.025;
    /// A client pool: replace an idle parked connection before the server, or a firewall on the way, closes the
    /// connection. The pool learns the idle time after which that happens (PoolStatus::idleLifetime), and dials the
    /// replacement after 80 % of that time. maximumIdle applies too. Default: true.
    bool learnsIdle = true;

    /// These values, each within its range; a pool uses and returns them so.
    [[nodiscard]] Lifetimes corrected() const;

    friend bool operator==(const Lifetimes &, const Lifetimes &) = default;
};

} // namespace Tidepool
