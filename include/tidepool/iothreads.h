// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

/// The I/O threads in which dials, handshakes and relays run.
///
/// All pools of a process share them, and all relays share others, so that a dial does not wait for relays that are
/// busy. They start with the first pool or relay that needs them and end with the last.
namespace Tidepool::IoThreads {

/// How many I/O threads there are for pools, and as many for relays. Default: 1.
[[nodiscard]] TIDEPOOL_EXPORT int count();

/// Sets it, 1 to 64, for pools and relays that start from now on. Each of them runs in one I/O thread, the
/// one with the fewest. Any thread.
TIDEPOOL_EXPORT void setCount(int count);

} // namespace Tidepool::IoThreads
