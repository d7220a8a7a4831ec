// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <chrono>
#include <deque>
#include <vector>

namespace Tidepool {

/// Which stock levels were needed lately. Level k was needed by a take if k takes fell into one dial time.
///
/// To keep the k-th connection parked is to rent it; to dial it when it is needed costs a taker a dial time. Without
/// knowing the future, the best is to keep a level as long as it was needed within a fixed time, level by level: the
/// ski-rental rule. A take that needs level k needs all below, so the largest level of the window is all that counts,
/// and a queue of falling levels finds it in constant time.
class Levels
{
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// A level and when it was needed last.
    struct Mark
    {
        int level = 0;
        Time when;
        friend bool operator==(const Mark &, const Mark &) = default;
    };

    void need(int level, Time now);
    /// Forgets everything, and remembers @p marks in the order of their times.
    void restore(std::vector<Mark> marks);
    /// The largest level needed within @p window; 0 if none was.
    [[nodiscard]] int needed(Time now, Duration window);
    /// When needed() falls without further need: after @p now, Time::max() for never.
    [[nodiscard]] Time nextFall(Time now, Duration window);

    /// What is remembered of @p window: levels fall, times rise.
    [[nodiscard]] std::vector<Mark> marks(Time now, Duration window);

private:
    void forget(Time now, Duration window);

    std::deque<Mark> m_marks;
};

} // namespace Tidepool
