// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../idle/entry.h"

#include <tidepool/poolstatus.h>

#include <algorithm>
#include <deque>

namespace Tidepool {

/// The current time by both clocks.
struct Moment
{
    std::chrono::steady_clock::time_point steady;
    QDateTime utc;
};

/// The last connections that left the pool without being taken.
class EvictionLog
{
public:
    static constexpr size_t maximumSize = 64;

    void add(const Entry &entry, EvictionCause cause, const QString &text, const Moment &now)
    {
        m_records.push_back(
            {entry.id, cause, now.utc, since(entry.establishedAt, now), since(entry.parkedAt, now), text});
        if (m_records.size() > maximumSize)
            m_records.pop_front();
    }
    [[nodiscard]] QList<EvictionRecord> records() const { return {m_records.begin(), m_records.end()}; }

private:
    static std::chrono::milliseconds since(Entry::Clock::time_point then, const Moment &now)
    {
        using std::chrono::milliseconds;
        return std::max(std::chrono::duration_cast<milliseconds>(now.steady - then), milliseconds(0));
    }

    std::deque<EvictionRecord> m_records;
};

} // namespace Tidepool
