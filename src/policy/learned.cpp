// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "learned.h"

#include "../types/durations.h"

#include <algorithm>
#include <iterator>

namespace Tidepool {

namespace {

using std::chrono::milliseconds;

// Since @p levels were saved.
milliseconds passed(const SizingLevels &levels, const QDateTime &wallClock)
{
    if (!levels.savedAt.isValid() || !wallClock.isValid())
        return milliseconds(0);
    return clampedDuration<milliseconds>(milliseconds(levels.savedAt.msecsTo(wallClock)), milliseconds(0));
}

} // namespace

SizingLevels toSizingLevels(const Learned &learned, Learned::Time now, const QDateTime &wallClock)
{
    const auto ages = [now](const std::vector<Levels::Mark> &marks) {
        QList<SizingLevels::Level> result;
        for (const Levels::Mark &mark : marks)
            result.append({mark.level, std::chrono::floor<milliseconds>(now - mark.when)});
        return result;
    };
    SizingLevels levels;
    levels.savedAt = wallClock;
    levels.levels = ages(learned.levels);
    levels.levelsOutsideBursts = ages(learned.outsideBursts);
    levels.bursts = ages(learned.bursts);
    levels.base = learned.base;
    levels.dialTime = std::chrono::ceil<milliseconds>(learned.dialTime);
    return levels.corrected();
}

Learned fromSizingLevels(const SizingLevels &levels, Learned::Time now, const QDateTime &wallClock)
{
    const SizingLevels sound = levels.corrected();
    const Learned::Time then = now - passed(sound, wallClock);
    const auto marks = [then](const QList<SizingLevels::Level> &ages) {
        std::vector<Levels::Mark> result;
        std::transform(ages.begin(), ages.end(), std::back_inserter(result), [then](const SizingLevels::Level &level) {
            return Levels::Mark{level.connections, then - level.age};
        });
        return result;
    };
    return {.levels = marks(sound.levels),
            .outsideBursts = marks(sound.levelsOutsideBursts),
            .bursts = marks(sound.bursts),
            .base = sound.base,
            .dialTime = sound.dialTime};
}

} // namespace Tidepool
