// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "limitedwarnings.h"

#include "log.h"

#include <algorithm>
#include <utility>

namespace Tunnel {

LimitedWarnings::LimitedWarnings(std::chrono::milliseconds pause) : m_pause(pause)
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer); // a coarse timer can fire early, and find nothing due
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
        for (const QString &line : due(std::chrono::steady_clock::now()))
            qCWarning(lcTunnel).noquote() << line;
        arm();
    });
}

void LimitedWarnings::arm()
{
    const Time next = nextDue();
    if (next == Time::max()) {
        m_timer.stop();
        return;
    }
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    m_timer.start(std::max(rest, std::chrono::milliseconds(0)));
}

void LimitedWarnings::warn(const QString &kind, const QString &text)
{
    const QString line = report(kind, text, std::chrono::steady_clock::now());
    if (!line.isNull())
        qCWarning(lcTunnel).noquote() << line;
    if (!m_timer.isActive())
        arm();
}

qint64 LimitedWarnings::reset()
{
    qint64 count = 0;
    for (const Kind &kind : std::as_const(m_kinds))
        count += kind.heldBack;
    m_kinds.clear();
    m_timer.stop();
    return count;
}

QString LimitedWarnings::report(const QString &name, const QString &text, Time now)
{
    const bool isKnown = m_kinds.contains(name) || m_kinds.size() < maximumKinds;
    const auto entry = m_kinds.find(isKnown ? name : QString());
    if (entry == m_kinds.end()) {
        m_kinds.insert(isKnown ? name : QString(), {now, 0, {}});
        return text;
    }
    ++entry->heldBack;
    entry->text = text;
    return {};
}

LimitedWarnings::Time LimitedWarnings::nextDue() const
{
    Time next = Time::max();
    for (const Kind &kind : m_kinds)
        next = std::min(next, kind.last + m_pause);
    return next;
}

QStringList LimitedWarnings::due(Time now)
{
    QStringList lines;
    for (auto entry = m_kinds.begin(); entry != m_kinds.end();) {
        if (now - entry->last < m_pause) {
            ++entry;
        } else if (entry->heldBack == 0) {
            entry = m_kinds.erase(QHash<QString, Kind>::const_iterator(entry));
        } else {
            const qint64 others = std::exchange(entry->heldBack, 0) - 1;
            const QString text = std::exchange(entry->text, {});
            lines << (others == 0 ? text : QString(text + QStringLiteral(" (and %1 more like it)").arg(others)));
            entry->last = now;
            ++entry;
        }
    }
    return lines;
}

} // namespace Tunnel
