// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <array>
#include <chrono>
#include <deque>

namespace Tidepool {

/// How long a dial takes: the 90th percentile of the last successful ones.
///
/// Not the median: a pool sized for the median dial is late for every second take of a burst. And not all of it: dials
/// that wait for a processor, or for each other, are slow because there are many, and more of them would be slower
/// still. So it counts up to alwaysCounted, or four times the quickest dial of the last two to four minutes if that is
/// more.
class DialTimes
{
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// Before the first dial has ended. A round trip of 100 ms with TLS 1.3 makes it 300 ms.
    static constexpr std::chrono::milliseconds assumed{300};
    /// Whatever is measured, a window shorter than this sees no concurrency, and a longer one no end.
    static constexpr std::chrono::milliseconds shortest{5};
    static constexpr std::chrono::milliseconds longest{10'000};
    /// A burst of 40 dials that take 50 ms of one processor each takes so long, and needs to be counted whole.
    static constexpr std::chrono::milliseconds alwaysCounted{2'000};

    void add(Time now, Duration took);
    [[nodiscard]] Duration p90() const { return m_p90; }
    /// A dial has ended: p90() is more than an assumption.
    [[nodiscard]] bool isMeasured() const { return m_count > 0; }

private:
    static constexpr size_t kept = 32;
    std::array<Duration, kept> m_times{};
    size_t m_count = 0;
    Duration m_p90 = assumed;
    Duration m_quickest = longest; ///< Since m_since.
    Duration m_quickestBefore = longest; ///< In the time before that.
    Time m_since;
};

/// Counts the takes within one dial time: as many connections a pool has to have ahead to serve the last of them warm.
///
/// A connection that is given back needs no replacement, and takes its take out of the count.
class TakeWindow
{
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// Counts a take; returns the number of takes within @p window, itself included.
    int add(Time now, Duration window);
    void giveBack(int count);
    [[nodiscard]] int count(Time now, Duration window);

private:
    /// Takes that follow each other within one part in so many of the window count as made together: it bounds the
    /// memory.
    static constexpr int slotsPerWindow = 256;
    struct Slot
    {
        Time when; ///< Of the first.
        int takes = 0;
    };
    std::deque<Slot> m_slots;
    int m_count = 0;
};

} // namespace Tidepool
