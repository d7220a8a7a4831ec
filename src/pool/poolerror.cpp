// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/poolerror.h>

namespace Tidepool {

bool PoolError::isFatal() const
{
    switch (m_kind) {
    case ErrorKind::Certificate:
    case ErrorKind::Pin:
    case ErrorKind::Settings:
        return true;
    default:
        return false;
    }
}

} // namespace Tidepool
