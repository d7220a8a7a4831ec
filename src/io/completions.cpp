// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "completions.h"

#include "forks.h"
#include "mutex.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#ifdef Q_OS_LINUX
#    include <pthread.h>
#endif

namespace Tidepool {

namespace {

// The time after which a task counts as blocking. With a shorter time, a busy machine could change the order of the
// tasks. With a longer time, the tasks that follow would be delayed noticeably.
constexpr std::chrono::milliseconds blockingAfter{20};

void nameThisThread()
{
#ifdef Q_OS_LINUX
    pthread_setname_np(pthread_self(), "tidepool-ends");
#endif
}

} // namespace

// One worker is the leader: it runs the tasks. When a task waits behind the running task, a second worker watches the
// leader. If the running task takes too long, the second worker becomes the leader. The old leader then becomes the
// next watcher, or ends.
class Completions::Crew : public std::enable_shared_from_this<Crew>
{
public:
    void post(Task task)
    {
        const MutexLocker lock(m_mutex);
        m_tasks.push_back(std::move(task));
        ++m_posted;
        if (m_leader == none)
            m_leader = hire();
        else if (isLeaderBusy())
            haveLeaderWatched();
        else
            m_news.notifyAll();
    }

    void settle()
    {
        MutexLocker lock(m_mutex);
        const quint64 last = m_posted;
        for (;;) {
            const auto now = Clock::now();
            auto next = Clock::time_point::max();
            for (const auto &[worker, task] : m_running) {
                if (task.number <= last && now - task.begunAt < blockingAfter)
                    next = std::min(next, task.begunAt + blockingAfter);
            }
            if (!m_tasks.empty() && nextNumber() <= last) {
                if (isStranded(now)) {
                    const Task task = take();
                    lock.unlock();
                    task();
                    lock.lock();
                    continue;
                }
                next = std::min(next, now + blockingAfter);
            }
            if (next == Clock::time_point::max())
                return;
            m_returned.waitUntil(m_mutex, next);
        }
    }

    void end()
    {
        std::vector<std::thread> idle;
        {
            const MutexLocker lock(m_mutex);
            m_isOver = true;
            m_news.notifyAll();
            m_watch.notifyAll();
            idle.swap(m_retired);
            for (auto &[worker, thread] : m_threads) {
                if (m_running.contains(worker))
                    thread.detach(); // the thread can be in user code for a long time, and it can even be this thread
                else
                    idle.push_back(std::move(thread));
            }
            m_threads.clear();
        }
        for (std::thread &thread : idle)
            thread.join();
    }

private:
    using Clock = std::chrono::steady_clock;
    using Worker = quint64;
    struct Running
    {
        quint64 number = 0;
        Clock::time_point begunAt;
    };
    static constexpr Worker none = 0;

    [[nodiscard]] quint64 nextNumber() const TIDEPOOL_REQUIRES(m_mutex) { return m_posted - m_tasks.size() + 1; }
    [[nodiscard]] bool isLeaderBusy() const TIDEPOOL_REQUIRES(m_mutex) { return m_running.contains(m_leader); }

    // True if the system cannot create more threads.
    [[nodiscard]] bool isStranded(Clock::time_point now) const TIDEPOOL_REQUIRES(m_mutex)
    {
        if (m_leader == none)
            return true;
        const auto running = m_running.find(m_leader);
        return running != m_running.end() && m_watchers == 0 && now - running->second.begunAt >= blockingAfter;
    }

    Task take() TIDEPOOL_REQUIRES(m_mutex)
    {
        Task task = std::move(m_tasks.front());
        m_tasks.pop_front();
        return task;
    }

    Worker hire() TIDEPOOL_REQUIRES(m_mutex)
    {
        for (std::thread &thread : std::exchange(m_retired, {}))
            thread.join(); // the thread only has to return
        const Worker worker = m_lastHired + 1;
        try {
            m_threads.emplace(worker, std::thread([crew = shared_from_this(), worker] { crew->work(worker); }));
        } catch (const std::system_error &) {
            return none;
        }
        return m_lastHired = worker;
    }

    void haveLeaderWatched() TIDEPOOL_REQUIRES(m_mutex)
    {
        if (m_watchers == 0 && !m_isWatcherHired)
            m_isWatcherHired = hire() != none;
        else if (m_isWatcherAsleep)
            m_watch.notifyOne();
    }

