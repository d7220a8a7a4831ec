// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "retryschedule.h"

#include "backoffdelay.h"

namespace Tidepool {

namespace {
// Neither the server nor a name server has answered, so the dial was no burden to either.
bool isUnanswered(const PoolError &error)
{
    const bool isEarly = error.phase() == Phase::Resolve || error.phase() == Phase::Dial;
    return isEarly && (error.kind() == ErrorKind::Timeout || error.kind() == ErrorKind::Unreachable);
}
} // namespace

void RetrySchedule::setBackoff(const Backoff &backoff)
{
    m_backoff = backoff;
    m_limit.setBackoff(backoff);
}

// An error that lasts may be that of one server of several; a second time in a row, it is not tried again before long.
// Where nobody answers, a dial is little more than a packet now and then, and itself the delay: it counts twice against
// the bound, because the random delay is half of the bound on average. So such dials begin as often as those that are
// refused, and a network that is back is noticed with the next packet.
bool RetrySchedule::failed(Time begunAt, const PoolError &error, Time now, double random)
{
    if (begunAt < m_backoffBegan)
        return false;
    ++m_failures;
    m_backoffBegan = now;
    const auto spent = isUnanswered(error) ? 2 * std::chrono::duration_cast<std::chrono::milliseconds>(now - begunAt)
                                           : std::chrono::milliseconds(0);
    m_backoffEnds = now
        + (error.isLasting() && m_failures > 1 ? lastingBackoffDelay(m_backoff, random)
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
