// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "ratelimit.h"

#include <tidepool/poolerror.h>

#include <optional>

namespace Tidepool {

/// When a pool may dial again: the backoff after dials that failed, and the rate limit of connections that were lost.
///
/// Pure arithmetic: time and randomness are parameters; @p random is uniform in [0, 1).
class RetrySchedule
{
public:
    using Clock = RateLimit::Clock;
    using Time = Clock::time_point;

    void setBackoff(const Backoff &backoff);

    /// A dial begun at @p begunAt failed. True if a backoff begins: of the dials under way together, one failure
    /// counts.
    bool failed(Time begunAt, const PoolError &error, Time now, double random);
    /// A dial begun at @p begunAt made a connection.
    void succeeded(Time begunAt, Time now);
    /// A backoff ends, and the next is the first in a row.
    void forgetFailures();
    /// The time of a backoff is over.
    void endBackoff() { m_backoffEnds.reset(); }
    /// Nothing may be dialled before.
    [[nodiscard]] std::optional<Time> backoffEnds() const { return m_backoffEnds; }
    [[nodiscard]] bool isBackingOff() const { return m_backoffEnds.has_value(); }

    /// What was lost from connections that were made: see RateLimit.
    [[nodiscard]] RateLimit &limit() { return m_limit; }
    [[nodiscard]] const RateLimit &limit() const { return m_limit; }

    /// When more may be dialled than now; nothing if there is no need to wait.
    [[nodiscard]] std::optional<Time> nextAttempt() const;

private:
    Backoff m_backoff;
    RateLimit m_limit;
    int m_failures = 0; ///< Steps of the backoff: each failure adds one, each success halves them.
    Time m_backoffBegan;
    std::optional<Time> m_backoffEnds;
};

} // namespace Tidepool
