// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "machinebench.h"

#include <algorithm>
#include <map>

namespace TestSupport {

inline constexpr KeepAliveTimes usual{15, 5, 3, 30'000};

/// The system's end of each descriptor, as the test says.
struct Line
{
    bool hasKeepAlive = true;
    KeepAliveTimes times = usual;
    PoolMachine::Clock::time_point heardAt;
    int asked = 0;
};
inline std::map<qintptr, Line> lines;
inline PoolMachine::Clock::time_point present;

inline std::optional<KeepAliveTimes> beginProbe(qintptr descriptor)
{
    Line &line = lines[descriptor];
    if (!line.hasKeepAlive)
        return std::nullopt;
    ++line.asked;
    return std::exchange(line.times, {1, 1, 30, 0});
}

inline void endProbe(qintptr descriptor, KeepAliveTimes before)
{
    lines[descriptor].times = before;
}

inline std::optional<std::chrono::milliseconds> silenceOf(qintptr descriptor)
{
    return std::chrono::floor<std::chrono::milliseconds>(present - lines[descriptor].heardAt);
}

inline constexpr PeerProbe probe{&beginProbe, &endProbe, &silenceOf};

inline const PoolError unanswered(Phase::Dial, ErrorKind::Timeout, QStringLiteral("no answer"));

/// A pool over a network that may be down.
struct SuspectsBench : Bench
{
    explicit SuspectsBench(const CorePolicy &policy = {}) : Bench(policy, &probe) { lines.clear(); }

    /// Parks a connection whose descriptor is its id.
    void come(quint32 id)
    {
        auto arrival = establish(id);
        QVERIFY(arrival.out);
        arrival.out->descriptor = static_cast<qintptr>(id);
        lines[static_cast<qintptr>(id)].heardAt = now;
        offer(arrival.out);
    }
    /// Time passes; the deadlines come as they are due.
    Ids wait(std::chrono::milliseconds time)
    {
        Ids gone;
        const auto until = now + time;
        while (machine.nextDeadline() <= until) {
            now = std::max(now, machine.nextDeadline());
            present = now;
            for (const quint32 id : closed(machine.expire(moment())))
                gone.push_back(id);
        }
        now = present = until;
        return gone;
    }
    void sign()
    {
        QVERIFY(machine.attemptFailed(unanswered));
        present = now;
        QVERIFY(closed(machine.expire(moment())).empty());
    }
    void answer(quint32 id) { lines[static_cast<qintptr>(id)].heardAt = now; }
};

} // namespace TestSupport
