// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QThread>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace Tidepool {

/// An event loop in which dials, handshakes and relays run: an I/O thread of the library, or the caller's own.
///
/// Hold it by shared_ptr; the thread ends with the last one. post() and isCurrent() may be called from any thread.
class Lane
{
public:
    using Task = std::function<void()>;

    /// The shared lane with the fewest users; made if there are fewer than Lanes::count().
    static std::shared_ptr<Lane> acquire();
    /// A lane that is the calling thread's own event loop.
    static std::shared_ptr<Lane> ofCallerThread();

    ~Lane();
    Q_DISABLE_COPY_MOVE(Lane)

    /// Runs @p task in the lane, after those posted before. Never runs it inside the call.
    void post(Task task);
    /// Runs @p task in the lane and waits for it; inside the call if this is the lane.
    void run(const Task &task);
    [[nodiscard]] bool isCurrent() const;
    /// For moving objects there.
    [[nodiscard]] QThread *thread() const;

private:
    class Mailbox;
    explicit Lane(std::unique_ptr<QThread> thread);
    [[nodiscard]] bool delivers() const;
    void stop();

    std::unique_ptr<QThread> m_thread; // null for the caller's own
    std::unique_ptr<Mailbox> m_mailbox;
};

} // namespace Tidepool
