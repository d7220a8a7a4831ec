// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "threadend.h"

#include <QtCore/QThreadStorage>

#include <utility>
#include <vector>

namespace Tidepool {

namespace {

struct EndTask
{
    std::function<void()> task;
    std::function<bool()> isDone;
};

class EndTasks
{
public:
    EndTasks() = default;
    ~EndTasks()
    {
        for (const EndTask &each : std::exchange(m_tasks, {}))
            each.task();
    }
    Q_DISABLE_COPY_MOVE(EndTasks)

    void add(EndTask task)
    {
        std::erase_if(m_tasks, [](const EndTask &each) { return each.isDone(); });
        m_tasks.push_back(std::move(task));
    }

private:
    std::vector<EndTask> m_tasks;
};

} // namespace

void atEndOfThisThread(std::function<void()> task, std::function<bool()> isDone)
{
    // Not thread_local, because a thread_local object can be destroyed after the QThread. Never destroyed, because
    // threads can outlive main().
    static auto &storage = *new QThreadStorage<EndTasks *>;
    if (!storage.hasLocalData())
        storage.setLocalData(new EndTasks);
    storage.localData()->add({std::move(task), std::move(isDone)});
}

} // namespace Tidepool
