// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <chrono>

namespace Tidepool {

/// How many dials may be under way at once: congestion control, as TCP does it.
///
/// It begins wide, so that a pool of 64 fills within one dial time. After a failure one dial goes ahead; each success
/// then allows one more (so the number doubles within a dial time) up to the threshold, half of what was too much, and
/// beyond that one more for each whole window. Dials that take far longer than the quickest ones, as with a server that
/// accepts one after the other, make it smaller before they time out.
///
/// Pure arithmetic; time is a parameter.
class DialWindow
{
public:
    using Clock = std::chrono::steady_clock;

    /// The width to begin with.
    static constexpr int initialSize = 64;

    /// The most that is ever allowed, 1 and up. Lowering it takes effect at once.
    void setMaximum(int maximum);
    /// Dials allowed under way, at least 1.
    [[nodiscard]] int size() const;

    /// A dial begun at @p begunAt succeeded at @p now; @p underWay: how many there were, itself included.
    void succeeded(Clock::time_point begunAt, Clock::time_point now, int underWay);
    /// A dial begun at @p begunAt failed. Of those begun before the last failure, none counts.
    void failed(Clock::time_point begunAt, Clock::time_point now);
    /// The server is another one: what was learned is forgotten.
    void reset();

private:
    void learn(Clock::duration dialTime, bool isAlone);
    [[nodiscard]] bool isSlow(Clock::duration dialTime) const;

    int m_maximum = initialSize;
    double m_size = initialSize;
    double m_threshold = initialSize; ///< Up to here it grows fast.
    Clock::time_point m_failedAt = Clock::time_point::min(); ///< When a failure last made it smaller.
    Clock::time_point m_slowAt = Clock::time_point::min(); ///< When slow dials last did.
    Clock::duration m_quickest = Clock::duration::max(); ///< A dial with nobody in its way.
};

} // namespace Tidepool
