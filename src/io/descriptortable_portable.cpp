// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "descriptortable.h"

namespace Tidepool {

void makeRoomForDescriptors(int) {}

} // namespace Tidepool
