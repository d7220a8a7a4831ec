// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/poolstatus.h>

#include <numeric>

namespace Tidepool {

qint64 PoolStatus::failedTotal() const
{
    return std::accumulate(failed.begin(), failed.end(), qint64(0));
}

qint64 PoolStatus::evictedTotal() const
{
    return std::accumulate(evicted.begin(), evicted.end(), qint64(0));
}

} // namespace Tidepool
