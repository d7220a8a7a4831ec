// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
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
    void runRemaining();
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
    void endThread();

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
    bool runBatch();

    Task m_atEnd; // in the thread
    mutable std::mutex m_mutex; // the rest
    std::condition_variable m_changed;
    std::vector<Task> m_tasks;
    unsigned m_postedUnder = 0; // the application when the event was posted; 0: none was
    int m_steps = 0; // under way
    bool m_isPlain = false; // the thread waits for m_changed and not for events
    bool m_isIoThreadOver = false;
    bool m_isThreadOver = false;
};

} // namespace Tidepool
