// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <utility>

namespace Tidepool {

/// The rounds in which a pool tops up: whether one is open, what is left to dial in it, and which dials belong to it.
///
/// A round tops up once, even if the limit of parallel dials makes it several batches, and is over when all of its
/// dials have ended. What is taken meanwhile is for the next one.
class Rounds
{
public:
    /// A dial that belongs to no round.
    static constexpr int none = 0;

    [[nodiscard]] bool isOpen() const { return m_isOpen; }
    /// Open, and none of its dials is under way.
    [[nodiscard]] bool isOver() const { return m_isOpen && m_underWay == 0; }
    /// Still to be dialled in this round.
    [[nodiscard]] int left() const { return m_left; }

    void begin(int missing)
    {
        ++m_number;
        m_isOpen = true;
        m_left = missing;
    }
    /// Ends it. Returns how many connections were made since the last one ended.
    [[nodiscard]] int end()
    {
        m_isOpen = false;
        m_left = 0;
        return std::exchange(m_created, 0);
    }
    /// Its dials do not come to an end any more; what is still told of them is of no round.
    void abandon()
    {
        ++m_number;
        m_left = m_underWay = 0;
    }

    /// Returns the round that the dial belongs to.
    [[nodiscard]] int dialBegun()
    {
        if (m_left == 0)
            return none;
        --m_left;
        ++m_underWay;
        return m_number;
    }
    void dialEnded(int round, bool isMade)
    {
        m_underWay -= round == m_number && round != none ? 1 : 0;
        m_created += isMade ? 1 : 0;
    }

    /// It came to nothing, and is still to be dialled.
    void dialWithdrawn(int round)
    {
        if (round != m_number || round == none)
            return;
        --m_underWay;
        ++m_left;
    }

private:
    int m_number = 0;
    bool m_isOpen = false;
    int m_left = 0;
    int m_underWay = 0;
    int m_created = 0;
};

} // namespace Tidepool
