// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "outagealarm.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
// A false alarm doubles it: an overloaded server, whose handshakes time out all the time, is not to be asked all the
// time.
constexpr std::chrono::seconds shortestAlarmPause{1};
constexpr std::chrono::seconds longestAlarmPause{60};
constexpr std::chrono::seconds waveTime{1};
} // namespace

bool OutageAlarm::noteEnd(int parked, Time now)
{
    if (now - m_waveBegan > waveTime) {
        m_waveBefore = now - m_waveBegan > 2 * waveTime ? 0 : m_waveSize;
        m_waveBegan = now;
        m_waveSize = 0;
    }
    const int ended = ++m_waveSize + m_waveBefore;
    return ended > 1 && ended >= parked;
}

void OutageAlarm::noteSuccess(Time now)
{
    if (!m_worksSince)
        m_worksSince = now;
}

void OutageAlarm::raise(Time now)
{
    m_hasSign = false;
    const bool wasFalse = !std::exchange(m_hadSilence, false);
    m_pause =
        wasFalse ? std::clamp<Clock::duration>(2 * m_pause, shortestAlarmPause, longestAlarmPause) : shortestAlarmPause;
    m_mayComeAt = now + m_pause;
    m_worksSince.reset();
}

} // namespace Tidepool
