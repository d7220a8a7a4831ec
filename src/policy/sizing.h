// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "learned.h"

#include <tidepool/bounds.h>
#include <tidepool/poolstatus.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace Tidepool {

/// Decides how many connections a client pool keeps.
///
/// Pure: no socket, no timer and no clock; every call takes the time, which never goes back. Not thread-safe.
class Sizing
{
public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;

    virtual ~Sizing() = default;
    Sizing() = default;
    Sizing(const Sizing &) = delete;
    Sizing &operator=(const Sizing &) = delete;

    /// Takes effect at once. What was learned stays.
    virtual void setBounds(const Bounds &bounds) = 0;
    /// How long to keep a connection after it was last needed. Policies without such a window ignore it.
    virtual void setSpareWindow(Clock::duration) {}
    /// A connection was asked for, of any kind.
    virtual void onTake(Time now) = 0;
    /// @p count taken connections were given back; of those still taken, @p expected will be.
    virtual void onGivenBack(Time, int /*count*/, int /*expected*/) {}
    /// A dial succeeded, after @p took.
    virtual void onDialEnded(Time now, Clock::duration took) = 0;
    /// A round of topping up begins with @p idle parked connections.
    virtual void onRoundBegun(Time now, int idle) = 0;
    /// The dials of that round have ended; @p created of them succeeded.
    virtual void onRoundEnded(Time now, int created) = 0;

    /// How many connections to have, parked or being dialled.
    [[nodiscard]] virtual int target(Time now) = 0;
    /// Parked connections beyond this many are not needed any more. Never less than target().
    [[nodiscard]] virtual int surplusAbove(Time now) = 0;
    /// When target() or surplusAbove() changes though nothing happens; Time::max() for never.
    [[nodiscard]] virtual Time nextChange(Time now) = 0;
    /// Why target() is what it is. The caller sets its nextBurst from nextBurst().
    [[nodiscard]] virtual SizingReason reason(Time now) = 0;
    /// When the next burst is expected, if anything is known of it.
    [[nodiscard]] virtual std::optional<Time> nextBurst(Time now) const = 0;
    /// What was learned, for policies that learn.
    [[nodiscard]] virtual Learned learned(Time /*now*/) { return {}; }
    /// Goes on from @p learned, and forgets what it has learned itself.
    virtual void learn(const Learned & /*learned*/, Time /*now*/) {}
    /// From the end of a round to the next.
    [[nodiscard]] virtual std::chrono::milliseconds interval(Time now) = 0;

    /// How many connections are to be dialled now.
    [[nodiscard]] static int missing(int target, int idle, int underWay)
    {
        return std::max(0, target - idle - underWay);
    }
};

} // namespace Tidepool
