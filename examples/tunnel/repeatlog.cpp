// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "repeatlog.h"

#include "log.h"

#include <utility>

namespace Tunnel {

QString RepeatLog::report(const QString &text, Time now)
{
    if (m_started && now - m_last < m_pause) {
        ++m_suppressed;
        return {};
    }
    m_started = true;
    m_last = now;
    const qint64 suppressed = std::exchange(m_suppressed, 0);
    return suppressed == 0 ? text : QString(text + QStringLiteral(" (and %1 more like it before)").arg(suppressed));
}

void RepeatLog::warn(const QString &text)
{
    const QString line = report(text);
    if (!line.isNull())
        qCWarning(lcTunnel).noquote() << line;
}

qint64 RepeatLog::reset()
{
    m_started = false;
    return std::exchange(m_suppressed, 0);
}

} // namespace Tunnel
