// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/mutex.h"
#include "../policy/learned.h"

#include <utility>

namespace Tidepool {

/// Where a client pool's facade and its supply keep what the sizing has learned. It outlives the supply. Thread-safe;
/// the mutex is held only for copying a few hundred numbers.
class LearnedShelf
{
public:
    struct Edition
    {
        Learned learned;
        quint64 number = 0; ///< How often the facade has replaced it.
    };

    [[nodiscard]] Edition latest() const
    {
        const MutexLocker lock(m_mutex);
        return m_edition;
    }
    /// The facade: something else is to be known from now on.
    void replace(Learned learned)
    {
        const MutexLocker lock(m_mutex);
        m_edition.learned = std::move(learned);
        ++m_edition.number;
    }
    /// The supply: it has learned more. Without effect if the facade has replaced it since edition @p number.
    void update(Learned learned, quint64 number)
    {
        const MutexLocker lock(m_mutex);
        if (number == m_edition.number)
            m_edition.learned = std::move(learned);
    }

private:
    mutable Mutex m_mutex;
    Edition m_edition TIDEPOOL_GUARDED_BY(m_mutex);
};

} // namespace Tidepool
