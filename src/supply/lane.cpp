// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lane.h"

#include "completions.h"
#include "descriptorlimit.h"
#include "eventloop.h"
#include "forks.h"
#include "lanemailbox.h"
#include "threadend.h"

#include <tidepool/lanes.h>

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace Tidepool {

namespace {

// How long to wait for a lane that does something else: it is blocked by a function of the user's then, or the user
// has blocked its thread.
constexpr std::chrono::seconds longestWait{5};

} // namespace

class Lane::Thread : public QThread
{
public:
    explicit Thread(std::shared_ptr<LaneMailbox> mailbox) : m_mailbox(std::move(mailbox))
    {
        setObjectName(QStringLiteral("tidepool-lane"));
    }

protected:
    void run() override
    {
        do {
            if (LaneMailbox::areEventsDelivered)
                exec();
        } while (!m_mailbox->serveWithoutEvents());
    }

private:
    std::shared_ptr<LaneMailbox> m_mailbox;
};

// The process's lanes. Never destroyed, because threads may outlive main().
class Lane::Registry
{
public:
    static Registry &instance()
    {
        static auto &registry = *new Registry;
        return registry;
    }

    int count()
    {
        const std::scoped_lock lock(m_mutex);
        return m_count;
    }

    void setCount(int count)
    {
        const std::scoped_lock lock(m_mutex);
        m_count = std::clamp(count, 1, 64);
    }

    std::shared_ptr<Lane> acquire(QString *problem)
    {
        std::vector<std::shared_ptr<Lane>> lanes; // goes after the lock: the last user of a lane waits for its thread
        const std::scoped_lock lock(m_mutex);
        lanes = alive();
        if (static_cast<int>(lanes.size()) < m_count) {
            if (auto lane = make(problem))
                lanes.push_back(std::move(lane));
        }
        m_lanes.assign(lanes.begin(), lanes.end());
        if (lanes.empty())
            return nullptr;
        return *std::min_element(lanes.begin(), lanes.end(),
                                 [](const auto &a, const auto &b) { return a.use_count() < b.use_count(); });
    }

    /// Of a lane whose last user let go inside it. Somebody has to wait for it from outside.
    void retire(std::unique_ptr<Thread> thread)
    {
        const std::scoped_lock lock(m_mutex);
        m_retired.push_back(std::move(thread));
    }

    void reap()
    {
        std::vector<std::unique_ptr<Thread>> retired;
        {
            const std::scoped_lock lock(m_mutex);
            retired.swap(m_retired);
        }
        for (const auto &thread : retired)
            thread->wait();
    }

    void endEvents()
    {
        std::vector<std::shared_ptr<Lane>> lanes;
        {
            const std::scoped_lock lock(m_mutex);
            lanes = alive();
        }
        for (const auto &lane : lanes)
            lane->m_thread->quit();
        for (const auto &lane : lanes) {
            lane->m_mailbox->waitForSteps(longestWait);
            (void)lane->run([] {}); // until the last step has let go of the lane
        }
        lanes.clear();
        reap();
    }

private:
    std::vector<std::shared_ptr<Lane>> alive()
    {
        std::vector<std::shared_ptr<Lane>> lanes;
        for (const auto &candidate : m_lanes) {
            if (auto lane = candidate.lock(); lane && !lane->isOfAnotherProcess())
                lanes.push_back(std::move(lane));
        }
        return lanes;
    }

    static std::shared_ptr<Lane> make(QString *problem)
    {
        // Qt ends the program if there is none for a thread's event loop.
        if (!hasFreeDescriptors(descriptorsOfALane)) {
            *problem = QStringLiteral("There are not enough descriptors for an I/O thread; raise the limit of open "
                                      "files (ulimit -n).");
            return nullptr;
        }
        auto mailbox = std::make_shared<LaneMailbox>();
        auto thread = std::make_unique<Thread>(mailbox);
        mailbox->moveToThread(thread.get());
        thread->start();
        if (!thread->isRunning()) {
            *problem = QStringLiteral("The system has no thread left for I/O; raise the limit of processes (ulimit "
                                      "-u).");
            return nullptr;
        }
        return std::shared_ptr<Lane>(new Lane(std::move(mailbox), std::move(thread)));
    }

    std::mutex m_mutex;
    int m_count = 1;
    std::vector<std::weak_ptr<Lane>> m_lanes;
    std::vector<std::unique_ptr<Thread>> m_retired;
};

// --- The application object comes and goes

void Lane::onApplicationStart()
{
    LaneMailbox::areEventsDelivered = true;
    qAddPostRoutine(&Lane::onApplicationEnd);
}

// From now on no lane gets events, but what is posted is still done.
void Lane::onApplicationEnd()
{
    LaneMailbox::areEventsDelivered = false;
    Registry::instance().endEvents();
}

namespace {
[[maybe_unused]] const bool isStartRoutineAdded = [] {
    qAddPreRoutine(&Lane::onApplicationStart);
    return true;
}();
} // namespace

// --- Lane

Lane::Lane(std::shared_ptr<LaneMailbox> mailbox, std::unique_ptr<Thread> thread)
    : m_forks(forkCount()), m_mailbox(std::move(mailbox)), m_thread(std::move(thread))
{
    if (m_thread)
        m_completions = Completions::shared();
}

Lane::~Lane()
{
    if (isOfAnotherProcess()) {
        // Its thread runs in the parent, so here it can neither be waited for nor destroyed.
        (void)m_thread.release(); // NOLINT(bugprone-unused-return-value)
        (void)new std::shared_ptr<LaneMailbox>(m_mailbox);
        return;
    }
    if (!m_thread) {
        if (isCurrent())
            m_mailbox->runRemaining();
        return;
    }
    m_mailbox->endLane();
    m_thread->quit(); // what was posted before still runs, behind the event loop
    if (isCurrent()) {
        Registry::instance().retire(std::move(m_thread));
        return;
    }
    m_thread->wait();
    Registry::instance().reap();
}

int Lane::count()
{
    return Registry::instance().count();
}

void Lane::setCount(int count)
{
    Registry::instance().setCount(count);
}

std::shared_ptr<Lane> Lane::acquire(QString *problem)
{
    Registry::instance().reap();
    return Registry::instance().acquire(problem);
}

std::shared_ptr<Lane> Lane::ofCallerThread()
{
    // The lane may go in the middle of one of its tasks.
    const auto discard = [](LaneMailbox *mailbox) {
        if (mailbox->isThreadOver())
            delete mailbox;
        else
            mailbox->deleteLater();
    };
    const std::shared_ptr<LaneMailbox> mailbox(new LaneMailbox, discard);
    const std::weak_ptr weak = mailbox;
    const auto end = [weak] {
        if (const auto alive = weak.lock())
            alive->endThread();
    };
    atEndOfThisThread(end, [weak] { return weak.expired(); });
    return std::shared_ptr<Lane>(new Lane(mailbox, nullptr));
}

void Lane::post(Task task)
{
    if (!isOfAnotherProcess())
        (void)m_mailbox->post(std::move(task)); // if the thread has ended, so has all that it could concern
}

bool Lane::run(Task task)
{
    if (isOfAnotherProcess())
        return false;
    if (isCurrent()) {
        task();
        return true;
    }
    struct Call
    {
        Task task;
        std::mutex mutex;
        std::condition_variable condition;
        bool isDone = false;
    };
    const auto call = std::make_shared<Call>();
    call->task = std::move(task);
    const auto carryOut = [call] {
        std::exchange(call->task, {})();
        const std::scoped_lock lock(call->mutex);
        call->isDone = true;
        call->condition.notify_one();
    };
    if (!m_mailbox->post(carryOut)) {
        carryOut(); // its thread has ended; Qt allows it to others then
        return true;
    }
    std::unique_lock lock(call->mutex);
    return call->condition.wait_for(lock, longestWait, [&] { return call->isDone; });
}

void Lane::runInSteps(const std::shared_ptr<Lane> &lane, const Step &step)
{
    if (lane->isOfAnotherProcess())
        return;
    if (lane->isCurrent() && !hasEventLoop()) {
        while (step()) {}
        return;
    }
    lane->m_mailbox->countSteps(1);
    lane->postStep(lane, step);
    if (lane->m_thread && !LaneMailbox::areEventsDelivered)
        lane->m_mailbox->waitForSteps(longestWait); // nobody else would
}

// The task holds the lane, so that this does not end before.
void Lane::postStep(const std::shared_ptr<Lane> &lane, const Step &step)
{
    const auto next = [lane, step] {
        if (step())
            lane->postStep(lane, step);
        else
            lane->m_mailbox->countSteps(-1);
    };
    if (!m_mailbox->post(next))
        while (step()) {}
}

void Lane::complete(Task task)
{
    if (isOfAnotherProcess())
        return;
    if (m_completions)
        m_completions->post(std::move(task));
    else if (!m_mailbox->post(task))
        task();
}

void Lane::settle()
{
    if (m_completions && !isOfAnotherProcess())
        m_completions->settle();
}

void Lane::atEnd(Task task)
{
    m_mailbox->setAtEnd(std::move(task));
}

bool Lane::isCurrent() const
{
    return QThread::currentThread() == thread();
}

QThread *Lane::thread() const
{
    return m_thread ? m_thread.get() : m_mailbox->thread();
}

bool Lane::isOfAnotherProcess() const
{
    return m_forks != forkCount();
}

namespace Lanes {

int count()
{
    return Lane::count();
}

void setCount(int count)
{
    Lane::setCount(count);
}

} // namespace Lanes

} // namespace Tidepool
