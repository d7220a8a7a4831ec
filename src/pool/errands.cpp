// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "errands.h"

#include "../supply/eventloop.h"
#include "lease.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>
#include <QtCore/QThreadStorage>

#include <algorithm>
#include <chrono>
#include <utility>

namespace Tidepool {

namespace {
// For a thread that ends, to do its errands. Each of them takes far less than a millisecond.
constexpr std::chrono::seconds longestEnding{5};
} // namespace

// Gets its events in its thread's event loop, so it also notices that there is one.
class Errands::Probe : public QObject
{
public:
    explicit Probe(Errands &errands) : m_errands(errands) {}

    void send()
    {
        if (!m_isUnderWay.exchange(true))
            QCoreApplication::postEvent(this, new QEvent(QEvent::User));
    }

protected:
    void customEvent(QEvent *) override
    {
        m_isUnderWay = false;
        m_errands.m_isInLoop = true;
        m_errands.run();
    }

private:
    Errands &m_errands;
    std::atomic<bool> m_isUnderWay = false;
};

// Ends with the thread, while Qt still knows it. The loop's own events would not do: those that are posted when it has
// just been quit are never delivered, and a socket among them would hold itself for ever. And thread_local would not
// do: its end comes after the QThread's in some versions of Qt and before it in others.
class Errands::Holder
{
public:
    Holder()
    {
        ofThisThread = this;
        errands->m_probe = &probe;
    }
    ~Holder()
    {
        std::vector<std::weak_ptr<Lease>> leases;
        {
            const std::scoped_lock lock(errands->m_mutex);
            errands->m_isThreadOver = true;
            leases.swap(errands->m_leases);
        }
        errands->run();
        for (const auto &each : leases) {
            if (const auto lease = each.lock())
                lease->leaveThread();
        }
        errands->m_isInLoop = false;
        const std::scoped_lock lock(errands->m_mutex);
        errands->m_hasLeft = true;
        errands->m_left.notify_all();
        ofThisThread = nullptr;
    }
    Q_DISABLE_COPY_MOVE(Holder)

    const std::shared_ptr<Errands> errands = std::make_shared<Errands>();
    Probe probe{*errands};
    static thread_local constinit Holder *ofThisThread; // quicker to find than by Qt's list
};

thread_local constinit Errands::Holder *Errands::Holder::ofThisThread = nullptr;

std::shared_ptr<Errands> Errands::ofThisThread()
{
    if (Holder::ofThisThread)
        return Holder::ofThisThread->errands;
    // Never destroyed itself, because threads may outlive main().
    static auto &holders = *new QThreadStorage<Holder *>;
    holders.setLocalData(new Holder);
    return Holder::ofThisThread->errands;
}

bool Errands::add(Task task)
{
    const std::scoped_lock lock(m_mutex);
    if (m_isThreadOver)
        return false;
    m_tasks.push_back(std::move(task));
    m_probe->send(); // under the mutex: the thread may end as soon as that is released
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

bool Errands::addLease(const std::weak_ptr<Lease> &lease)
{
    const std::scoped_lock lock(m_mutex);
    if (m_isThreadOver)
        return false;
    if (m_leases.size() >= m_pruneAt) {
        std::erase_if(m_leases, [](const auto &each) { return each.expired(); });
        m_pruneAt = 2 * m_leases.size() + 16;
    }
    m_leases.push_back(lease);
    return true;
}

void Errands::waitForEnd()
{
    if (Holder::ofThisThread && Holder::ofThisThread->errands.get() == this)
        return;
    std::unique_lock lock(m_mutex);
    m_left.wait_for(lock, longestEnding, [this] { return m_hasLeft; });
}

void Errands::lookForLoop()
{
    m_isInLoop = hasEventLoop();
    if (!m_isInLoop)
        m_probe->send();
}

} // namespace Tidepool
