// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "levels.h"

#include <array>
#include <chrono>
#include <deque>
#include <optional>
#include <vector>

namespace Tidepool {

/// Learns when bursts of takes come, if they come at regular intervals.
///
/// A burst is more takes within one dial time than the base, by more than the base again and by more than six; the base
/// is the 90th percentile over time of what is in the window outside bursts. Three gaps between onsets that differ
/// little make a period. Then nothing needs to be parked for the burst until shortly before it is due.
class BurstCalendar
{
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// What to do about the next burst.
    enum class Advice {
        Unknown, ///< No period is known: be ready at any time.
        Rest, ///< None is due yet.
        Ready, ///< One is due: be ready for it.
    };

    /// @p level: takes within the last @p dialTime, the one at @p now included.
    void onTake(Time now, int level, Duration dialTime);
    [[nodiscard]] Advice advice(Time now, Duration dialTime);
    /// When advice() changes without a take; Time::max() for never.
    [[nodiscard]] Time nextChange(Time now, Duration dialTime);

    [[nodiscard]] bool isInBurst(Time now) const { return m_current && now < m_currentEnds; }
    [[nodiscard]] int base() const { return m_base; }
    /// How many takes the largest of the last bursts had within one dial time.
    [[nodiscard]] int size() const;
    [[nodiscard]] std::optional<Time> nextBurst() const;

    /// The last bursts, the oldest first: how many takes each had within one dial time, and when it began. Empty if no
    /// period is known.
    [[nodiscard]] std::vector<Levels::Mark> bursts() const;
    /// Forgets everything, and takes over what bursts() and base() were. Bursts that were due by @p now have come, as
    /// far as anybody knows. It advises to be ready for the next one, but not to rest before one came in time.
    void restore(const std::vector<Levels::Mark> &bursts, int base, Time now, Duration dialTime);

private:
    struct Burst
    {
        Time onset;
        int size = 0; ///< The most takes within one dial time.
    };
    /// What the period goes by.
    enum class Evidence {
        Restored, ///< Bursts of another time, carried on. Whether they still come so, and when, is not known.
        OneBurst, ///< One has come since. It told when the next ones are due, if they still come so.
        Observed, ///< Bursts that came when they were due.
    };
    struct Period
    {
        Time next; ///< When the next burst is expected.
        Duration length; ///< From one to the next.
        Duration guard; ///< How much before or after it the burst may come.
    };
    static constexpr size_t burstsKept = 9;
    static constexpr size_t burstsNeeded = 4;
    static constexpr size_t samplesKept = 64;

    void endBurstIfOver(Time now, Duration dialTime);
    void compareWithPeriod(Time onset);
    void shift(Duration by);
    [[nodiscard]] bool isWithin(Time onset, Duration guard) const;
    /// When to begin to be ready for the next burst.
    [[nodiscard]] Time readyAt(Duration dialTime) const;
    void forget();
    void sampleBase(Time now, int level, Duration dialTime);
    void findPeriod(Duration dialTime);
    [[nodiscard]] bool isBurst(int level) const;

    std::deque<Burst> m_bursts; // the last ones, the newest last
    std::optional<Burst> m_current;
    Time m_currentEnds;
    int m_ignored = 0; // small ones in a row
    std::optional<Period> m_period;
    Evidence m_evidence = Evidence::Observed;
    Time m_distrustedUntil;
    std::array<int, samplesKept> m_samples{}; // of levels outside bursts, one each dial time
    size_t m_sampleCount = 0;
    Time m_nextSample;
    int m_base = 0;
};

} // namespace Tidepool
