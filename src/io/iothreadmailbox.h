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

/// An I/O thread's tasks, done in the thread where this object lives. Any thread may post.
///
/// They are kept here and not in posted functors so that one event wakes the I/O thread for a whole batch, and so that
/// the hand-over between threads is a std::mutex, which ThreadSanitizer sees although Qt itself is not instrumented.
class IoThreadMailbox : public QObject
{
public:
    using Task = std::function<void()>;

    /// False if the thread has ended.
    [[nodiscard]] bool post(Task task);
    /// Does in the calling thread, which must be the I/O thread's, all that is posted.
    void runRemaining() TIDEPOOL_EXCLUDES(m_mutex);
    [[nodiscard]] bool isThreadOver() const;

    // --- A thread of the library's
    /// When its event loop has ended: does what is posted, without events, until the I/O thread ends (true) or there is
    /// an application again.
    [[nodiscard]] bool serveWithoutEvents();
    /// The last one to hold the I/O thread has gone. The thread's event loop is to be ended after this.
    void endIoThread();

    // --- The caller's own thread
    /// To be done by endThread(). In the thread.
    void setAtEnd(Task task) { m_atEnd = std::move(task); }
    /// The thread ends.
    void endThread() TIDEPOOL_EXCLUDES(m_mutex);

    // --- IoThread::runInSteps()
    void countSteps(int change);
    void waitForSteps(std::chrono::milliseconds limit);

    /// Without a QCoreApplication, Qt drops a thread's events instead of delivering them; and one that is delivered
    /// just when the application ends crashes. So none is posted then.
    static std::atomic<bool> areEventsDelivered;
    /// How many there were so far.
    static std::atomic<unsigned> applications;

protected:
    void customEvent(QEvent *event) override;

private:
    bool runBatch() TIDEPOOL_EXCLUDES(m_mutex);

    Task m_atEnd; // in the thread
    mutable Mutex m_mutex;
    Condition m_changed;
    std::vector<Task> m_tasks TIDEPOOL_GUARDED_BY(m_mutex);
    unsigned m_postedUnder TIDEPOOL_GUARDED_BY(m_mutex) = 0; // the application when the event was posted; 0: none was
    int m_steps TIDEPOOL_GUARDED_BY(m_mutex) = 0; // under way
    bool m_isPlain TIDEPOOL_GUARDED_BY(m_mutex) = false; // the thread waits for m_changed and not for events
    bool m_isIoThreadOver TIDEPOOL_GUARDED_BY(m_mutex) = false;
    bool m_isThreadOver TIDEPOOL_GUARDED_BY(m_mutex) = false;
};

} // namespace Tidepool
