// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// How many connections there should be: what the connector tells the sizing, and what it hears of it.

#include "../types/durations.h"
#include "connector.h"

#include <algorithm>
#include <chrono>

namespace Tidepool {

void Connector::armNextChange()
{
    const auto now = Sizing::Clock::now();
    const auto next = std::min(m_sizing->nextChange(now), m_expected.nextChange(now));
    // Most takes put the change off. A timer that comes too early finds nothing to do and is set again.
    if (next == Sizing::Time::max() || (m_changeTimer.isActive() && m_nextChange <= next))
        return;
    m_nextChange = next;
    m_changeTimer.start(
        clampedDuration(std::chrono::ceil<std::chrono::milliseconds>(next - now), std::chrono::milliseconds(1)));
}

// The takes since the last look count as made now: each of them wakes the supply, so they were a moment ago. While
// nothing may be dialled, they say nothing of how many connections are needed at once: somebody may ask again and
// again.
void Connector::noteTakes(const Demand &demand)
{
    const auto now = Sizing::Clock::now();
    qint64 givenBack = demand.givenBack - m_known.givenBack;
    qint64 taken = mayDial(demand) ? demand.asked - m_known.asked : 0;
    m_sizing->onGivenBack(now, 0, demand.returning);
    // In turn: a connection that was taken and given back since the last look was needed once, not twice.
    for (; taken > 0 || givenBack > 0; --taken, --givenBack) {
        if (taken > 0) {
            m_sizing->onTake(now);
            m_expected.onTake();
        }
        if (givenBack > 0)
            m_sizing->onGivenBack(now, 1, demand.returning);
    }
}

void Connector::expect(int connections, Sizing::Time until)
{
    m_expected.add(connections, until);
    refill();
}

void Connector::learn()
{
    takeFromShelf();
    refill();
}

void Connector::takeFromShelf()
{
    const LearnedShelf::Edition latest = m_shelf->latest();
    m_edition = latest.number;
    m_sizing->learn(latest.learned, Sizing::Clock::now());
}

void Connector::putOnShelf(Sizing::Time now)
{
    m_shelf->update(m_sizing->learned(now), m_edition);
    m_shelvedAt = now;
}

int Connector::capacity(Sizing::Time now)
{
    const int announced = std::min(m_expected.count(now), m_settings->bounds.corrected().maximumCapacity);
    return std::max(m_sizing->target(now), announced);
}

void Connector::showTarget()
{
    const auto now = Sizing::Clock::now();
    const int wanted = capacity(now);
    const auto interval = m_sizing->interval(now);
    SizingReason reason = m_sizing->reason(now);
    reason.announced = m_expected.count(now);
    if (wanted > m_sizing->target(now))
        reason.cause = SizingCause::Announced;
    const auto nextBurst = m_sizing->nextBurst(now);
    const Shown shown{wanted, interval, reason, nextBurst};
    if (m_shown == shown)
        return;
    m_shown = shown;
    m_sink.setTarget(wanted, interval);
    m_sink.setSizing(reason, nextBurst);
}

} // namespace Tidepool
