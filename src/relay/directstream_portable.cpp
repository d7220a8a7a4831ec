// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "stream.h"

namespace Tidepool {

std::unique_ptr<Stream> makeDirectStream(RelayEnd &)
{
    return nullptr;
}

} // namespace Tidepool
