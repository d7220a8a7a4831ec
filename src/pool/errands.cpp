// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "errands.h"

#include <QtCore/QThreadStorage>
#include <QtNetwork/QSslSocket>

#include <chrono>
#include <utility>

namespace Tidepool {

namespace {
// How long Qt may take to end a thread.
constexpr std::chrono::milliseconds takingDown{20};
} // namespace

// Ends with the thread, while Qt still knows it. The loop's own events would not do: those that are posted when it has
// just been quit are never delivered, and a socket among them would hold itself for ever.
class Errands::Holder
{
public:
    Holder() { ofThisThread = this; }
    ~Holder()
    {
        {
            const std::scoped_lock lock(errands->m_mutex);
            errands->m_isThreadOver = true;
        }
        errands->run();
        ofThisThread = nullptr;
    }
    Q_DISABLE_COPY_MOVE(Holder)

    const std::shared_ptr<Errands> errands = std::make_shared<Errands>();
    static thread_local constinit Holder *ofThisThread; // quicker to find than by Qt's list
};

thread_local constinit Errands::Holder *Errands::Holder::ofThisThread = nullptr;

// Ends with the system's thread, when Qt has taken its thread down.
class Errands::Ending
{
public:
    explicit Ending(std::shared_ptr<Errands> errands) : m_errands(std::move(errands)) {}
    ~Ending()
    {
        const std::scoped_lock lock(m_errands->m_mutex);
        m_errands->m_isThreadGone = true;
        m_errands->m_gone.notify_all();
    }
    Q_DISABLE_COPY_MOVE(Ending)

private:
    std::shared_ptr<Errands> m_errands;
};

std::shared_ptr<Errands> Errands::ofThisThread()
{
    if (Holder::ofThisThread)
        return Holder::ofThisThread->errands;
    // Not thread_local: that ends after the QThread, which may have been destroyed by then. Never destroyed itself,
    // because threads may outlive main().
    static auto &holders = *new QThreadStorage<Holder *>;
    holders.setLocalData(new Holder);
    thread_local const Ending ending(Holder::ofThisThread->errands);
    return Holder::ofThisThread->errands;
}

bool Errands::add(QSslSocket *socket, Task task)
{
    std::unique_lock lock(m_mutex);
    if (m_isThreadOver) {
        // Between these two, Qt may be deleting the event dispatcher that the socket's notifiers know. Some
        // microseconds; the main thread, though, goes on without its application for as long as it likes.
        m_gone.wait_for(lock, takingDown, [this] { return m_isThreadGone; });
        return false;
    }
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
