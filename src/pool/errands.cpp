// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "errands.h"

#include <QtNetwork/QSslSocket>

#include <utility>

namespace Tidepool {

// Ends with the thread, and before what Qt keeps for it. The loop's own events would not do: those that are posted when
// it has just been quit are never delivered, and a socket among them would hold itself for ever.
class Errands::Holder
{
public:
    Holder() = default;
    ~Holder()
    {
        {
            const std::scoped_lock lock(errands->m_mutex);
            errands->m_isThreadOver = true;
        }
        errands->run();
    }
    Q_DISABLE_COPY_MOVE(Holder)

    const std::shared_ptr<Errands> errands = std::make_shared<Errands>();
};

std::shared_ptr<Errands> Errands::ofThisThread()
{
    thread_local const Holder holder;
    return holder.errands;
}

bool Errands::add(QSslSocket *socket, Task task)
{
    const std::scoped_lock lock(m_mutex);
    if (m_isThreadOver)
        return false;
    m_tasks.push_back(std::move(task));
    // Under the mutex: as soon as it is released, the socket may be gone.
    QMetaObject::invokeMethod(
        socket, [self = shared_from_this()] { self->run(); }, Qt::QueuedConnection);
    return true;
}

void Errands::run()
{
    std::vector<Task> tasks;
    {
        const std::scoped_lock lock(m_mutex);
        tasks.swap(m_tasks);
    }
    for (Task &task : tasks) {
        task();
        task = nullptr; // what it captured goes before the next one runs
    }
}

} // namespace Tidepool
