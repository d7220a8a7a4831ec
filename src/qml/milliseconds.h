// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace Tidepool::Qml {

/// Converts a JavaScript number to the nearest int. NaN becomes 0.
[[nodiscard]] inline int toInt(double number)
{
    constexpr double least = std::numeric_limits<int>::min();
    constexpr double most = std::numeric_limits<int>::max();
    return std::isnan(number) ? 0 : static_cast<int>(std::clamp(number, least, most));
}

[[nodiscard]] inline std::chrono::milliseconds fromMs(double milliseconds)
{
    return std::chrono::milliseconds(toInt(milliseconds));
}

} // namespace Tidepool::Qml
