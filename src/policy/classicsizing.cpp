// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "classicsizing.h"

#include <algorithm>

namespace Tidepool {

// The Go package's README gives percentages, so this compares exactly; its code divides integers: 2 of 12 is 16.7 % and
// counts as "less than 20 %" here, but there 12*2/10 is rounded down to 2.
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

ClassicSizing::ClassicSizing(const Bounds &bounds)
    : m_bounds(bounds.corrected()), m_capacity(m_bounds.minimumCapacity), m_interval(m_bounds.minimumInterval)
{}

void ClassicSizing::setBounds(const Bounds &bounds)
{
    m_bounds = bounds.corrected();
    m_capacity = std::clamp(m_capacity, m_bounds.minimumCapacity, m_bounds.maximumCapacity);
    m_interval = std::clamp(m_interval, m_bounds.minimumInterval, m_bounds.maximumInterval);
}

void ClassicSizing::onRoundBegun(Time, int idle)
{
    m_interval = adjustedInterval(m_interval, idle, m_capacity, m_bounds);
}

void ClassicSizing::onRoundEnded(Time, int created)
{
    m_capacity = adjustedCapacity(m_capacity, created, m_bounds);
}

std::chrono::milliseconds ClassicSizing::adjustedInterval(std::chrono::milliseconds interval, int idle, int capacity,
                                                          const Bounds &bounds)
{
    if (isBelowFifth(idle, capacity))
        interval -= intervalStep;
    else if (isAboveFourFifths(idle, capacity))
        interval += intervalStep;
    return std::clamp(interval, bounds.minimumInterval, bounds.maximumInterval);
}

int ClassicSizing::adjustedCapacity(int capacity, int created, const Bounds &bounds)
{
    if (isBelowFifth(created, capacity))
        --capacity;
    else if (isAboveFourFifths(created, capacity))
        ++capacity;
    return std::clamp(capacity, bounds.minimumCapacity, bounds.maximumCapacity);
}

} // namespace Tidepool
