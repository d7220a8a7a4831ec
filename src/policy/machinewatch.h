// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/recovery.h>

#include <QtCore/QString>

#include <chrono>
#include <optional>

namespace Tidepool {

/// Two clocks at one moment.
struct ClockReading
{
    std::chrono::steady_clock::time_point running; ///< It stands still while the machine sleeps.
    std::chrono::nanoseconds passing{0}; ///< It goes on meanwhile.
};

/// What a machine says of itself at one moment.
struct MachineReading
{
    ClockReading clocks;
    bool isOnline = true; ///< What the system says; true if it says nothing.
    /// The address from which the server is reached; empty if there is no way to it; nothing if nobody has looked.
    std::optional<QString> source = {};
};

/// What became of a machine between two readings.
struct MachineChange
{
    std::chrono::milliseconds slept{0};
    bool hasNewSource = false; ///< The server is reached from another address than before.
    bool isLost = false; ///< The network has gone.
    bool isRegained = false; ///< The network, or a way to the server, is there again.

    [[nodiscard]] bool isNewGeneration() const { return slept.count() > 0 || hasNewSource; }
};

/// Notices, from one reading to the next, that a machine has slept, or that its network has changed.
///
/// The system's word that there is no network counts only as long as there is no way to the server, either: it may
/// speak of other networks than that in which the server is.
///
/// Pure arithmetic: readings are parameters.
class MachineWatch
{
public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;

    /// Less than that is no sleep.
    static constexpr std::chrono::seconds shortestSleep{2};
    /// How often the way to the server is looked at, if there is no other reason.
    static constexpr std::chrono::seconds sourceInterval{15};
    /// The same while there is no network.
    static constexpr std::chrono::seconds offlineInterval{2};

    void setRecovery(const Recovery &recovery);
    /// The server is another one, or is reached in another way.
    void forgetSource();
    /// Something may have changed: the next reading is to have MachineReading::source.
    void expectNews() { m_sourceDue = Time::min(); }
    /// The next reading should have MachineReading::source.
    [[nodiscard]] bool wantsSource(Time now, bool isOnline) const;

    [[nodiscard]] MachineChange look(const MachineReading &reading);

    /// There is no network: to dial is of no use.
    [[nodiscard]] bool isOffline() const { return m_isOffline; }
    /// Until when failures are no news, because of the last change.
    [[nodiscard]] Time quietUntil() const { return m_quietUntil; }

private:
    [[nodiscard]] std::chrono::milliseconds sleepUntil(const ClockReading &clocks);
    void lookAtNetwork(const MachineReading &reading, MachineChange &change);

    Recovery m_recovery;
    std::optional<std::chrono::nanoseconds> m_ahead; ///< One clock of the other, at the last reading.
    QString m_source; ///< The last address that there was.
    bool m_hadNoWay = false; ///< When it was last looked at.
    bool m_wasOnline = true; ///< The same.
    bool m_isOffline = false;
    Time m_sourceDue = Time::min();
    Time m_quietUntil = Time::min();
};

} // namespace Tidepool
