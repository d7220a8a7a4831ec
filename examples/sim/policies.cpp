// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policies.h"

namespace Sim {

size_t ClairvoyantSizing::dueUntil(Time now)
{
    while (m_due < m_trace.size() && m_trace[m_due] <= now + m_dialTime)
        ++m_due;
    return m_due;
}

int ClairvoyantSizing::target(Time now)
{
    return static_cast<int>(dueUntil(now) - m_taken);
}

Sizing::Time ClairvoyantSizing::nextChange(Time now)
{
    const size_t next = dueUntil(now);
    return next < m_trace.size() ? m_trace[next] - m_dialTime : Time::max();
}

} // namespace Sim
