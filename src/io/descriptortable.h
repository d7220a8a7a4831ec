// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

namespace Tidepool {

/// Makes the system reserve room for @p count more descriptors of this process at once. Otherwise the system reserves
/// room in steps, and each step delays the thread that opens a descriptor. Can take some milliseconds itself. Any
/// thread.
void makeRoomForDescriptors(int count);

} // namespace Tidepool
