// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "durations.h"

#include <tidepool/backoff.h>
#include <tidepool/keepalive.h>
#include <tidepool/recovery.h>
#include <tidepool/timeouts.h>

#include <algorithm>
#include <cmath>

namespace Tidepool {

namespace {
// std::clamp() returns NaN for NaN.
double clampedNumber(double value, double least, double most)
{
    return std::isnan(value) ? least : std::clamp(value, least, most);
}

// A shorter lifetime would make the pool dial all the time.
constexpr std::chrono::milliseconds shortestLifetime{100};
} // namespace

Backoff Backoff::corrected() const
{
    Backoff result;
    result.base = clampedDuration(base, std::chrono::milliseconds(1));
    result.cap = clampedDuration(cap, result.base);
    result.factor = clampedNumber(factor, 1.0, 10.0);
    return result;
}

Timeouts Timeouts::corrected() const
{
    Timeouts result = *this;
    for (std::chrono::milliseconds *timeout :
         {&result.take, &result.resolve, &result.dial, &result.handshake, &result.identify})
        *timeout = clampedDuration(*timeout, std::chrono::milliseconds(1));
    return result;
}

Lifetimes Lifetimes::corrected() const
{
    Lifetimes result = *this;
    for (std::chrono::milliseconds *limit : {&result.maximumLifetime, &result.maximumIdle})
        *limit = *limit <= std::chrono::milliseconds(0) ? std::chrono::milliseconds(0)
                                                        : clampedDuration(*limit, shortestLifetime);
    result.jitter = clampedNumber(jitter, 0.0, 0.5);
    return result;
}

KeepAlive KeepAlive::corrected() const
{
    KeepAlive result = *this;
    for (std::chrono::seconds *time : {&result.idle, &result.interval})
        *time = clampedDuration(*time, std::chrono::seconds(1), std::chrono::seconds(32'767));
    result.count = std::clamp(count, 1, 127);
    result.userTimeout = clampedDuration(userTimeout, std::chrono::milliseconds(0));
    return result;
}

Recovery Recovery::corrected() const
{
    Recovery result = *this;
    result.quietTime = clampedDuration(quietTime, std::chrono::milliseconds(0), std::chrono::milliseconds(60'000));
    return result;
}

} // namespace Tidepool
