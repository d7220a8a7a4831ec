// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QThread>

#include <functional>
#include <memory>
#include <vector>

namespace Tidepool {

class Completions;
class IoThreadMailbox;

/// An event loop in which dials, handshakes and relays run: an I/O thread of the library, or the caller's own thread.
///
/// Hold an IoThread by shared_ptr. The thread ends when the last shared_ptr is destroyed. Tasks that were posted before
/// still run in the thread. All functions except atEnd() can be called from any thread.
class IoThread
{
public:
    /// The purpose of an I/O thread. A dial takes several turns of the event loop, and busy relays make each turn last
    /// tens of milliseconds. Therefore dials and relays do not share an I/O thread.
    enum class Use : quint8 { Pools, Relays };

    using Task = std::function<void()>;
    using Step = std::function<bool()>;

    /// See IoThreads::count().
    [[nodiscard]] static int count();
    static void setCount(int count);
    /// Qt calls this when the application object is created and destroyed.
    static void onApplicationStart();
    static void onApplicationEnd();
    /// True if an application object exists. Without one, Qt delivers no events in any thread.
    [[nodiscard]] static bool hasApplication();
    /// What to do if there is no application object.
    [[nodiscard]] static QString applicationAdvice();
    /// Sets the function to call after the application object was created (true) and before it is destroyed (false).
    /// I/O threads still work during the second call.
    static void setApplicationHook(void (*hook)(bool isThere));

    /// Returns the shared I/O thread for @p use that has the fewest users, or a new one if fewer than
    /// IoThreads::count() exist for this use. If the system has no threads or descriptors left, returns any other I/O
    /// thread. Returns nullptr if there is no I/O thread at all or no application object. @p problem then says what to
    /// do.
    static std::shared_ptr<IoThread> acquire(Use use, QString *problem);
    /// Beside @p own all others for @p use; made if there are fewer than IoThreads::count() and the system has them.
    static std::vector<std::shared_ptr<IoThread>> acquireOthers(Use use, const std::shared_ptr<IoThread> &own);
    /// An I/O thread that is the calling thread's own event loop.
    static std::shared_ptr<IoThread> ofCallerThread();

    ~IoThread();
    Q_DISABLE_COPY_MOVE(IoThread)

    /// Runs @p task in the I/O thread, after the tasks posted before. Never runs the task inside the call.
    void post(Task task);
    /// Runs @p task in the I/O thread and waits for it. In the I/O thread itself, runs the task inside the call.
    /// Returns false if the I/O thread did not run the task within 5 s. The task can still run later, so @p task must
    /// own what it uses.
    bool run(Task task);
    /// Runs @p task, which can run user code and can therefore block. With an I/O thread of the library, the task runs
    /// in a separate thread. Otherwise this is the same as post().
    void complete(Task task);
    /// Waits for the tasks of complete(), except for tasks that block.
    void settle();
    /// Runs @p step repeatedly, alternating with other tasks, until @p step returns false. Keeps @p ioThread alive
    /// until then. The end of the application waits for the steps, at most 5 s.
    static void runInSteps(const std::shared_ptr<IoThread> &ioThread, const Step &step);
    /// Runs @p task before the thread of ofCallerThread() ends. Call this in that thread. Each I/O thread has at most
    /// one task.
    void atEnd(Task task);

    [[nodiscard]] bool isCurrent() const;
    /// The thread to which objects can be moved.
    [[nodiscard]] QThread *thread() const;
    /// True if the parent made this object before a fork. In this process, no posted task ever runs.
    [[nodiscard]] bool isOfAnotherProcess() const;

private:
    class Thread;
    class Registry;
    IoThread(std::shared_ptr<IoThreadMailbox> mailbox, std::unique_ptr<Thread> thread);
    void postStep(const std::shared_ptr<IoThread> &ioThread, const Step &step);

    quint64 m_forks;
    std::shared_ptr<IoThreadMailbox> m_mailbox;
    std::unique_ptr<Thread> m_thread; // null for the caller's own
    std::shared_ptr<Completions> m_completions; // null for the caller's own
};

} // namespace Tidepool
