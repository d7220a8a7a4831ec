// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "allowedclients.h"

#include <tidepool/enums.h>
#include <tidepool/keepalive.h>
#include <tidepool/timeouts.h>

namespace Tidepool {

/// Everything an Acceptor has to know. A plain value, copied into the I/O thread.
struct AcceptorSettings
{
    IdFormat idFormat = IdFormat::Hex8;
    Timeouts timeouts;
    KeepAlive keepAlive;
    AllowedClients allowedClients;
    int maximumHandshakes = 64;
    bool reservesControlId = false;
};

} // namespace Tidepool
