// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/enums.h>

namespace Tidepool {

class PoolError;

/// What is wrong with a client pool's supply. @p lastError: of the last attempt; none after a success.
/// @p isClosedWhenIdle: PoolStatus::idleLifetime is known.
[[nodiscard]] Diagnosis diagnose(const PoolError &lastError, bool isOffline, bool isClosedWhenIdle);

} // namespace Tidepool
