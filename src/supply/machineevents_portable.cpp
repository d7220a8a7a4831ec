// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machineevents.h"

namespace Tidepool {

// The wall clock, which is also set by hand: a jump ahead counts as sleep then, and costs a new generation.
std::chrono::nanoseconds passingClock()
{
    return std::chrono::system_clock::now().time_since_epoch();
}

void followMachineEvents(QObject &, const std::function<void()> &) {}

} // namespace Tidepool
