// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/changenotifier.h"
#include "../io/mutex.h"

#include <tidepool/relay.h>

#include <array>
#include <atomic>
#include <optional>

namespace Tidepool {

/// The state that a relay and its pump share across their threads.
struct RelayState
{
    ChangeNotifier notifier;
    std::array<std::atomic<qint64>, 2> bytes{}; ///< Read from the first and the second side.

    void end(Relay::Reason reason, const QString &errorText)
    {
        const MutexLocker lock(m_mutex);
        if (!m_reason) {
            m_reason = reason;
            m_errorText = errorText;
        }
    }
    [[nodiscard]] std::optional<Relay::Reason> reason() const
    {
        const MutexLocker lock(m_mutex);
        return m_reason;
    }
    [[nodiscard]] QString errorText() const
    {
        const MutexLocker lock(m_mutex);
        return m_errorText;
    }

private:
    mutable Mutex m_mutex;
    std::optional<Relay::Reason> m_reason TIDEPOOL_GUARDED_BY(m_mutex);
    QString m_errorText TIDEPOOL_GUARDED_BY(m_mutex);
};

} // namespace Tidepool
