// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/backoff.h>

#include <chrono>

namespace Tidepool {

/// The delay after @p failures failures in a row (1 and up); @p random is uniform in [0, 1). @p spent: so much of the
/// largest possible delay has passed already; Backoff::base of it is left at least.
[[nodiscard]] std::chrono::milliseconds backoffDelay(const Backoff &backoff, int failures, double random,
                                                     std::chrono::milliseconds spent = {});

/// After an error that lasts (PoolError::isLasting()) and was not the first in a row: the cap, less up to a half of it.
[[nodiscard]] std::chrono::milliseconds lastingBackoffDelay(const Backoff &backoff, double random);

} // namespace Tidepool
