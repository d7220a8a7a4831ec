// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machinewatch.h"

#include <utility>

namespace Tidepool {

void MachineWatch::setRecovery(const Recovery &recovery)
{
    m_recovery = recovery;
    if (!recovery.noticesSleep)
        m_ahead.reset(); // a sleep in between is nobody's business later
    if (!recovery.followsNetwork) {
        forgetSource();
        m_isOffline = false;
    }
}

void MachineWatch::forgetSource()
{
    m_source.clear();
    m_hadNoWay = false;
    m_sourceDue = Time::min();
}

bool MachineWatch::wantsSource(Time now, bool isOnline) const
{
    return m_recovery.followsNetwork && (isOnline != m_wasOnline || now >= m_sourceDue);
}

MachineChange MachineWatch::look(const MachineReading &reading)
{
    MachineChange change;
    if (m_recovery.noticesSleep)
        change.slept = sleepUntil(reading.clocks);
    if (m_recovery.followsNetwork)
        lookAtNetwork(reading, change);
    if (change.isNewGeneration() || change.isRegained)
        m_quietUntil = reading.clocks.running + m_recovery.quietTime;
    if (change.slept.count() > 0)
        forgetSource(); // where it woke up is no further news
    return change;
}

// From one reading to the next, so that what adds up over weeks, as with a wall clock that is corrected, is no sleep.
std::chrono::milliseconds MachineWatch::sleepUntil(const ClockReading &clocks)
{
    const std::chrono::nanoseconds ahead = clocks.passing - clocks.running.time_since_epoch();
    const auto before = std::exchange(m_ahead, ahead);
    if (!before || ahead - *before < shortestSleep)
        return {};
    return std::chrono::duration_cast<std::chrono::milliseconds>(ahead - *before);
}

void MachineWatch::lookAtNetwork(const MachineReading &reading, MachineChange &change)
{
    if (reading.source) {
        const bool hasNoWay = reading.source->isEmpty();
        m_wasOnline = reading.isOnline;
        change.isRegained = std::exchange(m_hadNoWay, hasNoWay) && !hasNoWay;
        if (!hasNoWay && m_source != *reading.source)
            change.hasNewSource = !std::exchange(m_source, *reading.source).isEmpty();
    }
    const bool isOffline = !reading.isOnline && m_hadNoWay;
    const bool wasOffline = std::exchange(m_isOffline, isOffline);
    if (reading.source)
        m_sourceDue = reading.clocks.running + (isOffline ? offlineInterval : sourceInterval);
    change.isLost = isOffline && !wasOffline;
    change.isRegained = change.isRegained || (wasOffline && !isOffline);
}

} // namespace Tidepool
