// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QHash>
#include <QtCore/QStringList>
#include <QtCore/QTimer>

#include <chrono>

namespace Tunnel {

/// Prevents repeated warnings from filling the log: at most one warning of each kind in ten seconds. The others are
/// counted, and the count is logged after the ten seconds.
///
/// Lives in one thread with an event loop.
class LimitedWarnings
{
public:
    using Time = std::chrono::steady_clock::time_point;

    /// Further kinds share one limit.
    static constexpr int maximumKinds = 16;

    explicit LimitedWarnings(std::chrono::milliseconds pause = std::chrono::seconds(10));

    /// Logs a warning in the program's category, now or later.
    void warn(const QString &kind, const QString &text);
    /// Call this when the problem is over. The next warning of any kind is logged at once. Returns the number of
    /// warnings that were not logged.
    qint64 reset();

    // The logic of warn() and its timer, with the time as a parameter.
    /// What to log now. A null string means nothing.
    [[nodiscard]] QString report(const QString &kind, const QString &text, Time now);
    /// What to log about the warnings that were held back.
    [[nodiscard]] QStringList due(Time now);
    /// When to call due() next. Time::max() means never.
    [[nodiscard]] Time nextDue() const;

private:
    struct Kind
    {
        Time last; ///< When a warning of this kind was last logged.
        qint64 heldBack = 0; ///< The number of warnings since then.
        QString text; ///< The text of the latest warning.
    };

    void arm();

    const std::chrono::milliseconds m_pause;
    QHash<QString, Kind> m_kinds;
    QTimer m_timer;
};

} // namespace Tunnel
