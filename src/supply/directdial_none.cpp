// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "directdial.h"

namespace Tidepool {

std::unique_ptr<Dial> makeDirectDial(Sink &, const DialPlan &)
{
    return nullptr;
}

} // namespace Tidepool
