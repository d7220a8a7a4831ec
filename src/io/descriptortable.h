// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

namespace Tidepool {

/// Has the system make room for @p count more descriptors of this process at once, where it would else do so in steps
/// that each hold up whoever opens one. May take some milliseconds itself. Any thread.
void makeRoomForDescriptors(int count);

} // namespace Tidepool
