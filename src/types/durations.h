// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <algorithm>
#include <chrono>

namespace Tidepool {

/// The longest duration of the interface. QTimer counts milliseconds in an int, which ends at 24.8 days; and added to
/// the present it stays far from the end of every clock.
inline constexpr std::chrono::hours longestDuration{24 * 24};

/// @p value, but at least @p shortest and at most @p longest. Every duration that a user sets passes through it.
template <typename Duration>
[[nodiscard]] constexpr Duration clampedDuration(Duration value, Duration shortest, Duration longest = longestDuration)
{
    return std::clamp(value, shortest, longest);
}

} // namespace Tidepool
