// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "retryschedule.h"

#include "backoffdelay.h"

namespace Tidepool {

void RetrySchedule::setBackoff(const Backoff &backoff)
{
    m_backoff = backoff;
    m_limit.setBackoff(backoff);
}

// An error that lasts may be that of one server of several; a second time in a row, it is not tried again before long.
// Where nobody answers, a dial is little more than a packet now and then, and itself most of the delay: if that came
// on top, a network that is back would go unnoticed for so much longer.
bool RetrySchedule::failed(const Failure &failure, Time now, double random)
{
    if (failure.begunAt < m_backoffBegan)
        return false;
    ++m_failures;
    m_backoffBegan = now;
    const auto spent = failure.isUnanswered
        ? std::chrono::duration_cast<std::chrono::milliseconds>(now - failure.begunAt)
        : std::chrono::milliseconds(0);
    m_backoffEnds = now
        + (failure.isLasting && m_failures > 1 ? lastingBackoffDelay(m_backoff, random)
                                               : backoffDelay(m_backoff, m_failures, random, spent));
    return true;
}

// One success proves little: a full server refuses most dials and accepts one now and then. So it takes half of the way
// back, and a few in a row the whole. Those begun before the last failure say nothing about what came after.
void RetrySchedule::succeeded(Time begunAt, Time now)
{
    m_limit.made(now);
    if (begunAt >= m_backoffBegan)
        m_failures /= 2;
}

void RetrySchedule::forgetFailures()
{
    m_failures = 0;
    endBackoff();
}

std::optional<RetrySchedule::Time> RetrySchedule::nextAttempt() const
{
    if (m_backoffEnds)
        return m_backoffEnds;
    if (m_limit.owed() > 0 && m_limit.due() != Time::max())
        return m_limit.due();
    return std::nullopt;
}

} // namespace Tidepool
