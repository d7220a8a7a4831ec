// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <chrono>
#include <optional>

namespace Tidepool {

/// Whether parked connections have to be suspected of being dead: signs of an outage raise the alarm.
///
/// Signs that come together raise one alarm. The next alarm comes 1 s later at the earliest, and after a false alarm,
/// in which every peer has answered, twice as late as the last one did, up to a minute.
///
/// Pure arithmetic: time is a parameter.
class OutageAlarm
{
public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;

    /// Something happened that an outage would explain.
    void noteSign() { m_hasSign = true; }
    /// A parked connection ended, and @p parked are left. True if half of them ended within a second or two, which is a
    /// sign: what ended them may end the others.
    [[nodiscard]] bool noteEnd(int parked, Time now);
    /// A suspect did not answer: the alarm is not a false one.
    void noteSilence() { m_hadSilence = true; }
    /// A new connection came up: the network works.
    void noteSuccess(Time now);

    /// There is a sign that has raised no alarm yet.
    [[nodiscard]] bool hasSign() const { return m_hasSign; }
    /// When the sign may raise the alarm; Time::max() without one.
    [[nodiscard]] Time due() const { return m_hasSign ? m_mayComeAt : Time::max(); }
    /// Ends the sign: there are new suspects now.
    void raise(Time now);
    /// Ends the sign: there was nothing to suspect.
    void dismiss() { m_hasSign = false; }
    /// Since when the network works, of what is known since the last alarm.
    [[nodiscard]] std::optional<Time> worksSince() const { return m_worksSince; }

private:
    bool m_hasSign = false;
    bool m_hadSilence = false; ///< In the last alarm.
    Time m_mayComeAt;
    Clock::duration m_pause{}; ///< Before m_mayComeAt.
    std::optional<Time> m_worksSince;
    Time m_waveBegan; ///< Of ends.
    int m_waveSize = 0; ///< Since then.
    int m_waveBefore = 0; ///< In the time before.
};

} // namespace Tidepool
