// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "idlelifetime.h"

#include "ratelimit.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {

// What dies younger is the rate limit's.
constexpr auto leastLearned = RateLimit::lifeEnough;
constexpr std::chrono::seconds shortestEvent{1};
constexpr size_t remembered = 5;
constexpr int agreement = 3;
// The idle times of a month's restarts are nothing to go by, and fit into no gauge.
constexpr std::chrono::hours mostLearned{24};

bool isAboutAsLong(IdleLifetime::Clock::duration shortest, IdleLifetime::Clock::duration longest)
{
    return longest - shortest <= shortest / 10;
}

} // namespace

void IdleLifetime::closed(Clock::duration idle, Clock::time_point when)
{
    if (m_open && when <= m_open->end) {
        m_open->shortest = std::min(m_open->shortest, idle);
        m_open->longest = std::max(m_open->longest, idle);
        return;
    }
    if (m_open)
        close(*m_open);
    m_open = Event{when + std::max<Clock::duration>(idle / 10, shortestEvent), idle, idle};
}

void IdleLifetime::close(const Event &event)
{
    if (event.shortest < leastLearned || event.longest > mostLearned || !isAboutAsLong(event.shortest, event.longest))
        return;
    m_events.push_back(event);
    if (m_events.size() > remembered)
        m_events.erase(m_events.begin());
    m_hasNews = true;
}

bool IdleLifetime::settle(Clock::time_point now)
{
    const auto before = m_known;
    if (m_open && now > m_open->end) {
        close(*m_open);
        m_open.reset();
    }
    const auto latest = std::exchange(m_hasNews, false) ? agreed() : std::chrono::milliseconds(0);
    if (latest.count() > 0) {
        // A little more or less is no news.
        if (!isAboutAsLong(std::min(latest, m_known), std::max(latest, m_known)))
            m_known = latest;
        m_end = now + 20 * m_known;
    }
    if (now >= m_end) {
        m_known = {};
        m_end = Clock::time_point::max();
        m_events.clear();
    }
    return m_known != before;
}

IdleLifetime::Clock::time_point IdleLifetime::due() const
{
    const bool mayCount = m_open && m_open->shortest >= leastLearned;
    return mayCount ? std::min(m_end, m_open->end + std::chrono::milliseconds(1)) : m_end;
}

// Of several times that were seen, as of connections that were used and those that were not, the shortest.
std::chrono::milliseconds IdleLifetime::agreed() const
{
    std::vector<Event> events = m_events;
    std::ranges::sort(events, {}, &Event::shortest);
    for (auto first = events.begin(); events.end() - first >= agreement; ++first) {
        const auto longest = std::ranges::max_element(first, first + agreement, {}, &Event::longest);
        if (isAboutAsLong(first->shortest, longest->longest))
            return std::chrono::floor<std::chrono::milliseconds>(first->shortest);
    }
    return {};
}

} // namespace Tidepool
