// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "trace.h"

#include <policy/sizing.h>

namespace Sim {

/// The network that a simulated pool has.
struct Network
{
    std::chrono::steady_clock::duration dialTime = std::chrono::milliseconds(300);
    /// What each dial takes beyond that of one processor, which does one after the other.
    std::chrono::steady_clock::duration work{0};
};

/// What a policy made of a trace.
struct Outcome
{
    qsizetype takes = 0;
    double warmShare = 0; ///< Of the takes, 0 to 1: those that found a parked connection.
    double waitP50 = 0; ///< Seconds, of all takes.
    double waitP99 = 0;
    double meanParked = 0; ///< Over time.
    double dialsPerTake = 0;
};

/// Plays @p trace against @p sizing in virtual time, as a ClientPool would: it dials what is missing when a connection
/// is taken and at each round, and closes what is more than needed. What comes before @p measureFrom is not counted.
[[nodiscard]] Outcome simulate(const Trace &trace, Tidepool::Sizing &sizing, const Network &network, Time end,
                               Time measureFrom = beginning);

} // namespace Sim
