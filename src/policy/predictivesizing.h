// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "burstcalendar.h"
#include "levels.h"
#include "sizing.h"
#include "takewindow.h"

#include <optional>
#include <utility>

namespace Tidepool {

/// Keeps as many connections as the takes of the last minute needed at once, and knows when regular bursts come.
///
/// For each take, let X be the number of takes within the last dial time. A pool that has S connections, parked or
/// being dialled, serves that take warm exactly when X <= S. So the target is the largest X of the last spareWindow,
/// plus one; between bursts that come regularly it is what the takes outside them needed.
class PredictiveSizing final : public Sizing
{
public:
    using Duration = Clock::duration;

    /// A connection stays spare as long as it was needed once within this time.
    static constexpr std::chrono::seconds defaultSpareWindow{60};

    explicit PredictiveSizing(const Bounds &bounds, Duration spareWindow = defaultSpareWindow);

    void setBounds(const Bounds &bounds) override;
    void setSpareWindow(Duration window) override { m_spareWindow = window; }
    void onTake(Time now) override;
    void onGivenBack(Time now, int count, int expected) override;
    void onDialEnded(Time now, Duration took) override;
    void onRoundBegun(Time now, int idle) override;
    void onRoundEnded(Time, int) override {}
    [[nodiscard]] int target(Time now) override;
    [[nodiscard]] int surplusAbove(Time now) override;
    [[nodiscard]] Time nextChange(Time now) override;
    [[nodiscard]] SizingReason reason(Time now) override;
    [[nodiscard]] std::optional<Time> nextBurst(Time now) const override;
    [[nodiscard]] Learned learned(Time now) override;
    void learn(const Learned &learned, Time now) override;
    /// Adapted as by the Classic rule: there is more to top up while few are idle. What cannot wait for a round is due
    /// at nextChange().
    [[nodiscard]] std::chrono::milliseconds interval(Time) override { return m_interval; }

private:
    /// What any time might need, bursts included.
    [[nodiscard]] int neededAtAnyTime(Time now);
    /// What counts now, and why.
    [[nodiscard]] std::pair<int, SizingCause> needed(Time now);
    [[nodiscard]] int bounded(int needed) const;
    void noteOutsideBursts(int level, Time now);

    Bounds m_bounds;
    Duration m_spareWindow;
    std::chrono::milliseconds m_interval;
    int m_returning = 0; ///< Taken, and expected to be given back.
    DialTimes m_dialTimes;
    TakeWindow m_takes;
    Levels m_all;
    Levels m_outsideBursts;
    std::optional<Levels::Mark> m_pending; ///< Of m_outsideBursts, unless a burst is beginning.
    BurstCalendar m_bursts;
};

} // namespace Tidepool
