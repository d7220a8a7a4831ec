// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "peerprobe.h"

namespace Tidepool {

const PeerProbe *peerProbe()
{
    return nullptr;
}

} // namespace Tidepool
