// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QThread>

#include <functional>
#include <memory>

namespace Tidepool {

class Completions;
class IoThreadMailbox;

/// An event loop in which dials, handshakes and relays run: an I/O thread of the library, or the caller's own.
///
/// Hold it by shared_ptr; the thread ends with the last one, and what was posted before is still done there. All but
/// atEnd() may be called from any thread.
class IoThread
{
public:
    /// What an I/O thread is for. A dial takes several turns of its I/O thread's loop, and relays that carry much make
    /// each of them last tens of milliseconds: the two do not share an I/O thread.
    enum class Use : quint8 { Pools, Relays };

    using Task = std::function<void()>;
    using Step = std::function<bool()>;

    /// See IoThreads::count().
    [[nodiscard]] static int count();
    static void setCount(int count);
    /// Called by Qt when the application object comes and goes.
    static void onApplicationStart();
    static void onApplicationEnd();
    /// There is an application object. Without one, Qt delivers no events, in no thread.
    [[nodiscard]] static bool hasApplication();
    /// What to do if there is none.
    [[nodiscard]] static QString applicationAdvice();
    /// Has @p hook called when the application object has come (true) or goes (false); an I/O thread still works then.
    static void setApplicationHook(void (*hook)(bool isThere));

    /// The shared I/O thread for @p use with the fewest users; made if there are fewer than IoThreads::count() for it.
    /// If the system has no thread or no descriptors left, any other I/O thread. nullptr if there is none, either, or
    /// no application object; then @p problem says what to do.
    static std::shared_ptr<IoThread> acquire(Use use, QString *problem);
    /// An I/O thread that is the calling thread's own event loop.
    static std::shared_ptr<IoThread> ofCallerThread();

    ~IoThread();
    Q_DISABLE_COPY_MOVE(IoThread)

    /// Runs @p task in the I/O thread, after those posted before. Never runs it inside the call.
    void post(Task task);
    /// Runs @p task in the I/O thread and waits for it; inside the call if this is the I/O thread. False if the I/O
    /// thread did not come to it within 5 s: it may still do it later, so @p task must own what it uses.
    bool run(Task task);
    /// Runs @p task where it may block, because it may run code of the user's: with a thread of the library's, in a
    /// thread apart; else as post().
    void complete(Task task);
    /// Waits for the tasks of complete() that do not block.
    void settle();
    /// Runs @p step again and again, in turn with the other tasks, until it returns false. @p ioThread lives until
    /// then; the end of the application waits for it, 5 s at most.
    static void runInSteps(const std::shared_ptr<IoThread> &ioThread, const Step &step);
    /// Has @p task done before the thread of ofCallerThread() ends. In that thread; one task for each I/O thread.
    void atEnd(Task task);

    [[nodiscard]] bool isCurrent() const;
    /// For moving objects there.
    [[nodiscard]] QThread *thread() const;
    /// It was made before a fork, by the parent: nothing runs in it here, and nothing posted is ever done.
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
