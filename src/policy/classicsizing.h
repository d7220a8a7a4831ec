// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "sizing.h"

#include <limits>

namespace Tidepool {

/// The Go package's rule for how many connections to keep parked and how often to top up.
///
/// One round is: adjust the interval, dial what is missing, wait for these dials, adjust the capacity, sleep for the
/// interval. It learns nothing from takes and dial times.
class ClassicSizing final : public Sizing
{
public:
    /// By how much a round changes the interval.
    static constexpr std::chrono::milliseconds intervalStep{100};

    explicit ClassicSizing(const Bounds &bounds);

    void setBounds(const Bounds &bounds) override;
    void onTake(Time) override {}
    void onDialEnded(Time, Clock::duration) override {}
    void onRoundBegun(Time now, int idle) override;
    void onRoundEnded(Time now, int created) override;
    [[nodiscard]] int target(Time) override { return m_capacity; }
    [[nodiscard]] int surplusAbove(Time) override { return std::numeric_limits<int>::max(); }
    [[nodiscard]] Time nextChange(Time) override { return Time::max(); }
    [[nodiscard]] SizingReason reason(Time) override { return {}; }
    [[nodiscard]] std::optional<Time> nextBurst(Time) const override { return std::nullopt; }
    [[nodiscard]] std::chrono::milliseconds interval(Time) override { return m_interval; }

    /// 100 ms less when fewer than 20 % of @p capacity are idle, 100 ms more when more than 80 % are, within bounds.
    [[nodiscard]] static std::chrono::milliseconds adjustedInterval(std::chrono::milliseconds interval, int idle,
                                                                    int capacity, const Bounds &bounds);
    /// One less when fewer than 20 % of @p capacity were created in the round, one more when more than 80 % were,
    /// within bounds.
    [[nodiscard]] static int adjustedCapacity(int capacity, int created, const Bounds &bounds);

private:
    Bounds m_bounds;
    int m_capacity;
    std::chrono::milliseconds m_interval;
};

} // namespace Tidepool
