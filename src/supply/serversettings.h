// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "allowedclients.h"

#include <tidepool/serverpool.h>

namespace Tidepool {

/// Everything a ServerSupply has to know. A plain value, copied into the lane.
struct ServerSettings
{
    IdFormat idFormat = IdFormat::Hex8;
    Timeouts timeouts;
    KeepAlive keepAlive;
    AllowedClients allowedClients;
    int maximumHandshakes = 64;
    bool reservesControlId = false;
};

} // namespace Tidepool
