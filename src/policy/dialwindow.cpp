// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dialwindow.h"

#include <algorithm>

namespace Tidepool {

namespace {
// Far more than a dial takes that meets some loss of packets or a busy processor.
constexpr std::chrono::milliseconds dialSlack{250};
constexpr double windowDecrease = 0.7; // CUBIC's factor
} // namespace

void DialWindow::setMaximum(int maximum)
{
    const bool wasFree = m_threshold >= m_maximum; // nothing was ever too much
    m_maximum = std::max(1, maximum);
    if (wasFree)
        m_threshold = m_maximum;
}

int DialWindow::size() const
{
    return std::clamp(static_cast<int>(m_size), 1, m_maximum);
}

void DialWindow::succeeded(Clock::time_point begunAt, Clock::time_point now, int underWay)
{
    const auto dialTime = now - begunAt;
    learn(dialTime, underWay <= 1);
    if (isSlow(dialTime)) {
        // Once for each dial time: those that were under way then show the width of then.
        if (begunAt >= std::max(m_slowAt, m_failedAt) && m_size > 1) {
            m_size = std::max(1.0, std::min<double>(m_size, underWay) * windowDecrease);
            m_threshold = m_size;
            m_slowAt = now;
        }
        return;
    }
    if (underWay * 2 < size())
        return; // it is wide enough: nothing is known of wider ones
    m_size = std::min<double>(m_maximum, m_size + (m_size < m_threshold ? 1.0 : 1.0 / m_size));
}

void DialWindow::failed(Clock::time_point begunAt, Clock::time_point now)
{
    if (begunAt < m_failedAt)
        return;
    // A dial that fails alone says nothing about how many are too much.
    if (size() > 1)
        m_threshold = std::max(1, size() / 2);
    m_size = 1;
    m_failedAt = now;
}

void DialWindow::reset()
{
    const int maximum = m_maximum;
    *this = {};
    setMaximum(maximum);
}

// The route may change: what was quick once is slowly forgotten, and quickly where nothing else can be the reason.
void DialWindow::learn(Clock::duration dialTime, bool isAlone)
{
    if (dialTime <= m_quickest)
        m_quickest = dialTime;
    else
        m_quickest += (dialTime - m_quickest) / (isAlone ? 2 : 64);
}

bool DialWindow::isSlow(Clock::duration dialTime) const
{
    return dialTime > 2 * m_quickest + dialSlack;
}

} // namespace Tidepool
