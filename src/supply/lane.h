// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QThread>

#include <functional>
#include <memory>

namespace Tidepool {

class Completions;
class LaneMailbox;

/// An event loop in which dials, handshakes and relays run: an I/O thread of the library, or the caller's own.
///
/// Hold it by shared_ptr; the thread ends with the last one, and what was posted before is still done there. All but
/// atEnd() may be called from any thread.
class Lane
{
public:
    using Task = std::function<void()>;
    using Step = std::function<bool()>;

    /// See Lanes::count().
    [[nodiscard]] static int count();
    static void setCount(int count);
    /// Called by Qt when the application object comes and goes.
    static void onApplicationStart();
    static void onApplicationEnd();

    /// The shared lane with the fewest users; made if there are fewer than Lanes::count(). nullptr if the system has no
    /// thread or no descriptors for it; then @p problem says what to do.
    static std::shared_ptr<Lane> acquire(QString *problem);
    /// A lane that is the calling thread's own event loop.
    static std::shared_ptr<Lane> ofCallerThread();

    ~Lane();
    Q_DISABLE_COPY_MOVE(Lane)

    /// Runs @p task in the lane, after those posted before. Never runs it inside the call.
    void post(Task task);
    /// Runs @p task in the lane and waits for it; inside the call if this is the lane. False if the lane did not come
    /// to it within 5 s: it may still do it later, so @p task must own what it uses.
    bool run(Task task);
    /// Runs @p task where it may block, because it may run code of the user's: with a thread of the library's, in a
    /// thread apart; else as post().
    void complete(Task task);
    /// Waits for the tasks of complete() that do not block.
    void settle();
    /// Runs @p step again and again, in turn with the other tasks, until it returns false. @p lane lives until then;
    /// the end of the application waits for it, 5 s at most.
    static void runInSteps(const std::shared_ptr<Lane> &lane, const Step &step);
    /// Has @p task done before the thread of ofCallerThread() ends. In that thread; one task for each lane.
    void atEnd(Task task);

    [[nodiscard]] bool isCurrent() const;
    /// For moving objects there.
    [[nodiscard]] QThread *thread() const;
    /// It was made before a fork, by the parent: nothing runs in it here, and nothing posted is ever done.
    [[nodiscard]] bool isOfAnotherProcess() const;

private:
    class Thread;
    class Registry;
    Lane(std::shared_ptr<LaneMailbox> mailbox, std::unique_ptr<Thread> thread);
    void postStep(const std::shared_ptr<Lane> &lane, const Step &step);

    quint64 m_forks;
    std::shared_ptr<LaneMailbox> m_mailbox;
    std::unique_ptr<Thread> m_thread; // null for the caller's own
    std::shared_ptr<Completions> m_completions; // null for the caller's own
};

} // namespace Tidepool
