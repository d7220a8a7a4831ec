// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lane.h"

#include <tidepool/lanes.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>

#include <algorithm>
#include <condition_variable>

namespace Tidepool {

// The lane's tasks. They are kept here and not in posted functors so that one event wakes the lane
// for a whole batch, and so that the hand-over between threads is a std::mutex, which ThreadSanitizer
// sees although Qt itself is not instrumented.
class Lane::Mailbox : public QObject
{
public:
    void post(Task task)
    {
        const std::scoped_lock lock(m_mutex);
        m_tasks.push_back(std::move(task));
        if (m_tasks.size() == 1)
            QCoreApplication::postEvent(this, new QEvent(QEvent::User));
    }

    /// What is still posted when the loop has ended.
    void runRemaining()
    {
        while (runBatch()) {}
    }

protected:
    void customEvent(QEvent *) override { runBatch(); }

private:
    bool runBatch()
    {
        std::vector<Task> batch;
        {
            const std::scoped_lock lock(m_mutex);
            batch.swap(m_tasks);
        }
        for (Task &task : batch) {
            task();
            task = nullptr; // what it captured goes before the next one runs
        }
        return !batch.empty();
    }

    std::mutex m_mutex;
    std::vector<Task> m_tasks;
};

namespace {

struct Registry
{
    std::mutex mutex;
    int count = 1;
    std::vector<std::weak_ptr<Lane>> lanes;
};

Registry &registry()
{
    static Registry instance;
    return instance;
}

} // namespace

Lane::Lane(std::unique_ptr<QThread> thread) : m_thread(std::move(thread)), m_mailbox(std::make_unique<Mailbox>())
{
    if (m_thread) {
        m_mailbox->moveToThread(m_thread.get());
        m_thread->setObjectName(QStringLiteral("tidepool-lane"));
        m_thread->start();
    }
}

Lane::~Lane()
{
    if (!m_thread) {
        m_mailbox->runRemaining();
        m_mailbox.release()->deleteLater(); // this may be one of its tasks
        return;
    }
    if (!delivers()) {
        stop();
        return;
    }
    // The last task is posted like any other, so everything posted before it still runs.
    Mailbox *mailbox = m_mailbox.release();
    QThread *thread = m_thread.get();
    mailbox->post([mailbox, thread] {
        mailbox->deleteLater(); // carried out when the thread finishes
        thread->quit();
    });
    if (QThread::currentThread() == thread) {
        // The last user let go inside the lane: nobody is left to wait for the thread.
        QObject::connect(thread, &QThread::finished, thread, &QObject::deleteLater);
        m_thread.release(); // NOLINT(bugprone-unused-return-value): deleted by the line above
        return;
    }
    m_thread->wait();
}

// Without a QCoreApplication, Qt drops a thread's events instead of delivering them. So it is for a pool that is a
// child of the application object, or static.
bool Lane::delivers() const
{
    return !m_thread || (QCoreApplication::instance() && m_thread->isRunning());
}

// Ends the thread without its event loop's help, and does here what was still posted.
void Lane::stop()
{
    m_thread->quit();
    m_thread->wait();
    m_mailbox->runRemaining();
}

std::shared_ptr<Lane> Lane::acquire()
{
    Registry &shared = registry();
    const std::scoped_lock lock(shared.mutex);
    std::vector<std::shared_ptr<Lane>> alive;
    for (const auto &candidate : shared.lanes) {
        if (auto lane = candidate.lock())
            alive.push_back(std::move(lane));
    }
    if (static_cast<int>(alive.size()) < shared.count)
        alive.push_back(std::shared_ptr<Lane>(new Lane(std::make_unique<QThread>())));
    shared.lanes.assign(alive.begin(), alive.end());
    return *std::min_element(alive.begin(), alive.end(),
                             [](const auto &a, const auto &b) { return a.use_count() < b.use_count(); });
}

std::shared_ptr<Lane> Lane::ofCallerThread()
{
    return std::shared_ptr<Lane>(new Lane(nullptr));
}

void Lane::post(Task task)
{
    m_mailbox->post(std::move(task));
}

void Lane::run(const Task &task)
{
    if (isCurrent()) {
        task();
        return;
    }
    if (!delivers()) {
        stop();
        task();
        return;
    }
    std::mutex mutex;
    std::condition_variable condition;
    bool done = false;
    post([&] {
        task();
        const std::scoped_lock lock(mutex);
        done = true;
        condition.notify_one();
    });
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return done; });
}

bool Lane::isCurrent() const
{
    return QThread::currentThread() == thread();
}

QThread *Lane::thread() const
{
    return m_thread ? m_thread.get() : m_mailbox->thread();
}

namespace Lanes {

int count()
{
    const std::scoped_lock lock(registry().mutex);
    return registry().count;
}

void setCount(int count)
{
    const std::scoped_lock lock(registry().mutex);
    registry().count = std::clamp(count, 1, 64);
}

} // namespace Lanes

} // namespace Tidepool
