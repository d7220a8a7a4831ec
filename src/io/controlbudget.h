// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <algorithm>
#include <chrono>

namespace Tidepool {

/// How many bytes that are no data, but key updates or session tickets, a peer may make us read.
///
/// A token bucket: so many at once, and what is used up comes back slowly, so that a connection that is parked for
/// weeks is not put out for what its peer sends now and then. A plain value; time is a parameter and must not go
/// backwards.
class ControlBudget
{
public:
    using Clock = std::chrono::steady_clock;

    /// Bytes at once. Default: 64 KiB, about 2,400 key updates, which cost some milliseconds.
    static constexpr qint64 maximum = 65'536;
    /// One comes back after this. Default: 50 ms, 20 bytes a second, so that ten thousand peers who use it all up cost
    /// less than a twentieth of a processor. An empty budget is full again after 55 minutes.
    static constexpr std::chrono::milliseconds perByte{50};

    /// @p bytes were read that brought no data. Negative: so many of those before belong to data that was not complete.
    void spend(qint64 bytes, Clock::time_point now) { m_fullAt = std::max(m_fullAt, now) + bytes * perByte; }
    /// More was spent than there is.
    [[nodiscard]] bool isExceeded(Clock::time_point now) const { return m_fullAt - now > maximum * perByte; }

private:
    Clock::time_point m_fullAt; ///< When all that was spent is back.
};

} // namespace Tidepool
