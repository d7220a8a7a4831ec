// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/poolstatus.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace Tidepool {

namespace {

constexpr size_t bucketsPerDoubling = 4;
constexpr quint64 smallestBound = 1'000; // nanoseconds

using BucketBounds = std::array<std::chrono::nanoseconds, Distribution::bucketCount>;

BucketBounds makeBucketBounds()
{
    BucketBounds bounds;
    for (size_t i = 0; i < bounds.size(); ++i)
        bounds[i] = std::chrono::nanoseconds(
            std::llround(double(smallestBound) * std::exp2(static_cast<double>(i) / double(bucketsPerDoubling))));
    bounds.back() = std::chrono::nanoseconds::max();
    return bounds;
}

// A table, because a take adds a value under the pool's mutex.
const BucketBounds &bucketBounds()
{
    static const BucketBounds instance = makeBucketBounds();
    return instance;
}

} // namespace

std::chrono::nanoseconds Distribution::bucketBound(int index)
{
    return bucketBounds()[static_cast<size_t>(std::clamp(index, 0, bucketCount - 1))];
}

void Distribution::add(std::chrono::nanoseconds value)
{
    ++bucketOf(value);
    ++count;
    sum += value;
    maximum = std::max(maximum, value);
}

// The counts of a bucket never decrease. If @p earlier is from another pool or is later, the difference must at least
// not wrap around.
Distribution Distribution::since(const Distribution &earlier) const
{
    Distribution result;
    for (size_t i = 0; i < buckets.size(); ++i) {
        result.buckets[i] = buckets[i] - std::min(buckets[i], earlier.buckets[i]);
        result.count += result.buckets[i];
    }
    result.sum = std::max(sum - earlier.sum, std::chrono::nanoseconds(0));
    result.maximum = maximum;
    return result;
}

// Every bucketsPerDoubling-th bound is a power of two, so only a few steps remain after the look-up of that bound.
quint32 &Distribution::bucketOf(std::chrono::nanoseconds value)
{
    const auto units = static_cast<quint64>(std::max(value.count(), decltype(value.count())(0))) / smallestBound;
    const auto doublings = static_cast<size_t>(std::bit_width(units | 1)) - 1;
    const BucketBounds &bounds = bucketBounds();
    size_t bucket = std::min(doublings * bucketsPerDoubling, bounds.size() - 1);
    while (bounds[bucket] < value)
        ++bucket;
    return buckets[bucket];
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

} // namespace Tidepool
