// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// What other threads want done in a thread with the sockets that live there.
///
/// A QSslSocket may be touched by its own thread only. If that one runs an event loop, an errand is done at its next
/// turn; if not, when it next uses a connection; and when the thread ends at the latest, so that none is ever lost.
/// Thread-safe.
class Errands : public std::enable_shared_from_this<Errands>
{
public:
    using Task = std::function<void()>;

    /// Those of the calling thread.
    static std::shared_ptr<Errands> ofThisThread();

    /// Has @p task done with @p socket, which lives in the thread these belong to. False if that thread has ended: then
    /// anybody may delete the socket, and nobody may do more with it.
    [[nodiscard]] bool add(QSslSocket *socket, Task task);
    /// Does them all. In their thread, outside its sockets' signals.
    void run();

private:
    class Holder;
    class Ending;

    std::mutex m_mutex;
    std::condition_variable m_gone;
    std::vector<Task> m_tasks;
    bool m_isThreadOver = false; ///< It does nothing more with its sockets.
    bool m_isThreadGone = false; ///< And neither does Qt.
};

} // namespace Tidepool
