// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/clientpool.h>
#include <tidepool/serverpool.h>

#include <memory>

namespace Bench {

/// A pool that dials the peer at @p port, started by fill().
[[nodiscard]] std::unique_ptr<Tidepool::ClientPool> makeClientPool(quint16 port, Tidepool::TlsMode mode);

/// Raises the pool's capacity to @p count and returns when so many are parked. Runs the event loop. Throws
/// BenchmarkError.
void fill(Tidepool::ClientPool &pool, int count);

/// Returns when @p count connections are parked. Runs the event loop. Throws BenchmarkError.
void awaitParked(Tidepool::Pool &pool, int count);

[[nodiscard]] Tidepool::TlsOptions tlsOptions(Tidepool::TlsMode mode);

/// Runs the event loop until what was begun is settled.
void runEventLoop(std::chrono::milliseconds duration);

} // namespace Bench
