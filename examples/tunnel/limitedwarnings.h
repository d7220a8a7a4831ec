// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QHash>
#include <QtCore/QStringList>
#include <QtCore/QTimer>

#include <chrono>

namespace Tunnel {

/// Keeps what happens again and again from flooding the log: of each kind, one warning in ten seconds at most. The
/// others are counted, and the count follows when the ten seconds are over.
///
/// Lives in one thread with an event loop.
class LimitedWarnings
{
public:
    using Time = std::chrono::steady_clock::time_point;

    /// One kind more than these counts as one with every further one.
    static constexpr int maximumKinds = 16;

    explicit LimitedWarnings(std::chrono::milliseconds pause = std::chrono::seconds(10));

    /// Warns in the program's category, now or later.
    void warn(const QString &kind, const QString &text);
    /// The trouble is over: the next of any kind is logged at once. How many were not logged.
    qint64 reset();

    // What warn() and its timer do, with the time as a parameter.
    /// What to log now; a null string for nothing.
    [[nodiscard]] QString report(const QString &kind, const QString &text, Time now);
    /// What to log of what was held back.
    [[nodiscard]] QStringList due(Time now);
    /// When due() is to be called next; Time::max() for never.
    [[nodiscard]] Time nextDue() const;

private:
    struct Kind
    {
        Time last; ///< When it was logged.
        qint64 heldBack = 0; ///< Since then.
        QString text; ///< The latest of these.
    };

    void arm();

    const std::chrono::milliseconds m_pause;
    QHash<QString, Kind> m_kinds;
    QTimer m_timer;
};

} // namespace Tunnel
