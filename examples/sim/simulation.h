// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "trace.h"

#include <policy/sizing.h>

namespace Sim {

/// The network of a simulated pool.
struct Network
{
    std::chrono::steady_clock::duration dialTime = std::chrono::milliseconds(300);
    /// The processor time of each dial, in addition to its other time. One processor runs the dials one after another.
    std::chrono::steady_clock::duration work{0};
};

/// The result of a policy on a trace.
struct Outcome
{
    qsizetype takes = 0;
    double warmShare = 0; ///< Of the takes, 0 to 1: those that found a parked connection.
    double waitP50 = 0; ///< Seconds, of all takes.
    double waitP99 = 0;
    double meanParked = 0; ///< Over time.
    double dialsPerTake = 0;
};

/// Runs @p trace against @p sizing in virtual time, as a ClientPool would: dials missing connections at each take and
/// at each round, and closes surplus connections. Takes before @p measureFrom are not counted.
[[nodiscard]] Outcome simulate(const Trace &trace, Tidepool::Sizing &sizing, const Network &network, Time end,
                               Time measureFrom = beginning);

} // namespace Sim
