// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "ratelimit.h"

#include "backoffdelay.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
// What was learned about the age at which connections are lost holds for so long.
constexpr std::chrono::seconds lossMemory{30};
constexpr int stepGrowth = 4;
} // namespace

void RateLimit::setSize(int capacity, int missing)
{
    const bool wasFull = m_tokens == m_capacity;
    m_capacity = std::max(1, capacity);
    m_missing = std::max(0, missing);
    m_tokens = wasFull ? m_capacity : std::clamp(m_tokens, -m_missing, m_capacity);
    // If nothing is to be dialled, what is there shows whether connections live.
    if (m_isTroubled && owed() == 0 && m_due == Clock::time_point::max())
        m_due = m_lastLoss + m_trial;
}

void RateLimit::reset()
{
    m_tokens = m_capacity;
    m_step = 1;
    m_failures = 0;
    m_hasMade = m_hasLost = m_isDelayed = m_isTroubled = false;
    m_trial = shortestTrial;
    m_due = Clock::time_point::max();
}

void RateLimit::lost(Clock::duration age, Clock::time_point now)
{
    ++m_missing;
    if (now - m_lastLoss > lossMemory)
        m_trial = shortestTrial;
    if (age >= lifeEnough)
        return;
    m_lastLoss = now;
    m_trial = std::clamp<Clock::duration>(2 * age, m_trial, lifeEnough);
    if (m_tokens == m_capacity)
        m_lossesBegan = now;
    const int least = now - age < m_lossesBegan ? std::min(m_tokens, 0) : -m_missing;
    m_tokens = std::max(m_tokens - 1, least);
    m_hasLost = true;
    if (m_tokens < 0)
        m_isTroubled = true;
    if (m_due == Clock::time_point::max())
        m_due = now + m_trial;
}

// The step is judged when the first of its connections has had its trial.
void RateLimit::made(Clock::time_point now)
{
    if (m_tokens < m_capacity && !m_isDelayed && !std::exchange(m_hasMade, true))
        m_due = now + m_trial;
}

void RateLimit::taken(int count)
{
    if (count <= 0)
        return;
    m_tokens = std::min(m_capacity, m_tokens + count);
    m_failures = 0;
}

void RateLimit::advance(Clock::time_point now, double random)
{
    if (now < m_due)
        return;
    m_due = Clock::time_point::max();
    const bool hasLost = std::exchange(m_hasLost, false);
    const bool hasMade = std::exchange(m_hasMade, false);
    if (m_isDelayed) {
        m_isDelayed = false;
        m_tokens = std::min(m_capacity, m_tokens + 1);
    } else if (hasLost) {
        m_isDelayed = true;
        m_step = 1;
        m_due = now + backoffDelay(m_backoff, ++m_failures, random);
    } else if (hasMade || owed() == 0) {
        m_failures = 0;
        m_isTroubled = false;
        m_tokens = std::min(m_capacity, m_tokens + m_step);
        m_step = std::min(m_capacity, stepGrowth * m_step);
    } // else the step is not over: its dial has failed, or cannot begin yet
    if (m_tokens == m_capacity)
        m_step = 1;
    else if (owed() == 0 && !m_isDelayed)
        m_due = now + m_trial;
}

} // namespace Tidepool
