// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "takewindow.h"

#include <algorithm>

namespace Tidepool {

namespace {
// Loss of a packet, or a busy processor, makes a dial so many times longer than the quickest; more is a queue.
constexpr int longestPerQuickest = 4;
// The route may have become slower: what was quick before that counts no more.
constexpr std::chrono::minutes quickestKept{2};
} // namespace

void DialTimes::add(Time now, Duration took)
{
    if (now - m_since >= quickestKept) {
        m_quickestBefore = now - m_since >= 2 * quickestKept ? longest : m_quickest;
        m_quickest = longest;
        m_since = now;
    }
    m_quickest = std::min(m_quickest, took);
    const Duration most =
        std::max<Duration>(alwaysCounted, longestPerQuickest * std::min(m_quickest, m_quickestBefore));
    m_times[m_count++ % kept] = took;
    const size_t size = std::min(m_count, kept);
    std::array<Duration, kept> sorted = m_times;
    const auto place = sorted.begin() + static_cast<std::ptrdiff_t>((size * 9 + 9) / 10 - 1);
    std::nth_element(sorted.begin(), place, sorted.begin() + static_cast<std::ptrdiff_t>(size));
    m_p90 = std::clamp<Duration>(*place, shortest, std::min<Duration>(most, longest));
}

int TakeWindow::add(Time now, Duration window)
{
    if (m_slots.empty() || now - m_slots.back().when > window / slotsPerWindow)
        m_slots.push_back({now, 0});
    ++m_slots.back().takes;
    ++m_count;
    return count(now, window);
}

// The oldest first: they would be the first to leave the window.
void TakeWindow::giveBack(int count)
{
    while (count > 0 && !m_slots.empty()) {
        Slot &oldest = m_slots.front();
        const int taken = std::min(count, oldest.takes);
        oldest.takes -= taken;
        m_count -= taken;
        count -= taken;
        if (oldest.takes == 0)
            m_slots.pop_front();
    }
}

int TakeWindow::count(Time now, Duration window)
{
    while (!m_slots.empty() && now - m_slots.front().when >= window) {
        m_count -= m_slots.front().takes;
        m_slots.pop_front();
    }
    return m_count;
}

} // namespace Tidepool
