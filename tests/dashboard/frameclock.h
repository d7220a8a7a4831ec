// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QFile>
#include <QtCore/QObject>
#include <QtQuick/QQuickWindow>

#include <algorithm>
#include <chrono>

namespace TestSupport {

/// Notes when a window's frames are done, and what its thread did between two of them.
///
/// Busy is the time in which the thread was not waiting for events: it worked, or was blocked by a lock. The time in
/// which it wanted to run and the system gave the processor to somebody else does not count: that is the machine's
/// doing, not the program's.
class FrameClock : public QObject
{
public:
    using Clock = std::chrono::steady_clock;
    using Milliseconds = std::chrono::duration<double, std::milli>;

    explicit FrameClock(QQuickWindow &window)
    {
        connect(&window, &QQuickWindow::frameSwapped, this, &FrameClock::note, Qt::DirectConnection);
        const auto *dispatcher = QAbstractEventDispatcher::instance();
        connect(dispatcher, &QAbstractEventDispatcher::aboutToBlock, this, &FrameClock::endStretch,
                Qt::DirectConnection);
        connect(dispatcher, &QAbstractEventDispatcher::awake, this, &FrameClock::beginStretch, Qt::DirectConnection);
    }

    void startOver()
    {
        m_frames = 0;
        m_busy = m_longest = m_busiest = {};
        m_last = m_start = Clock::now();
        beginStretch();
    }

    [[nodiscard]] int frames() const { return m_frames; }
    [[nodiscard]] double framesPerSecond() const { return m_frames * 1000 / Milliseconds(m_last - m_start).count(); }
    /// Between two frames.
    [[nodiscard]] Milliseconds longestGap() const { return m_longest; }
    /// The most that the thread was busy between two frames.
    [[nodiscard]] Milliseconds busiestGap() const { return m_busiest; }

private:
    void beginStretch()
    {
        m_isBusy = true;
        m_stretch = Clock::now();
        m_delay = runDelay();
    }

    void endStretch()
    {
        if (m_isBusy)
            m_busy += Milliseconds(Clock::now() - m_stretch) - Milliseconds(runDelay() - m_delay);
        m_isBusy = false;
    }

    void note()
    {
        endStretch();
        const auto now = Clock::now();
        m_longest = std::max(m_longest, Milliseconds(now - m_last));
        m_busiest = std::max(m_busiest, m_busy);
        m_busy = {};
        m_last = now;
        ++m_frames;
        beginStretch();
    }

    /// 0 where the system does not tell.
    static std::chrono::nanoseconds runDelay()
    {
        QFile file(QStringLiteral("/proc/thread-self/schedstat"));
        if (!file.open(QIODevice::ReadOnly))
            return {};
        const QList<QByteArray> fields = file.readAll().split(' ');
        return std::chrono::nanoseconds(fields.size() > 1 ? fields.at(1).toLongLong() : 0);
    }

    int m_frames = 0;
    bool m_isBusy = false;
    Milliseconds m_busy{}; // in this gap
    Milliseconds m_longest{};
    Milliseconds m_busiest{};
    Clock::time_point m_start;
    Clock::time_point m_last;
    Clock::time_point m_stretch;
    std::chrono::nanoseconds m_delay{};
};

} // namespace TestSupport
