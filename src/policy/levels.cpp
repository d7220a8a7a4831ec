// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "levels.h"

#include <algorithm>

namespace Tidepool {

void Levels::need(int level, Time now)
{
    while (!m_marks.empty() && m_marks.back().level <= level)
        m_marks.pop_back();
    m_marks.push_back({level, now});
}

void Levels::restore(std::vector<Mark> marks)
{
    m_marks.clear();
    std::stable_sort(marks.begin(), marks.end(), [](const Mark &a, const Mark &b) { return a.when < b.when; });
    for (const Mark &mark : marks)
        need(mark.level, mark.when);
}

std::vector<Levels::Mark> Levels::marks(Time now, Duration window)
{
    forget(now, window);
    return {m_marks.begin(), m_marks.end()};
}

void Levels::forget(Time now, Duration window)
{
    while (!m_marks.empty() && now - m_marks.front().when >= window)
        m_marks.pop_front();
}

int Levels::needed(Time now, Duration window)
{
    forget(now, window);
    return m_marks.empty() ? 0 : m_marks.front().level;
}

Levels::Time Levels::nextFall(Time now, Duration window)
{
    forget(now, window);
    return m_marks.empty() ? Time::max() : m_marks.front().when + window;
}

} // namespace Tidepool
