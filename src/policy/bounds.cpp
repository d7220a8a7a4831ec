// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/bounds.h>

#include <utility>

namespace Tidepool {

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
    }
    if (result.minimumCapacity > result.maximumCapacity)
        std::swap(result.minimumCapacity, result.maximumCapacity);
    if (result.minimumInterval > result.maximumInterval)
        std::swap(result.minimumInterval, result.maximumInterval);
    return result;
}

} // namespace Tidepool
