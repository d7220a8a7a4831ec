// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "mutex.h"

#include <QtCore/QObject>

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

namespace Tidepool {

/// The tasks of an I/O thread, which run in the thread of this object. Any thread can post a task.
///
/// The tasks are in a list here and not in posted functors, for two reasons. One event wakes the I/O thread for a whole
/// batch of tasks. And the hand-over between threads is a std::mutex, which ThreadSanitizer sees although Qt itself is
/// not instrumented.
class IoThreadMailbox : public QObject
{
public:
    using Task = std::function<void()>;

    /// Returns false if the thread has ended.
    [[nodiscard]] bool post(Task task);
    /// Runs all posted tasks in the calling thread, which must be the I/O thread.
    void runRemaining() TIDEPOOL_EXCLUDES(m_mutex);
    [[nodiscard]] bool isThreadOver() const;

    // --- A thread of the library's
    /// Called after the thread's event loop has ended. Runs posted tasks without events until the I/O thread ends
    /// (returns true) or a new application object exists (returns false).
    [[nodiscard]] bool serveWithoutEvents();
    /// Called when the last user of the I/O thread has released it. After this call, end the thread's event loop.
    void endIoThread();

    // --- The caller's own thread
    /// Sets the task for endThread(). Call this in the thread.
    void setAtEnd(Task task) { m_atEnd = std::move(task); }
    /// Called when the thread ends.
    void endThread() TIDEPOOL_EXCLUDES(m_mutex);

    // --- IoThread::runInSteps()
    void countSteps(int change);
    void waitForSteps(std::chrono::milliseconds limit);

    /// Without a QCoreApplication, Qt discards a thread's events. An event that is delivered while the application ends
    /// causes a crash. Therefore no event is posted while this is false.
    static std::atomic<bool> areEventsDelivered;
    /// The number of application objects so far.
    static std::atomic<unsigned> applications;

protected:
    void customEvent(QEvent *event) override;

private:
    bool runBatch() TIDEPOOL_EXCLUDES(m_mutex);

    Task m_atEnd; // in the thread
    mutable Mutex m_mutex;
    Condition m_changed;
    std::vector<Task> m_tasks TIDEPOOL_GUARDED_BY(m_mutex);
    unsigned m_postedUnder TIDEPOOL_GUARDED_BY(m_mutex) =
        0; // the application object at the time of the last post, or 0 if no event is posted
    int m_steps TIDEPOOL_GUARDED_BY(m_mutex) = 0; // steps in progress
    bool m_isPlain TIDEPOOL_GUARDED_BY(m_mutex) = false; // the thread waits for m_changed instead of events
    bool m_isIoThreadOver TIDEPOOL_GUARDED_BY(m_mutex) = false;
    bool m_isThreadOver TIDEPOOL_GUARDED_BY(m_mutex) = false;
};

} // namespace Tidepool
