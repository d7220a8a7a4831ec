// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "classicsizing.h"

#include <algorithm>

namespace Tidepool::ClassicSizing {

// The seed's text speaks of percentages, so they are compared exactly, without its source's integer
// division: 2 of 12 is 16.7 % and counts as "less than 20 %", where 12*2/10 rounds down to 2.
namespace {
bool isBelowFifth(int part, int whole)
{
    return part * 5LL < whole;
}

bool isAboveFourFifths(int part, int whole)
{
    return part * 5LL > whole * 4LL;
}
} // namespace

std::chrono::milliseconds adjustedInterval(std::chrono::milliseconds interval, int idle, int capacity,
                                           const Bounds &bounds)
{
    if (isBelowFifth(idle, capacity))
        interval -= intervalStep;
    else if (isAboveFourFifths(idle, capacity))
        interval += intervalStep;
    return std::clamp(interval, bounds.minimumInterval, bounds.maximumInterval);
}

int adjustedCapacity(int capacity, int created, const Bounds &bounds)
{
    if (isBelowFifth(created, capacity))
        --capacity;
    else if (isAboveFourFifths(created, capacity))
        ++capacity;
    return std::clamp(capacity, bounds.minimumCapacity, bounds.maximumCapacity);
}

int missing(int capacity, int idle, int underWay)
{
    return std::max(0, capacity - idle - underWay);
}

} // namespace Tidepool::ClassicSizing
