// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "backoffdelay.h"

#include <algorithm>
#include <cmath>

namespace Tidepool {

std::chrono::milliseconds backoffDelay(const Backoff &backoff, int failures, double random,
                                       std::chrono::milliseconds spent)
{
    const auto base = static_cast<double>(std::max<qint64>(1, backoff.base.count()));
    const auto cap = std::max(base, static_cast<double>(backoff.cap.count()));
    const double factor = std::clamp(backoff.factor, 1.0, 10.0);
    // pow() overflows to infinity after some hundred failures, and min() makes that the cap.
    const double bound = std::min(cap, base * std::pow(factor, std::max(0, failures - 1)));
    const double left = std::max(base, bound - static_cast<double>(spent.count()));
    return std::chrono::milliseconds(static_cast<qint64>(left * random));
}

std::chrono::milliseconds lastingBackoffDelay(const Backoff &backoff, double random)
{
    const auto cap = static_cast<double>(std::max<qint64>({1, backoff.base.count(), backoff.cap.count()}));
    return std::chrono::milliseconds(static_cast<qint64>(cap - cap / 2 * random));
}

} // namespace Tidepool
