// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

#include <chrono>

namespace Tunnel {

/// Keeps something that happens again and again from flooding the log: the first is logged, the next ones are
/// counted, and the count goes with the next line, ten seconds later at the earliest.
class RepeatLog
{
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit RepeatLog(std::chrono::milliseconds pause = std::chrono::seconds(10)) : m_pause(pause) {}

    /// What to log now; a null string for nothing.
    [[nodiscard]] QString report(const QString &text, Time now = std::chrono::steady_clock::now());
    /// Warns in the program's category, if report() says so.
    void warn(const QString &text);
    /// The trouble is over: the next one is logged at once. How many were not logged.
    qint64 reset();

private:
    std::chrono::milliseconds m_pause;
    Time m_last;
    bool m_started = false;
    qint64 m_suppressed = 0;
};

} // namespace Tunnel
