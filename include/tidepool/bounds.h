// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QObject>

#include <chrono>

namespace Tidepool {

/// The range in which a ClientPool adapts its capacity and its interval.
class TIDEPOOL_EXPORT Bounds
{
    Q_GADGET
    Q_PROPERTY(int minimumCapacity MEMBER minimumCapacity)
    Q_PROPERTY(int maximumCapacity MEMBER maximumCapacity)
    Q_PROPERTY(int minimumInterval READ minimumIntervalMs)
    Q_PROPERTY(int maximumInterval READ maximumIntervalMs)

public:
    /// Connections. Default: 8.
    int minimumCapacity = 8;
    /// Connections. Default: 64.
    int maximumCapacity = 64;
    /// Default: 500 ms. Range: 1 ms to 24 days.
    std::chrono::milliseconds minimumInterval{500};
    /// Default: 5 s. Range: 1 ms to 24 days.
    std::chrono::milliseconds maximumInterval{5'000};

    /// The interval in milliseconds, limited to the largest int.
    [[nodiscard]] int minimumIntervalMs() const;
    [[nodiscard]] int maximumIntervalMs() const;

    /// The values that a pool uses instead of these. The rule is the Go package's: a capacity below 1 becomes 1, an
    /// interval below 1 ms becomes 1 s, and bounds in the wrong order are swapped. An interval above 24 days becomes 24
    /// days.
    [[nodiscard]] Bounds corrected() const;

    friend bool operator==(const Bounds &, const Bounds &) = default;
};

} // namespace Tidepool
