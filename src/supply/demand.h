// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>
#include <tidepool/enums.h>

#include <chrono>

namespace Tidepool {

/// The id of the one connection that a Go pool server keeps for the application's own talk. No other gets it.
inline constexpr ConnectionId controlId{0};

/// The two gauges of connections being made.
enum class MakingStep : quint8 { Connecting, Handshaking };

/// Why a client pool begins a new generation by itself.
enum class Renewal : quint8 {
    Sleep, ///< The machine has slept.
    Network, ///< The server is reached from another address.
};
inline constexpr int renewalCount = 2;

/// What a pool wants from its supply. What its user has just set is here before the supply hears of it otherwise.
struct Demand
{
    int active = 0; ///< Parked now.
    int retiring = 0; ///< Of these, those about to be replaced.
    int returning = 0; ///< Taken, and expected to be given back soon.
    int limit = 0; ///< So many can be parked.
    int room = 0; ///< So many more may be made, those under way included.
    int waitingForAny = 0; ///< Takes that any new connection would serve.
    qint64 taken = 0; ///< Handed out so far.
    qint64 asked = 0; ///< Takes so far, of every kind.
    qint64 givenBack = 0; ///< So far.
    bool hasLosses = false; ///< takeLosses() has something to tell.
    bool isOpen = false; ///< More is wanted: the pool runs, and is not paused.
};

/// A parked connection that nobody took and that the pool did not let go by itself.
struct Loss
{
    std::chrono::steady_clock::duration age; ///< Since it was made.
    EvictionCause cause;
};

} // namespace Tidepool
