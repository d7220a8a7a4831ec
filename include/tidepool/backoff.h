// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// How long a ClientPool waits after a failed dial: exponential backoff with full jitter.
///
/// The delay after the n-th failure in a row is a random value from 0 to an upper bound, min(cap, base * factor^(n-1)).
/// See "full jitter" in Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. A success halves
/// n. A few successes in a row therefore reset n. A server that accepts only one dial among many failures does not
/// reset n. If a dial got no answer at all, twice the time that the dial waited is subtracted from the upper bound,
/// which stays at least base: on average, such dials begin as often as dials that are refused.
class TIDEPOOL_EXPORT Backoff
{
    Q_GADGET

public:
    /// The upper bound of the delay after the first failure. Default: 200 ms. Range: 1 ms to 24 days.
    std::chrono::milliseconds base{200};
    /// The largest upper bound of a delay. Default: 10 s. Range: base to 24 days.
    std::chrono::milliseconds cap{10'000};
    /// The factor by which the upper bound grows with each failure. Default: 2. Range: 1 to 10.
    double factor = 2.0;

    /// A copy with each value corrected to its range. A pool uses and returns the corrected values.
    [[nodiscard]] Backoff corrected() const;

    friend bool operator==(const Backoff &, const Backoff &) = default;
};

} // namespace Tidepool
