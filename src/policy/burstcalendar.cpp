// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "burstcalendar.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace Tidepool {

namespace {

using Duration = BurstCalendar::Duration;

// How long the calendar keeps silent after it was wrong.
constexpr std::chrono::seconds distrustTime{30};
// A burst has at least this many takes more than the base.
constexpr int smallestBurst = 6;
// A period is trusted if its gaps differ by at most this share.
constexpr double trustedDeviation = 0.10;
// A period shorter than this many dial times leaves no time to rest.
constexpr int shortestPeriod = 4;
// The guard before and after the expected time: see Period.
constexpr double guardPerDeviation = 1.5;
constexpr double guardExtra = 1; // few gaps show little of how much they differ
constexpr double guardPerPeriod = 0.05;
constexpr std::chrono::milliseconds smallestGuard{100};
// The dials for the burst begin this many dial times before the guard.
constexpr double leadPerDialTime = 1.3;
// Bursts that are overdue for longer than this when they are restored say nothing any more.
constexpr std::chrono::hours longestPause{1};

Duration scaled(Duration duration, double factor)
{
    return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

template <typename Values>
auto median(const Values &values)
{
    std::vector<typename Values::value_type> sorted(values.begin(), values.end());
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
}

} // namespace

bool BurstCalendar::isBurst(int level) const
{
    return level > m_base + std::max(smallestBurst, m_base);
}

void BurstCalendar::onTake(Time now, int level, Duration dialTime)
{
    endBurstIfOver(now, dialTime);
    if (!isBurst(level)) {
        if (!m_current)
            sampleBase(now, level, dialTime);
        return;
    }
    if (!m_current)
        m_current = Burst{now, level};
    m_current->size = std::max(m_current->size, level);
    m_currentEnds = now + dialTime;
}

// Only now is its size known. A small one between large ones is chance, and says nothing about their rhythm.
void BurstCalendar::endBurstIfOver(Time now, Duration dialTime)
{
    if (!m_current || now < m_currentEnds)
        return;
    const Burst burst = *m_current;
    m_current.reset();
    std::vector<int> sizes;
    for (const Burst &known : m_bursts)
        sizes.push_back(known.size);
    if (!sizes.empty() && burst.size * 2 < median(sizes)) {
        if (++m_ignored == burstsNeeded)
            forget(); // they have become small
        return;
    }
    m_ignored = 0;
    compareWithPeriod(burst.onset);
    m_bursts.push_back(burst);
    if (m_bursts.size() > burstsKept)
        m_bursts.pop_front();
    findPeriod(dialTime);
}

// One that only just missed its time is a lesson: from now on the guard is wider.
void BurstCalendar::compareWithPeriod(Time onset)
{
    if (!m_period)
        return;
    if (isWithin(onset, 2 * m_period->guard)) {
        m_evidence = Evidence::Observed;
    } else if (m_evidence == Evidence::Restored) {
        // Who takes has been started again, too, or a clock was set: only the distance of the bursts can still be
        // right.
        shift(onset - m_period->next);
        m_evidence = Evidence::OneBurst;
    } else {
        m_distrustedUntil = onset + distrustTime;
    }
}

void BurstCalendar::shift(Duration by)
{
    for (Burst &burst : m_bursts)
        burst.onset += by;
    m_period->next += by;
}

bool BurstCalendar::isWithin(Time onset, Duration guard) const
{
    return onset >= m_period->next - guard && onset <= m_period->next + guard;
}

void BurstCalendar::forget()
{
    m_bursts.clear();
    m_period.reset();
    m_evidence = Evidence::Observed;
    m_ignored = 0;
}

// A straight line through the onsets. Its slope is the period. The prediction from the line is better than from the
// last onset alone, whose own deviation would be carried on.
void BurstCalendar::findPeriod(Duration dialTime)
{
    m_period.reset();
    const size_t count = m_bursts.size();
    if (count < burstsNeeded)
        return;
    std::vector<Duration> gaps;
    gaps.reserve(count - 1);
    for (size_t i = 1; i < count; ++i)
        gaps.push_back(m_bursts[i].onset - m_bursts[i - 1].onset);
    const Duration length = median(gaps);
    std::vector<Duration> deviations;
    deviations.reserve(gaps.size());
    for (const Duration gap : gaps)
        deviations.push_back(gap > length ? gap - length : length - gap);
    if (length < shortestPeriod * dialTime || median(deviations) > scaled(length, trustedDeviation))
        return;

    const double n = static_cast<double>(count);
    const auto after = [this](size_t i) {
        return std::chrono::duration<double>(m_bursts[i].onset - m_bursts.front().onset).count();
    };
    double sumX = 0;
    double sumY = 0;
    double sumXX = 0;
    double sumXY = 0;
    for (size_t i = 0; i < count; ++i) {
        const auto x = static_cast<double>(i);
        sumX += x;
        sumY += after(i);
        sumXX += x * x;
        sumXY += x * after(i);
    }
    const double slope = (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX);
    const double start = (sumY - slope * sumX) / n;
    double largest = 0;
    for (size_t i = 0; i < count; ++i)
        largest = std::max(largest, std::abs(after(i) - start - slope * static_cast<double>(i)));
    const double factor = guardPerDeviation * (1 + guardExtra / n);
    const std::chrono::duration<double> expected(start + slope * n);
    m_period = Period{m_bursts.front().onset + std::chrono::duration_cast<Duration>(expected),
                      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(slope)),
                      std::max({std::chrono::duration_cast<Duration>(std::chrono::duration<double>(largest * factor)),
                                scaled(length, guardPerPeriod), std::chrono::duration_cast<Duration>(smallestGuard)})};
}

