// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "threadtasks.h"

#include "eventloop.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>
#include <QtCore/QThreadStorage>

#include <algorithm>
#include <chrono>
#include <utility>

namespace Tidepool {

namespace {
// The maximum time for a thread that ends to run its tasks. Each task takes much less than a millisecond.
constexpr std::chrono::seconds longestEnding{5};
} // namespace

// Receives its events in the event loop of its thread, and so also detects that a loop is running.
class ThreadTasks::Probe : public QObject
{
public:
    explicit Probe(ThreadTasks &threadTasks) : m_threadTasks(threadTasks) {}

    void send()
    {
        if (!m_isUnderWay.exchange(true))
            QCoreApplication::postEvent(this, new QEvent(QEvent::User));
    }

protected:
    void customEvent(QEvent *) override
    {
        m_isUnderWay = false;
        m_threadTasks.m_isInLoop = true;
        m_threadTasks.run();
    }

private:
    ThreadTasks &m_threadTasks;
    std::atomic<bool> m_isUnderWay = false;
};

// Destroyed when the thread ends, while Qt still knows the thread. Two alternatives do not work. Events that are posted
// when the event loop has just quit are never delivered, and a socket in such an event would keep itself alive forever.
// A thread_local object is destroyed after the QThread in some versions of Qt and before it in others.
class ThreadTasks::Holder
{
public:
    Holder()
    {
        ofThisThread = this;
        threadTasks->m_probe = &probe;
    }
    ~Holder()
    {
        std::vector<std::weak_ptr<ThreadResident>> residents;
        {
            const MutexLocker lock(threadTasks->m_mutex);
            threadTasks->m_isThreadOver = true;
            residents.swap(threadTasks->m_residents);
        }
        threadTasks->run();
        for (const auto &each : residents) {
            if (const auto resident = each.lock())
                resident->leaveThread();
        }
        threadTasks->m_isInLoop = false;
        const MutexLocker lock(threadTasks->m_mutex);
        threadTasks->m_hasLeft = true;
        threadTasks->m_left.notifyAll();
        ofThisThread = nullptr;
    }
    Q_DISABLE_COPY_MOVE(Holder)

    const std::shared_ptr<ThreadTasks> threadTasks = std::make_shared<ThreadTasks>();
    Probe probe{*threadTasks};
    static thread_local constinit Holder *ofThisThread; // a faster look-up than Qt's list
};

thread_local constinit ThreadTasks::Holder *ThreadTasks::Holder::ofThisThread = nullptr;

std::shared_ptr<ThreadTasks> ThreadTasks::ofThisThread()
{
    if (Holder::ofThisThread)
        return Holder::ofThisThread->threadTasks;
    // Never destroyed, because threads can outlive main().
    static auto &holders = *new QThreadStorage<Holder *>;
    holders.setLocalData(new Holder);
    return Holder::ofThisThread->threadTasks;
}

bool ThreadTasks::add(Task task)
{
    const MutexLocker lock(m_mutex);
    if (m_isThreadOver)
        return false;
    m_tasks.push_back(std::move(task));
    m_probe->send(); // under the mutex, because the thread can end as soon as the mutex is released
    return true;
}

void ThreadTasks::run()
{
    std::vector<Task> tasks;
    {
        const MutexLocker lock(m_mutex);
        tasks.swap(m_tasks);
    }
    for (Task &task : tasks) {
        task();
        task = nullptr; // destroy the captures before the next task runs
    }
}

bool ThreadTasks::addResident(const std::weak_ptr<ThreadResident> &resident)
{
    const MutexLocker lock(m_mutex);
    if (m_isThreadOver)
        return false;
    if (m_residents.size() >= m_pruneAt) {
        std::erase_if(m_residents, [](const auto &each) { return each.expired(); });
        m_pruneAt = 2 * m_residents.size() + 16;
    }
    m_residents.push_back(resident);
    return true;
}

void ThreadTasks::waitForEnd()
{
    if (Holder::ofThisThread && Holder::ofThisThread->threadTasks.get() == this)
        return;
    const MutexLocker lock(m_mutex);
    m_left.waitFor(m_mutex, longestEnding, [this]() TIDEPOOL_REQUIRES(m_mutex) { return m_hasLeft; });
}

void ThreadTasks::lookForLoop()
{
    m_isInLoop = hasEventLoop();
    if (!m_isInLoop)
        m_probe->send();
}

} // namespace Tidepool
