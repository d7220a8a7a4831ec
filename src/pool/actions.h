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
        Metrics, ///< Changes of metrics can wait for a frame.
        Now,
    };

    std::vector<std::unique_ptr<Entry>> closeHere; ///< In this thread: unwatch them and close their sockets.
    std::vector<std::unique_ptr<Entry>>
        closeInIoThread; ///< Unwatch them, and close their sockets in the I/O thread, some at a time.
    std::vector<Waiter> failed; ///< Takes that end with an error.
    PoolError error; ///< The error of these takes. For a timeout, see PoolMachine::timeoutOf().
    quint64 examine = 0; ///< The token of a connection that was reported before it was parked, or 0.
    bool looksLater = false; ///< PoolMachine::nextToExamine() has a connection.
    bool wakesSupply = false;
    Announce announce = Announce::Nothing;
};

} // namespace Tidepool
