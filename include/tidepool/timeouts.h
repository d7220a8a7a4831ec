// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// How long each phase may take. Range of each: 1 ms to 24 days.
class TIDEPOOL_EXPORT Timeouts
{
    Q_GADGET

public:
    /// take() without a timeout of its own. So long, too, is a connection kept for take(ConnectionId) when its peer has
    /// written and closed: PoolStatus::ended. Default: 10 s.
    std::chrono::milliseconds take{10'000};
    /// Looking up the host name. Default: 5 s.
    std::chrono::milliseconds resolve{5'000};
    /// Connecting TCP, proxy included. Default: 5 s.
    std::chrono::milliseconds dial{5'000};
    /// The TLS handshake, at either end. Default: 5 s.
    std::chrono::milliseconds handshake{5'000};
    /// Reading or sending the id. Default: 5 s.
    std::chrono::milliseconds identify{5'000};

    /// These values, each within its range; a pool uses and returns them so.
    [[nodiscard]] Timeouts corrected() const;

    friend bool operator==(const Timeouts &, const Timeouts &) = default;
};

/// How long a parked connection is kept. A value of 0 means without limit; the range of others is 100 ms to 24 days.
class TIDEPOOL_EXPORT Lifetimes
{
    Q_GADGET

public:
    /// Since it was established. Default: no limit.
    std::chrono::milliseconds maximumLifetime{0};
    /// Since it was parked. Default: no limit.
    std::chrono::milliseconds maximumIdle{0};
    /// Each connection's limits are shortened by a random part up to this one, so that those born
    /// together do not die together. Default: 0.025 (2.5 %, HikariCP's value). Range: 0 to 0.5.
    double jitter = 0.025;
    /// A client pool: replace a parked connection before the server, or a firewall on the way, closes it because it is
    /// idle. The pool learns after how long that happens (PoolStatus::idleLifetime), and dials the replacement after
    /// 80 % of it. maximumIdle holds, too. Default: true.
    bool learnsIdle = true;

    /// These values, each within its range; a pool uses and returns them so.
    [[nodiscard]] Lifetimes corrected() const;

    friend bool operator==(const Lifetimes &, const Lifetimes &) = default;
};

} // namespace Tidepool
