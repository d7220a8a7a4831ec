// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

/// The I/O threads that run dials, handshakes and relays.
///
/// All pools of a process share some I/O threads, and all relays share others. A dial therefore does not wait for busy
/// relays. The I/O threads start with the first pool or relay that needs them and end with the last one.
namespace Tidepool::IoThreads {

/// The number of I/O threads for pools. There are as many again for relays. Default: 1.
[[nodiscard]] TIDEPOOL_EXPORT int count();

/// Sets the number, 1 to 64, for pools and relays that start later. Each pool or relay runs in one I/O thread: the
/// thread that has the fewest of them. The TLS handshakes of a ServerPool run in all I/O threads for pools. Any thread.
TIDEPOOL_EXPORT void setCount(int count);

} // namespace Tidepool::IoThreads
