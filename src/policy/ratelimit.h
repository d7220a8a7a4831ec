// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/backoff.h>

#include <chrono>

namespace Tidepool {

/// How fast a pool replaces connections that it lost before anybody took them: the limit of the dials that no take
/// asked for.
///
/// It keeps an account of connections. A bucket holds as many as the pool's capacity. A connection that is lost within
/// lifeEnough of being made costs one; what is below zero is owed(), and so many of the missing must wait. What was
/// made before the losses began, when the bucket was full, empties the bucket at most. So the pool comes back at once
/// when a server restarts, and stops when it loses what it makes over and over: to a server that closes everything
/// after a second, a load balancer with nothing behind it, a greeting where Unsolicited::Evict is set.
///
/// What is owed is allowed step by step, and each step is judged before the next. After each the pool waits as
/// long as shows whether the connections live: twice the age at which others were lost. None was lost: the next step
/// is four times as large. One was: the next is one connection, after a delay of the pool's Backoff,
/// which grows from step to step. A take allows one more, and starts that delay over: somebody has use for them.
///
/// A dial for a take is never owed in advance, but if it is lost untaken, it costs like the others. Connections that
/// lived for lifeEnough, expired or were flushed cost nothing: their rate is that of their lifetime, or the user's.
///
/// Pure arithmetic: time is a parameter.
class RateLimit
{
public:
    using Clock = std::chrono::steady_clock;

    /// The loss of a connection of this age costs nothing.
    static constexpr std::chrono::milliseconds lifeEnough{10'000};
    /// How long a step is watched at least.
    static constexpr std::chrono::milliseconds shortestTrial{250};

    void setBackoff(const Backoff &backoff) { m_backoff = backoff; }
    /// @p capacity: what the pool keeps parked; @p missing: what it lacks, beside what is under way. More is never
    /// owed, but for what is lost later.
    void setSize(int capacity, int missing);
    /// Nothing is owed, and the bucket is full.
    void reset();

    /// A connection made @p age ago was lost untaken.
    void lost(Clock::duration age, Clock::time_point now);
    /// A connection was made.
    void made(Clock::time_point now);
    /// @p count connections were taken.
    void taken(int count);
    /// Judges a step and allows the next, if that is due. @p random is uniform in [0, 1).
    void advance(Clock::time_point now, double random);

    /// So many of the missing connections must wait.
    [[nodiscard]] int owed() const { return m_tokens < 0 ? -m_tokens : 0; }
    /// When advance() is to be called next; Clock::time_point::max() for never.
    [[nodiscard]] Clock::time_point due() const { return m_due; }
    /// Something was owed, and no step has gone well since.
    [[nodiscard]] bool isTroubled() const { return m_isTroubled; }

private:
    Backoff m_backoff;
    int m_capacity = 1;
    int m_missing = 1;
    int m_tokens = 1;
    int m_step = 1; ///< How many the next good step allows.
    int m_failures = 0; ///< Steps in a row in which something was lost.
    bool m_hasMade = false; ///< In this step.
    bool m_hasLost = false; ///< In this step.
    bool m_isDelayed = false; ///< Until the next step.
    bool m_isTroubled = false;
    Clock::duration m_trial = shortestTrial;
    Clock::time_point m_due = Clock::time_point::max();
    Clock::time_point m_lastLoss;
    Clock::time_point m_lossesBegan; ///< When the bucket was last full at a loss.
};

} // namespace Tidepool
