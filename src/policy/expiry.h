// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/timeouts.h>

#include <algorithm>
#include <chrono>

namespace Tidepool {

/// When a parked connection is to be replaced, and when it has to go.
struct Expiry
{
    using Clock = std::chrono::steady_clock;
    Clock::time_point retire = Clock::time_point::max(); ///< A replacement is due.
    Clock::time_point end = Clock::time_point::max(); ///< It must not be kept longer.
};

/// @p random is uniform in [0, 1). `end` is the limit less the jitter; `retire` comes earlier by a
/// tenth of the limit, 2 s at most, so that the replacement is there before.
[[nodiscard]] inline Expiry expiryOf(const Lifetimes &lifetimes, Expiry::Clock::time_point established,
                                     Expiry::Clock::time_point parked, double random)
{
    using std::chrono::milliseconds;
    Expiry result;
    const double kept = 1.0 - std::clamp(lifetimes.jitter, 0.0, 0.5) * random;
    const auto apply = [&](milliseconds limit, Expiry::Clock::time_point since) {
        if (limit <= milliseconds::zero())
            return;
        const milliseconds shortened{static_cast<qint64>(static_cast<double>(limit.count()) * kept)};
        const milliseconds lead = std::min(shortened / 10, milliseconds(2'000));
        result.end = std::min(result.end, since + shortened);
        result.retire = std::min(result.retire, since + shortened - lead);
    };
    apply(lifetimes.maximumLifetime, established);
    apply(lifetimes.maximumIdle, parked);
    return result;
}

} // namespace Tidepool
