// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "levels.h"

#include <tidepool/sizinglevels.h>

#include <chrono>
#include <vector>

namespace Tidepool {

/// SizingLevels by the monotonic clock, which a restart does not survive. See there.
struct Learned
{
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    std::vector<Levels::Mark> levels;
    std::vector<Levels::Mark> outsideBursts;
    std::vector<Levels::Mark> bursts; ///< By their onset.
    int base = 0;
    Duration dialTime{0};

    friend bool operator==(const Learned &, const Learned &) = default;
};

/// @p now and @p wallClock are the same moment.
[[nodiscard]] SizingLevels toSizingLevels(const Learned &learned, Learned::Time now, const QDateTime &wallClock);
/// The inverse, usually called later: every age grows by the time that has passed by the wall clock, or by none if that
/// went backwards.
[[nodiscard]] Learned fromSizingLevels(const SizingLevels &levels, Learned::Time now, const QDateTime &wallClock);

} // namespace Tidepool
