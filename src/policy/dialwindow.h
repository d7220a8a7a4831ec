// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

namespace Tidepool {

/// How many dials may be under way at once: congestion control, as TCP does it.
///
/// It begins wide, so that a pool of 64 fills within one dial time. After a failure one dial goes ahead; each success
/// then allows one more (so the number doubles within a dial time) up to the threshold, half of what was too much, and
/// beyond that one more for each whole window. If even the quickest dial of a round takes far longer than one that has
/// nobody before it (the baseline), it becomes smaller; if that makes the dials no quicker, their number was not the
/// reason, and it becomes as wide as before.
///
/// A server that accepts one after the other may get more dials at the beginning than it can serve before they time
/// out: hopeless() finds them.
///
/// Pure arithmetic; time is a parameter.
class DialWindow
{
public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;
    using Duration = Clock::duration;

    /// The width to begin with.
    static constexpr int initialSize = 64;

    /// How a dial began.
    struct Begin
    {
        Time at;
        int ahead = 0; ///< So many others were under way.
    };
    /// A dial under way.
    struct Waiting
    {
        Time begunAt;
        Duration left; ///< Until it times out.
    };

    /// The most that is ever allowed, 1 and up. Lowering it takes effect at once.
    void setMaximum(int maximum);
    /// Dials allowed under way, at least 1.
    [[nodiscard]] int size() const;

    /// A dial succeeded at @p now; @p underWay: how many there were, itself included.
    void succeeded(const Begin &dial, Time now, int underWay);
    /// A dial begun at @p begunAt failed. Of those begun before the last failure, none counts.
    void failed(Time begunAt, Time now);

    /// The places, in ascending order, of the dials that will time out, as far as the pace of the last successes tells.
    /// To be asked after a success; @p dials are those still under way, the oldest first.
    [[nodiscard]] std::vector<size_t> hopeless(const std::vector<Waiting> &dials, Time now) const;
    /// Hopeless dials were withdrawn; @p underWay: how many were not.
    void withdrew(int underWay, Time now);

    /// The server is another one: what was learned is forgotten.
    void reset();
    /// The same, but one dial goes ahead, and each success allows one more.
    void startSlowly();

private:
    /// From one success to the next of a dial that was begun since.
    struct Round
    {
        Time began = Time::min();
        Duration quickest = Duration::max(); ///< Of the dials begun since the window was last made smaller.
        int width = 0; ///< The most that were under way for one of them.
    };
    /// What was before the window was made smaller because dials were slow.
    struct Narrowing
    {
        Duration quickest;
        double size;
        double threshold;
    };
    void learn(Duration dialTime, bool isAlone);
    [[nodiscard]] bool isSlow(Duration dialTime) const;
    void endRound(Time now);
    void startOver(double size, Time now);
    [[nodiscard]] std::optional<Duration> paceSince(Time time, Time now) const;

    int m_maximum = initialSize;
    double m_size = initialSize;
    double m_threshold = initialSize; ///< Up to here it grows fast.
    Time m_failedAt = Time::min(); ///< When a failure last made it smaller.
    Time m_changedAt = Time::min(); ///< When anything last did.
    Duration m_baseline = Duration::max(); ///< A dial with nobody before it.
    Round m_round;
    std::optional<Narrowing> m_narrowing;
    std::deque<Time> m_successes; ///< The last ones, the newest last.
    Time m_newest = Time::min(); ///< When the youngest dial that succeeded was begun.
};

} // namespace Tidepool
