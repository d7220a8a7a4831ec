// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/poolstatus.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace Tidepool {

namespace {
constexpr int bucketsPerDoubling = 4;
constexpr double smallestBound = 1'000.0; // nanoseconds
} // namespace

std::chrono::nanoseconds Distribution::bucketBound(int index)
{
    if (index >= bucketCount - 1)
        return std::chrono::nanoseconds::max();
    return std::chrono::nanoseconds(
        std::llround(smallestBound * std::exp2(static_cast<double>(index) / bucketsPerDoubling)));
}

void Distribution::add(std::chrono::nanoseconds value)
{
    const auto nanoseconds = static_cast<double>(value.count());
    int index = 0;
    if (nanoseconds > smallestBound)
        index = std::min(bucketCount - 1,
                         static_cast<int>(std::ceil(std::log2(nanoseconds / smallestBound) * bucketsPerDoubling)));
    // log2 and exp2 may disagree by a rounding: bucketBound() decides.
    while (index > 0 && value <= bucketBound(index - 1))
        --index;
    while (value > bucketBound(index))
        ++index;
    ++buckets[static_cast<size_t>(index)];
    ++count;
    sum += value;
    maximum = std::max(maximum, value);
}

std::chrono::nanoseconds Distribution::percentile(double share) const
{
    if (count == 0)
        return {};
    const auto rank =
        std::max<qint64>(1, static_cast<qint64>(std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count))));
    qint64 seen = 0;
    for (int index = 0; index < bucketCount; ++index) {
        seen += buckets[static_cast<size_t>(index)];
        if (seen >= rank)
            return std::min(bucketBound(index), maximum);
    }
    return maximum;
}

qint64 PoolStatus::failedTotal() const
{
    return std::accumulate(failed.begin(), failed.end(), qint64(0));
}

qint64 PoolStatus::evictedTotal() const
{
    return std::accumulate(evicted.begin(), evicted.end(), qint64(0));
}

} // namespace Tidepool
