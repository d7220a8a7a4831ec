// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <algorithm>
#include <chrono>

namespace Tidepool {

/// Which share of the taken connections is given back, and after how long: learned from those that came to an end.
///
/// Each of the last ones counts the same until there are memory of them; from then on the older ones fade.
class ReturnShare
{
public:
    using Clock = std::chrono::steady_clock;

    /// About so many ends are remembered.
    static constexpr int memory = 16;

    /// A connection taken @p held ago was given back, or was not.
    void ended(bool isReturned, Clock::duration held)
    {
        m_ends = std::min(m_ends + 1, memory);
        m_share += ((isReturned ? 1.0 : 0.0) - m_share) / m_ends;
        if (!isReturned)
            return;
        m_returns = std::min(m_returns + 1, memory);
        m_held += (held - m_held) / m_returns;
    }

    /// How many of @p taken connections are expected back; none before the first was given back.
    [[nodiscard]] int expected(int taken) const { return static_cast<int>(m_share * taken + 0.5); }
    /// One that is held for longer is not expected any more.
    [[nodiscard]] Clock::duration patience() const { return 4 * m_held + std::chrono::seconds(1); }

private:
    double m_share = 0.0;
    Clock::duration m_held{0};
    int m_ends = 0;
    int m_returns = 0;
};

} // namespace Tidepool
