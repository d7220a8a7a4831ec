// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <functional>
#include <memory>

namespace Tidepool {

/// A thread for code that can run user code: the ends of futures, whose continuations can block.
///
/// The tasks run one after another, in the order of post(). If a task does not return within some milliseconds, another
/// thread runs the tasks that follow. Thread-safe. Needs no event loop and no application object.
class Completions
{
public:
    using Task = std::function<void()>;

    /// The instance of the process, which exists as long as somebody holds it. Its threads start when they are needed.
    static std::shared_ptr<Completions> shared();

    Completions();
    /// Waits for its threads, except for threads that are inside a task. Those threads end after their task.
    ~Completions();
    Q_DISABLE_COPY_MOVE(Completions)

    void post(Task task);
    /// Waits until every task posted before has returned, or has run so long that the task counts as blocking.
    void settle();

private:
    class Crew;
    quint64 m_forks;
    std::shared_ptr<Crew> m_crew;
};

} // namespace Tidepool
