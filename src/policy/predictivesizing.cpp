// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "predictivesizing.h"

#include "classicsizing.h"

#include <algorithm>

namespace Tidepool {

PredictiveSizing::PredictiveSizing(const Bounds &bounds, Duration spareWindow)
    : m_bounds(bounds.corrected()), m_spareWindow(spareWindow), m_interval(m_bounds.minimumInterval)
{}

void PredictiveSizing::setBounds(const Bounds &bounds)
{
    m_bounds = bounds.corrected();
    m_interval = std::clamp(m_interval, m_bounds.minimumInterval, m_bounds.maximumInterval);
}

void PredictiveSizing::onTake(Time now)
{
    const int level = m_takes.add(now, m_dialTimes.p90());
    m_bursts.onTake(now, level, m_dialTimes.p90());
    // Those that come back are part of what the pool keeps: the target covers them.
    const int needed = std::max(level, m_returning);
    m_all.need(needed, now);
    noteOutsideBursts(needed, now);
}

void PredictiveSizing::onGivenBack(Time, int count, int expected)
{
    m_takes.giveBack(count);
    m_returning = expected;
}

// The first takes of a burst do not look like one. So a level counts when a dial time has passed without one.
void PredictiveSizing::noteOutsideBursts(int level, Time now)
{
    if (m_bursts.isInBurst(now)) {
        m_pending.reset();
        return;
    }
    if (m_pending && now - m_pending->when >= m_dialTimes.p90()) {
        m_outsideBursts.need(m_pending->level, m_pending->when);
        m_pending.reset();
    }
    if (!m_pending)
        m_pending = Levels::Mark{level, now};
    m_pending->level = std::max(m_pending->level, level);
}

void PredictiveSizing::onRoundBegun(Time now, int idle)
{
    m_interval = ClassicSizing::adjustedInterval(m_interval, idle, target(now), m_bounds);
}

void PredictiveSizing::onDialEnded(Time now, Duration took)
{
    m_dialTimes.add(now, took);
}

int PredictiveSizing::bounded(int needed) const
{
    return std::clamp(needed + 1, m_bounds.minimumCapacity, m_bounds.maximumCapacity);
}

int PredictiveSizing::neededAtAnyTime(Time now)
{
    return m_all.needed(now, m_spareWindow);
}

std::pair<int, SizingCause> PredictiveSizing::needed(Time now)
{
    const int outside = m_outsideBursts.needed(now, m_spareWindow);
    switch (m_bursts.advice(now, m_dialTimes.p90())) {
    case BurstCalendar::Advice::Unknown:
        break;
    case BurstCalendar::Advice::Rest:
        return {outside, SizingCause::BetweenBursts};
    case BurstCalendar::Advice::Ready:
        return {std::max(outside, m_bursts.size()), SizingCause::BurstDue};
    }
    return {neededAtAnyTime(now), SizingCause::Takes};
}

int PredictiveSizing::target(Time now)
{
    return bounded(needed(now).first);
}

SizingReason PredictiveSizing::reason(Time now)
{
    const auto [most, cause] = needed(now);
    SizingReason reason;
    reason.cause = cause;
    if (cause == SizingCause::Takes && most + 1 <= m_bounds.minimumCapacity)
        reason.cause = SizingCause::Minimum;
    else if (most + 1 > m_bounds.maximumCapacity)
        reason.cause = SizingCause::Maximum;
    reason.needed = most;
    reason.dialTime = std::chrono::ceil<std::chrono::milliseconds>(m_dialTimes.p90());
    reason.spareWindow = std::chrono::ceil<std::chrono::milliseconds>(m_spareWindow);
    reason.burstSize = m_bursts.size();
    return reason;
}

// One that is late is expected no more, and may come at any time.
std::optional<Sizing::Time> PredictiveSizing::nextBurst(Time now) const
{
    const auto next = m_bursts.nextBurst();
    return next && *next > now ? next : std::nullopt;
}

Learned PredictiveSizing::learned(Time now)
{
    const Duration dialTime = m_dialTimes.p90();
    (void)m_bursts.advice(now, dialTime); // forgets bursts that have ceased to come
    return {.levels = m_all.marks(now, m_spareWindow),
            .outsideBursts = m_outsideBursts.marks(now, m_spareWindow),
            .bursts = m_bursts.bursts(),
            .base = m_bursts.base(),
            .dialTime = m_dialTimes.isMeasured() ? dialTime : Duration(0)};
}

// The takes within the last dial time stay: they are not learned, but seen.
void PredictiveSizing::learn(const Learned &learned, Time now)
{
    if (learned.dialTime > Duration(0)) {
        m_dialTimes = {};
        m_dialTimes.add(now, learned.dialTime); // as one dial among those to come, for the network may be another
    }
    m_all.restore(learned.levels);
    m_outsideBursts.restore(learned.outsideBursts);
    m_pending.reset();
    m_bursts.restore(learned.bursts, learned.base, now, m_dialTimes.p90());
    // As though the last burst had just come: whoever takes may have begun anew, and the next one may come at any time.
    if (m_bursts.nextBurst())
        m_all.need(m_bursts.size(), now);
}

int PredictiveSizing::surplusAbove(Time now)
{
    return std::max(target(now), bounded(neededAtAnyTime(now)));
}

Sizing::Time PredictiveSizing::nextChange(Time now)
{
    return std::min({m_all.nextFall(now, m_spareWindow), m_outsideBursts.nextFall(now, m_spareWindow),
                     m_bursts.nextChange(now, m_dialTimes.p90())});
}

} // namespace Tidepool
