// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../idle/entry.h"
#include "../idle/waiters.h"

#include <tidepool/poolerror.h>

#include <memory>
#include <vector>

namespace Tidepool {

/// The work that remains after a call of PoolMachine. It is done in this order, without the mutex.
struct Actions
{
    enum class Announce : quint8 {
        Nothing,
        Metrics, ///< They can wait for a frame.
        Now,
    };

    std::vector<std::unique_ptr<Entry>> closeHere; ///< In this thread: unwatch them and close their sockets.
    std::vector<std::unique_ptr<Entry>>
        closeInIoThread; ///< Unwatch them, and close their sockets in the I/O thread, some at a time.
    std::vector<Waiter> failed; ///< Takes that end with an error.
    PoolError error; ///< Theirs. Of a timeout, each is told its own: PoolMachine::timeoutOf().
    quint64 examine = 0; ///< The token of a parked one that was reported before it was parked; 0: none.
    bool looksLater = false; ///< There is something for PoolMachine::nextToExamine().
    bool wakesSupply = false;
    Announce announce = Announce::Nothing;
};

} // namespace Tidepool
