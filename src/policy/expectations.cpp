// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "expectations.h"

#include <algorithm>

namespace Tidepool {

namespace {
// More than these say little more. The smallest gives way.
constexpr size_t mostAnnouncements = 32;
} // namespace

void Expectations::add(int count, Time until)
{
    const auto covers = [&](const Announcement &other) { return other.count >= count && other.until >= until; };
    if (count <= 0 || std::any_of(m_announced.begin(), m_announced.end(), covers))
        return;
    std::erase_if(m_announced, [&](const Announcement &other) { return other.count <= count && other.until <= until; });
    const auto place = std::find_if(m_announced.begin(), m_announced.end(),
                                    [&](const Announcement &other) { return other.until > until; });
    m_announced.insert(place, {count, until});
    if (m_announced.size() > mostAnnouncements)
        m_announced.pop_back();
}

void Expectations::onTake()
{
    for (Announcement &announcement : m_announced)
        --announcement.count;
    std::erase_if(m_announced, [](const Announcement &announcement) { return announcement.count <= 0; });
}

void Expectations::forget(Time now)
{
    std::erase_if(m_announced, [&](const Announcement &announcement) { return announcement.until <= now; });
}

int Expectations::count(Time now)
{
    forget(now);
    return m_announced.empty() ? 0 : m_announced.front().count;
}

Expectations::Time Expectations::nextChange(Time now)
{
    forget(now);
    return m_announced.empty() ? Time::max() : m_announced.front().until;
}

} // namespace Tidepool
