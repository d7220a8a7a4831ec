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

/// What has a socket that lives in some thread.
class ThreadResident
{
public:
    virtual ~ThreadResident() = default;

    /// The calling thread ends. If the socket is there, it belongs to no thread from now on.
    virtual void leaveThread() = 0;

protected:
    ThreadResident() = default;
    Q_DISABLE_COPY_MOVE(ThreadResident)
};

/// What other threads want done in a thread with the sockets that live there.
///
/// A QSslSocket may be touched by its own thread only. If that one runs an event loop, a task is done at its next
/// turn; if not, when it next uses a connection; and when the thread ends at the latest, so that none is ever lost.
/// The sockets of residents that are still there then belong to no thread again. Thread-safe.
class ThreadTasks : public std::enable_shared_from_this<ThreadTasks>
{
public:
    using Task = std::function<void()>;

    /// Those of the calling thread.
    static std::shared_ptr<ThreadTasks> ofThisThread();

    /// Has @p task done in the thread these belong to. False if that has ended, or is about to: then waitForEnd()
    /// helps.
    [[nodiscard]] bool add(Task task);
    /// Does them all. In their thread, outside its sockets' signals.
    void run() TIDEPOOL_EXCLUDES(m_mutex);

    /// @p resident's socket lives in the thread now. False as from add().
    [[nodiscard]] bool addResident(const std::weak_ptr<ThreadResident> &resident);
    /// Waits until the thread has left its residents' sockets. At once in the thread itself.
    void waitForEnd() TIDEPOOL_EXCLUDES(m_mutex);
    /// The thread was last seen to run an event loop. It is looked at whenever it uses a connection, and shows by
    /// itself that it has begun one.
    [[nodiscard]] bool isInLoop() const { return m_isInLoop; }
    /// Looks. In the thread.
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
    bool m_isThreadOver TIDEPOOL_GUARDED_BY(m_mutex) = false; ///< It does nothing more with its sockets.
    bool m_hasLeft TIDEPOOL_GUARDED_BY(m_mutex) = false; ///< And has none any more.
};

} // namespace Tidepool
