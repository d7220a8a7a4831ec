// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../log.h"

#include <tidepool/poolerror.h>

#include <optional>
#include <utility>

namespace Tidepool {

/// Logs a failure once, and when it ends, how often it was repeated.
class RepeatedLog
{
public:
    void failure(const PoolError &error)
    {
        // By its sort and not its words, which may name a client's port: strangers must not fill the log.
        const std::pair sort(error.phase(), error.kind());
        if (m_sort == sort) {
            ++m_repeated;
            return;
        }
        success();
        m_sort = sort;
        qCWarning(lcTidepool, "%ls", qUtf16Printable(error.message()));
    }

    void success()
    {
        if (m_repeated > 0)
            qCInfo(lcTidepool, "The last failure was repeated %d more times.", m_repeated);
        m_sort.reset();
        m_repeated = 0;
    }

private:
    std::optional<std::pair<Phase, ErrorKind>> m_sort;
    int m_repeated = 0;
};

} // namespace Tidepool
