// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// How long to wait after a failed dial: exponential backoff with full jitter.
///
/// The delay after the n-th failure in a row is a random value from 0 to min(cap, base * factor^(n-1)):
/// "full jitter" of Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
/// A success halves n, so a few in a row reset it, and a server that accepts one dial among many that fail does not.
/// After a dial that got no answer at all, twice the time that it waited is taken off this bound, down to base: on
/// average, such dials begin as often as those that are refused.
class TIDEPOOL_EXPORT Backoff
{
    Q_GADGET

public:
    /// The first failure's upper bound. Default: 200 ms. Range: 1 ms to 24 days.
    std::chrono::milliseconds base{200};
    /// The largest upper bound. Default: 10 s. Range: base to 24 days.
    std::chrono::milliseconds cap{10'000};
    /// The growth from failure to failure. Default: 2. Range: 1 to 10.
    double factor = 2.0;

    /// These values, each within its range; a pool uses and returns them so.
    [[nodiscard]] Backoff corrected() const;

    friend bool operator==(const Backoff &, const Backoff &) = default;
};

} // namespace Tidepool
