// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QElapsedTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

#include <algorithm>
#include <chrono>

namespace TestSupport {

/// Runs this thread's event loop until something is true and measures how long the loop ever stood still.
class EventLoopMonitor
{
public:
    /// Returns the last value of @p condition.
    template <typename Condition>
    bool runUntil(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10))
    {
        QEventLoop loop;
        QTimer tick;
        tick.setTimerType(Qt::PreciseTimer);
        QElapsedTimer total;
        QElapsedTimer sinceTick;
        QObject::connect(&tick, &QTimer::timeout, &loop, [&] {
            m_longestGap = std::max(m_longestGap, std::chrono::milliseconds(sinceTick.restart()));
            ++m_ticks;
            if (condition() || total.elapsed() > limit.count())
                loop.quit();
        });
        total.start();
        sinceTick.start();
        tick.start(1);
        loop.exec();
        return condition();
    }

    /// The longest time between two turns of the loop.
    [[nodiscard]] std::chrono::milliseconds longestGap() const { return m_longestGap; }
    [[nodiscard]] int ticks() const { return m_ticks; }

private:
    std::chrono::milliseconds m_longestGap{0};
    int m_ticks = 0;
};

} // namespace TestSupport
