// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/resources.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

#include <algorithm>
#include <chrono>

namespace TestSupport {

/// Runs this thread's event loop until something is true and measures how long it was ever kept from the next turn.
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
        std::chrono::nanoseconds workBefore = threadTime();
        QObject::connect(&tick, &QTimer::timeout, &loop, [&] {
            m_longestGap = std::max(m_longestGap, std::chrono::milliseconds(sinceTick.restart()));
            const std::chrono::nanoseconds work = threadTime();
            m_longestWork = std::max(m_longestWork, work - workBefore);
            workBefore = work;
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

    /// The longest time between two turns of the loop. A busy machine makes it longer.
    [[nodiscard]] std::chrono::milliseconds longestGap() const { return m_longestGap; }
    /// The longest that this thread computed between two turns of the loop.
    [[nodiscard]] std::chrono::milliseconds longestWork() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(m_longestWork);
    }
    [[nodiscard]] int ticks() const { return m_ticks; }

private:
    std::chrono::milliseconds m_longestGap{0};
    std::chrono::nanoseconds m_longestWork{0};
    int m_ticks = 0;
};

} // namespace TestSupport
