// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <algorithm>
#include <chrono>

namespace Tidepool {

/// The longest duration of the interface. QTimer counts milliseconds in an int, which overflows after 24.8 days. The
/// current time plus this duration is far from the limit of every clock.
inline constexpr std::chrono::hours longestDuration{24 * 24};

/// @p value, limited to the range @p shortest to @p longest. Every duration that a user sets passes through this
/// function.
template <typename Duration>
[[nodiscard]] constexpr Duration clampedDuration(Duration value, Duration shortest, Duration longest = longestDuration)
{
    return std::clamp(value, shortest, longest);
}

} // namespace Tidepool
