// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "pump.h"

namespace Tidepool {

// Nothing portable keeps bytes in the kernel: SocketPump does it all.
std::unique_ptr<Pump> makeDirectPump(PumpParts &)
{
    return nullptr;
}

} // namespace Tidepool
