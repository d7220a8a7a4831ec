// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dialwindow.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
// Far more than a dial takes that meets some loss of packets or a busy processor.
constexpr std::chrono::milliseconds dialSlack{250};
constexpr double windowDecrease = 0.7; // CUBIC's factor
// Where dials wait for each other, they get quicker by as much as they get fewer. What has hardly changed has another
// reason.
constexpr double narrowingHelped = 0.85;
// A dial is hopeless if it needs more than this share of the time that it has left: the pace is an estimate.
constexpr double timeUsable = 0.75;
constexpr size_t successesKept = 64;
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

void DialWindow::succeeded(const Begin &dial, Time now, int underWay)
{
    const Duration dialTime = now - dial.at;
    m_successes.push_back(now);
    if (m_successes.size() > successesKept)
        m_successes.pop_front();
    m_newest = std::max(m_newest, dial.at);
    learn(dialTime, dial.ahead == 0 && underWay <= 1);
    if (dial.at >= m_changedAt) { // the others show the width of then
        m_round.quickest = std::min(m_round.quickest, dialTime);
        m_round.width = std::max(m_round.width, dial.ahead + 1);
    }
    if (dial.at >= m_round.began)
        endRound(now);
    if (isSlow(dialTime) || underWay * 2 < size())
        return; // it is wide enough: nothing is known of wider ones
    m_size = std::min<double>(m_maximum, m_size + (m_size < m_threshold ? 1.0 : 1.0 / m_size));
}

// The quickest of a round decides: one that lost a packet says nothing about the others.
void DialWindow::endRound(Time now)
{
    const Round round = std::exchange(m_round, {.began = now});
    const auto before = std::exchange(m_narrowing, std::nullopt);
    if (!isSlow(round.quickest))
        return;
    if (before && round.quickest > before->quickest * narrowingHelped) {
        m_baseline = round.quickest;
        m_size = before->size;
        m_threshold = before->threshold;
        return;
    }
    const double width = std::min<double>(m_size, round.width);
    if (width <= 1)
        return;
    m_narrowing = Narrowing{round.quickest, m_size, m_threshold};
    startOver(width * windowDecrease, now);
}

// What is measured from now on is that of the new width.
void DialWindow::startOver(double size, Time now)
{
    m_size = std::max(1.0, size);
    m_threshold = m_size;
    m_changedAt = now;
    m_round = {.began = now};
}

void DialWindow::failed(Time begunAt, Time now)
{
    if (begunAt < m_failedAt)
        return;
    // A dial that fails alone says nothing about how many are too much.
    const double threshold = size() > 1 ? std::max(1, size() / 2) : m_threshold;
    startOver(1, now);
    m_threshold = threshold;
    m_failedAt = now;
    m_narrowing.reset();
}

// Those in a queue succeed one after the other, the oldest first. One that younger ones have overtaken is in no queue:
// if it does not succeed, that is a failure.
std::vector<size_t> DialWindow::hopeless(const std::vector<Waiting> &dials, Time now) const
{
    std::vector<size_t> result;
    int before = 0;
    for (size_t i = 0; i < dials.size(); ++i) {
        const Waiting &dial = dials[i];
        if (dial.begunAt + dialSlack < m_newest)
            continue;
        // Before its time, no dial of its age can succeed: it is too early to tell how fast they are.
        const auto pace = paceSince(dial.begunAt + m_baseline, now);
        if (pace && (before + 1) * *pace > dial.left * timeUsable)
            result.push_back(i);
        else
            ++before;
    }
    return result;
}

std::optional<DialWindow::Duration> DialWindow::paceSince(Time time, Time now) const
{
    const auto first = std::lower_bound(m_successes.begin(), m_successes.end(), time);
    const auto gaps = m_successes.end() - first - 1;
    if (gaps < 1 || now - *first < dialSlack)
        return std::nullopt;
    return (m_successes.back() - *first) / gaps;
}

void DialWindow::withdrew(int underWay, Time now)
{
    m_narrowing.reset();
    startOver(std::min<double>(m_size, underWay) * windowDecrease, now);
}

void DialWindow::reset()
{
    const int maximum = m_maximum;
    *this = {};
    setMaximum(maximum);
}

void DialWindow::startSlowly()
{
    reset();
    m_size = 1;
}

// The quickest ever counts; a mean would follow the dials that wait for each other, and so allow more of them. If the
// route has become slower, dials that have nobody before them show it, and else a narrowing that does not help.
void DialWindow::learn(Duration dialTime, bool isAlone)
{
    if (dialTime <= m_baseline)
        m_baseline = dialTime;
    else if (isAlone)
        m_baseline += (dialTime - m_baseline) / 2;
}

bool DialWindow::isSlow(Duration dialTime) const
{
    return dialTime > 2 * m_baseline + dialSlack;
}

} // namespace Tidepool
