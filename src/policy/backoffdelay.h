// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/backoff.h>

#include <chrono>

namespace Tidepool {

/// The delay after @p failures failures in a row (1 and up); @p random is uniform in [0, 1).
[[nodiscard]] std::chrono::milliseconds backoffDelay(const Backoff &backoff, int failures, double random);

} // namespace Tidepool
