// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "iothread.h"
#include "mutex.h"

#include <array>
#include <chrono>
#include <utility>
#include <vector>

namespace Tidepool {

/// The QThread of an I/O thread of the library.
class IoThread::Thread : public QThread
{
public:
    explicit Thread(std::shared_ptr<IoThreadMailbox> mailbox);
    ~Thread() override;
    Q_DISABLE_COPY_MOVE(Thread)

protected:
    void run() override;

private:
    std::shared_ptr<IoThreadMailbox> m_mailbox;
};

/// The I/O threads of the process. Never destroyed, because threads can outlive main().
class IoThread::Registry
{
public:
    static Registry &instance();

    [[nodiscard]] int count();
    void setCount(int count);
    [[nodiscard]] std::shared_ptr<IoThread> acquire(Use use, QString *problem);
    [[nodiscard]] std::vector<std::shared_ptr<IoThread>> acquireOthers(Use use, const std::shared_ptr<IoThread> &own);
    /// Keeps the thread of an I/O thread whose last user released it inside that thread. Another thread must wait for
    /// it.
    void retire(std::unique_ptr<Thread> thread);
    /// Waits for the retired threads.
    void reap() TIDEPOOL_EXCLUDES(m_mutex);
    /// Called when the application object is destroyed. Ends all event loops, and waits for steps that are still in
    /// progress.
    void endEvents(std::chrono::seconds patience);

private:
    using IoThreads = std::vector<std::weak_ptr<IoThread>>;

    IoThreads &ioThreadsFor(Use use) TIDEPOOL_REQUIRES(m_mutex) { return m_ioThreads[static_cast<size_t>(use)]; }
    [[nodiscard]] static std::shared_ptr<IoThread> leastUsed(const std::vector<std::shared_ptr<IoThread>> &ioThreads);
    [[nodiscard]] static std::vector<std::shared_ptr<IoThread>> alive(const IoThreads &candidates);
    [[nodiscard]] static std::shared_ptr<IoThread> make(QString *problem);

    Mutex m_mutex;
    int m_count TIDEPOOL_GUARDED_BY(m_mutex) = 1;
    std::array<IoThreads, 2> m_ioThreads TIDEPOOL_GUARDED_BY(m_mutex); ///< By use.
    std::vector<std::unique_ptr<Thread>> m_retired TIDEPOOL_GUARDED_BY(m_mutex);
};

} // namespace Tidepool