    void work(Worker me)
    {
        nameThisThread();
        const MutexLocker lock(m_mutex);
        for (;;) {
            if (m_leader == me && !m_tasks.empty()) {
                runNext(me);
                if (m_leader != me && m_watchers > 0)
                    break; // one watcher is enough
            } else if (m_isOver && m_tasks.empty()) {
                return;
            } else if (m_leader == me) {
                m_news.wait(m_mutex);
            } else {
                watch(me);
            }
        }
        if (m_isOver)
            return;
        const auto own = m_threads.find(me);
        m_retired.push_back(std::move(own->second));
        m_threads.erase(own);
    }

    void runNext(Worker me) TIDEPOOL_REQUIRES(m_mutex)
    {
        m_running[me] = {nextNumber(), Clock::now()};
        Task task = take();
        if (!m_tasks.empty())
            haveLeaderWatched();
        m_mutex.unlock();
        task();
        task = nullptr; // destroy the captures before the next task runs
        m_mutex.lock();
        m_running.erase(me);
        m_returned.notifyAll();
        if (m_isOver)
            m_watch.notifyAll(); // perhaps no task is left to watch
    }

    void watch(Worker me) TIDEPOOL_REQUIRES(m_mutex)
    {
        m_isWatcherHired = false;
        ++m_watchers;
        const auto running = m_running.find(m_leader);
        if (running == m_running.end() || m_tasks.empty()) {
            m_isWatcherAsleep = true;
            m_watch.wait(m_mutex);
            m_isWatcherAsleep = false;
            --m_watchers;
            return;
        }
        const Running watched = running->second;
        m_watch.waitUntil(m_mutex, watched.begunAt + blockingAfter);
        --m_watchers;
        const auto still = m_running.find(m_leader);
        const bool isSame = still != m_running.end() && still->second.number == watched.number;
        if (isSame && !m_tasks.empty() && Clock::now() >= watched.begunAt + blockingAfter)
            m_leader = me;
    }

    Mutex m_mutex;
    Condition m_news; // wakes the leader
    Condition m_watch; // wakes watchers
    Condition m_returned; // wakes settle()
    std::deque<Task> m_tasks TIDEPOOL_GUARDED_BY(m_mutex);
    quint64 m_posted TIDEPOOL_GUARDED_BY(m_mutex) = 0;
    Worker m_leader TIDEPOOL_GUARDED_BY(m_mutex) = none;
    Worker m_lastHired TIDEPOOL_GUARDED_BY(m_mutex) = none;
    int m_watchers TIDEPOOL_GUARDED_BY(m_mutex) = 0;
    bool m_isWatcherHired TIDEPOOL_GUARDED_BY(m_mutex) = false; // a watcher was created and does not watch yet
    bool m_isWatcherAsleep TIDEPOOL_GUARDED_BY(m_mutex) = false; // the watcher sleeps until there is a task to watch
    bool m_isOver TIDEPOOL_GUARDED_BY(m_mutex) = false;
    std::map<Worker, Running> m_running TIDEPOOL_GUARDED_BY(m_mutex);
    std::map<Worker, std::thread> m_threads TIDEPOOL_GUARDED_BY(m_mutex);
    std::vector<std::thread> m_retired TIDEPOOL_GUARDED_BY(m_mutex);
};

std::shared_ptr<Completions> Completions::shared()
{
    static Mutex mutex;
    static std::weak_ptr<Completions> current TIDEPOOL_GUARDED_BY(mutex);
    const MutexLocker lock(mutex);
    auto alive = current.lock();
    if (!alive || alive->m_forks != forkCount())
        current = alive = std::make_shared<Completions>();
    return alive;
}

Completions::Completions() : m_forks(forkCount()), m_crew(std::make_shared<Crew>()) {}

Completions::~Completions()
{
    if (m_forks == forkCount())
        m_crew->end();
    else
        // its threads are in another process, so it can never end in this process
        (void)new std::shared_ptr<Crew>(m_crew);
}

void Completions::post(Task task)
{
    m_crew->post(std::move(task));
}

void Completions::settle()
{
    m_crew->settle();
}

} // namespace Tidepool
