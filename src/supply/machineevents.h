// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <chrono>
#include <functional>

namespace Tidepool {

/// A clock that goes on while the machine sleeps; only its differences mean something.
[[nodiscard]] std::chrono::nanoseconds passingClock();

/// Calls @p onChanged, in the thread of @p owner and as long as that lives, when the machine wakes up or when its
/// addresses and routes change: as far as the system tells. Costs nothing in between.
void followMachineEvents(QObject &owner, const std::function<void()> &onChanged);

} // namespace Tidepool
