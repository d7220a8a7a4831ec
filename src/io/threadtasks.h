// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "mutex.h"

#include <QtCore/qglobal.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace Tidepool {

/// An object whose socket lives in some thread.
class ThreadResident
{
public:
    virtual ~ThreadResident() = default;

    /// Called when the calling thread ends. If the socket lives in the calling thread, this moves the socket to no
    /// thread.
    virtual void leaveThread() = 0;

protected:
    ThreadResident() = default;
    Q_DISABLE_COPY_MOVE(ThreadResident)
};

/// The tasks that other threads want to run in a thread with the sockets of that thread.
///
/// Only a QSslSocket's own thread may use the socket. If that thread runs an event loop, a task runs in the next turn
/// of the loop. Otherwise the task runs when the thread next uses a connection, and at the latest when the thread ends.
/// No task is lost. When the thread ends, the sockets of the residents that are still in the thread are moved to no
/// thread. Thread-safe.
class ThreadTasks : public std::enable_shared_from_this<ThreadTasks>
{
public:
    using Task = std::function<void()>;

    /// Returns the tasks of the calling thread.
    static std::shared_ptr<ThreadTasks> ofThisThread();

    /// Adds @p task to run in the thread of this object. Returns false if the thread has ended or is about to end. In
    /// that case use waitForEnd().
    [[nodiscard]] bool add(Task task);
    /// Runs all tasks. Call this in the thread of this object, outside the signals of its sockets.
    void run() TIDEPOOL_EXCLUDES(m_mutex);

    /// Registers @p resident, whose socket lives in the thread now. Returns false in the same case as add().
    [[nodiscard]] bool addResident(const std::weak_ptr<ThreadResident> &resident);
    /// Waits until the thread has released the sockets of its residents. Returns at once in the thread itself.
    void waitForEnd() TIDEPOOL_EXCLUDES(m_mutex);
    /// True if the thread ran an event loop when it was last checked. The check happens whenever the thread uses a
    /// connection, and when an event loop starts.
    [[nodiscard]] bool isInLoop() const { return m_isInLoop; }
    /// Checks for an event loop. Call this in the thread.
    void lookForLoop();

private:
    class Holder;
    class Probe;

    std::atomic<bool> m_isInLoop = false;
    Probe *m_probe = nullptr; // set before others know of these
    Mutex m_mutex;
    Condition m_left;
    std::vector<Task> m_tasks TIDEPOOL_GUARDED_BY(m_mutex);
    std::vector<std::weak_ptr<ThreadResident>> m_residents TIDEPOOL_GUARDED_BY(m_mutex);
    size_t m_pruneAt TIDEPOOL_GUARDED_BY(m_mutex) = 16;
    bool m_isThreadOver TIDEPOOL_GUARDED_BY(m_mutex) = false; ///< The thread does not use its sockets any more.
    bool m_hasLeft TIDEPOOL_GUARDED_BY(m_mutex) = false; ///< The thread has released its sockets.
};

} // namespace Tidepool
