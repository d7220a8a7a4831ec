// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "afterwrite.h"

namespace Tidepool {

qint64 unacknowledgedBytes(qintptr)
{
    return 0;
}

std::unique_ptr<LingeringClose> LingeringClose::of(const QAbstractSocket &, qint64)
{
    return nullptr;
}

} // namespace Tidepool
