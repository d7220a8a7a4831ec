// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <functional>
#include <memory>

namespace Tidepool {

/// A thread for what may run code of the user's: the ends of futures, whose continuations may block.
///
/// The tasks run one after another, in the order of post(). If one does not return within some milliseconds, another
/// thread takes over those behind it. Thread-safe. No event loop and no application object is needed.
class Completions
{
public:
    using Task = std::function<void()>;

    /// The process has one, for as long as somebody holds it. Its threads are made when they are needed.
    static std::shared_ptr<Completions> shared();

    Completions();
    /// Waits for its threads, except for those that are inside a task: they end behind it.
    ~Completions();
    Q_DISABLE_COPY_MOVE(Completions)

    void post(Task task);
    /// Waits until every task posted before has returned, or has run so long that it counts as blocking.
    void settle();

private:
    class Crew;
    quint64 m_forks;
    std::shared_ptr<Crew> m_crew;
};

} // namespace Tidepool
