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
    /// Default: 500 ms.
    std::chrono::milliseconds minimumInterval{500};
    /// Default: 5 s.
    std::chrono::milliseconds maximumInterval{5'000};

    [[nodiscard]] int minimumIntervalMs() const { return static_cast<int>(minimumInterval.count()); }
    [[nodiscard]] int maximumIntervalMs() const { return static_cast<int>(maximumInterval.count()); }

    /// What a pool makes of these values, by the Go package's rule: a capacity below 1 becomes 1, an
    /// interval below 1 ms becomes 1 s, and swapped bounds are swapped back.
    [[nodiscard]] Bounds corrected() const;

    friend bool operator==(const Bounds &, const Bounds &) = default;
};

} // namespace Tidepool
