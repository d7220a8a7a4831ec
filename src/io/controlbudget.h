// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <algorithm>
#include <chrono>

namespace Tidepool {

/// Limits the number of bytes without data (key updates and session tickets) that a peer can make the pool read.
///
/// A token bucket: a peer can use a number of bytes at once, and the used bytes come back slowly. A connection that is
/// parked for weeks is therefore not evicted because of occasional bytes. A plain value. Time is a parameter and must
/// not go backwards.
class ControlBudget
{
public:
    using Clock = std::chrono::steady_clock;

    /// The maximum number of bytes at once. Default: 64 KiB, about 2,400 key updates, which cost some milliseconds.
    static constexpr qint64 maximum = 65'536;
    /// The time after which one byte comes back. Default: 50 ms, which is 20 bytes a second. Ten thousand peers that
    /// use all of these bytes cost less than a twentieth of a processor. An empty budget is full again after 55
    /// minutes.
    static constexpr std::chrono::milliseconds perByte{50};

    /// Spends @p bytes that were read and contained no data. If @p bytes is negative, returns earlier bytes to the
    /// budget because they belong to data that was not complete.
    void spend(qint64 bytes, Clock::time_point now) { m_fullAt = std::max(m_fullAt, now) + bytes * perByte; }
    /// True if more bytes were spent than the budget had.
    [[nodiscard]] bool isExceeded(Clock::time_point now) const { return m_fullAt - now > maximum * perByte; }

private:
    Clock::time_point m_fullAt; ///< The time at which the budget is full again.
};

} // namespace Tidepool