// Once each dial time. Between two takes further apart than that, the window was empty.
void BurstCalendar::sampleBase(Time now, int level, Duration dialTime)
{
    if (now < m_nextSample)
        return;
    const auto empty = m_sampleCount == 0 ? 0 : std::min<Duration::rep>((now - m_nextSample) / dialTime, samplesKept);
    for (Duration::rep i = 0; i < empty; ++i)
        m_samples[m_sampleCount++ % samplesKept] = 0;
    m_samples[m_sampleCount++ % samplesKept] = level;
    m_nextSample = now + dialTime;

    const size_t size = std::min(m_sampleCount, samplesKept);
    std::array<int, samplesKept> sorted = m_samples;
    const auto place = sorted.begin() + static_cast<std::ptrdiff_t>((size * 9 + 9) / 10 - 1);
    std::nth_element(sorted.begin(), place, sorted.begin() + static_cast<std::ptrdiff_t>(size));
    m_base = *place;
}

std::optional<BurstCalendar::Time> BurstCalendar::nextBurst() const
{
    return m_period ? std::optional(m_period->next) : std::nullopt;
}

int BurstCalendar::size() const
{
    int largest = 0;
    for (const Burst &burst : m_bursts)
        largest = std::max(largest, burst.size);
    return largest;
}

BurstCalendar::Time BurstCalendar::readyAt(Duration dialTime) const
{
    return m_period->next - m_period->guard - scaled(dialTime, leadPerDialTime);
}

std::vector<Levels::Mark> BurstCalendar::bursts() const
{
    std::vector<Levels::Mark> result;
    if (m_period) {
        for (const Burst &burst : m_bursts)
            result.push_back({burst.size, burst.onset});
    }
    return result;
}

void BurstCalendar::restore(const std::vector<Levels::Mark> &bursts, int base, Time now, Duration dialTime)
{
    *this = {};
    if (base > 0) {
        m_base = base;
        m_samples.fill(base);
        m_sampleCount = samplesKept;
        m_nextSample = now;
    }
    for (const Levels::Mark &burst : bursts)
        m_bursts.push_back({burst.when, burst.level});
    while (m_bursts.size() > burstsKept)
        m_bursts.pop_front();
    findPeriod(dialTime);
    // Without a period they are no more than levels. A guard that leaves no time to rest comes of something else.
    if (!m_period || now - m_period->next > longestPause || m_period->guard > m_period->length / 2) {
        forget();
        return;
    }
    m_evidence = Evidence::Restored;
    if (const Duration late = now - m_period->next - m_period->guard; late > Duration(0))
        shift((late / m_period->length + 1) * m_period->length);
}

BurstCalendar::Advice BurstCalendar::advice(Time now, Duration dialTime)
{
    endBurstIfOver(now, dialTime);
    if (!m_period)
        return Advice::Unknown;
    if (m_current)
        return isWithin(m_current->onset, m_period->guard) ? Advice::Rest : Advice::Unknown;
    const Time latest = m_period->next + m_period->guard;
    if (now > latest) { // it did not come
        if (now >= latest + distrustTime)
            forget();
        return Advice::Unknown;
    }
    if (now < m_distrustedUntil)
        return Advice::Unknown;
    if (now >= readyAt(dialTime))
        return Advice::Ready;
    return m_evidence == Evidence::Observed ? Advice::Rest : Advice::Unknown;
}

BurstCalendar::Time BurstCalendar::nextChange(Time now, Duration dialTime)
{
    (void)advice(now, dialTime); // ends and forgets what is over
    if (m_current)
        return m_currentEnds;
    if (!m_period)
        return Time::max();
    const Time latest = m_period->next + m_period->guard;
    if (now > latest)
        return latest + distrustTime;
    if (now < m_distrustedUntil)
        return std::min(m_distrustedUntil, latest + Duration(1));
    return now < readyAt(dialTime) ? readyAt(dialTime) : latest + Duration(1);
}

} // namespace Tidepool
