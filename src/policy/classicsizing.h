// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/bounds.h>

#include <chrono>

/// The Go package's rule for how many connections to keep parked and how often to top up.
///
/// Pure arithmetic. One round is: interval = adjustedInterval(...), dial missing() connections, wait for them,
/// capacity = adjustedCapacity(...), sleep for the interval.
namespace Tidepool::ClassicSizing {

/// By how much a round changes the interval.
inline constexpr std::chrono::milliseconds intervalStep{100};

/// 100 ms less when fewer than 20 % of @p capacity are idle, 100 ms more when more than 80 % are, within bounds.
[[nodiscard]] std::chrono::milliseconds adjustedInterval(std::chrono::milliseconds interval, int idle, int capacity,
                                                         const Bounds &bounds);

/// One less when fewer than 20 % of @p capacity were created in the round, one more when more than 80 % were, within
/// bounds.
[[nodiscard]] int adjustedCapacity(int capacity, int created, const Bounds &bounds);

/// How many connections a round has to dial.
[[nodiscard]] int missing(int capacity, int idle, int underWay);

} // namespace Tidepool::ClassicSizing
