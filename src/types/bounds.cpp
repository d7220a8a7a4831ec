// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "durations.h"

#include <tidepool/bounds.h>

#include <limits>
#include <utility>

namespace Tidepool {

namespace {
int inMilliseconds(std::chrono::milliseconds interval)
{
    using Limits = std::numeric_limits<int>;
    return static_cast<int>(std::clamp<qint64>(interval.count(), Limits::min(), Limits::max()));
}
} // namespace

int Bounds::minimumIntervalMs() const
{
    return inMilliseconds(minimumInterval);
}

int Bounds::maximumIntervalMs() const
{
    return inMilliseconds(maximumInterval);
}

Bounds Bounds::corrected() const
{
    using namespace std::chrono_literals;
    Bounds result = *this;
    for (int *capacity : {&result.minimumCapacity, &result.maximumCapacity}) {
        if (*capacity < 1)
            *capacity = 1;
    }
    for (auto *interval : {&result.minimumInterval, &result.maximumInterval}) {
        if (*interval < 1ms)
            *interval = 1s;
        *interval = clampedDuration<std::chrono::milliseconds>(*interval, 1ms);
    }
    if (result.minimumCapacity > result.maximumCapacity)
        std::swap(result.minimumCapacity, result.maximumCapacity);
    if (result.minimumInterval > result.maximumInterval)
        std::swap(result.minimumInterval, result.maximumInterval);
    return result;
}

} // namespace Tidepool
