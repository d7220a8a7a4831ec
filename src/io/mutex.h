// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

// Annotations that Clang checks with -Wthread-safety. For other compilers they expand to nothing.
#if defined(__clang__)
#    define TIDEPOOL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#    define TIDEPOOL_THREAD_ATTRIBUTE(x)
#endif
/// The field may be used only while the mutex is held.
#define TIDEPOOL_GUARDED_BY(mutex) TIDEPOOL_THREAD_ATTRIBUTE(guarded_by(mutex))
/// The function may be called only while the mutex is held. The function does not release the mutex.
#define TIDEPOOL_REQUIRES(mutex) TIDEPOOL_THREAD_ATTRIBUTE(requires_capability(mutex))
/// The function may be called only while the mutex is not held.
#define TIDEPOOL_EXCLUDES(mutex) TIDEPOOL_THREAD_ATTRIBUTE(locks_excluded(mutex))

namespace Tidepool {

/// A std::mutex with annotations for Clang's thread analysis.
class TIDEPOOL_THREAD_ATTRIBUTE(capability("mutex")) Mutex
{
public:
    void lock() TIDEPOOL_THREAD_ATTRIBUTE(acquire_capability()) { m_mutex.lock(); }
    void unlock() TIDEPOOL_THREAD_ATTRIBUTE(release_capability()) { m_mutex.unlock(); }
    [[nodiscard]] bool tryLock() TIDEPOOL_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return m_mutex.try_lock(); }

private:
    friend class Condition;

    std::mutex m_mutex;
};

/// Holds a Mutex in its scope, but not between unlock() and lock().
class TIDEPOOL_THREAD_ATTRIBUTE(scoped_lockable) MutexLocker
{
public:
    explicit MutexLocker(Mutex &mutex) TIDEPOOL_THREAD_ATTRIBUTE(acquire_capability(mutex)) : m_mutex(mutex)
    {
        m_mutex.lock();
    }
    ~MutexLocker() TIDEPOOL_THREAD_ATTRIBUTE(release_capability())
    {
        if (m_isLocked)
            m_mutex.unlock();
    }
    void unlock() TIDEPOOL_THREAD_ATTRIBUTE(release_capability())
    {
        m_isLocked = false;
        m_mutex.unlock();
    }
    void lock() TIDEPOOL_THREAD_ATTRIBUTE(acquire_capability())
    {
        m_mutex.lock();
        m_isLocked = true;
    }
    Q_DISABLE_COPY_MOVE(MutexLocker)

private:
    Mutex &m_mutex;
    bool m_isLocked = true;
};

/// A std::condition_variable for those who hold a Mutex. A predicate has to say TIDEPOOL_REQUIRES(mutex).
///
/// Not a std::condition_variable_any: that has a second mutex, on the heap, which every notification locks.
class Condition
{
public:
    void notifyOne() { m_condition.notify_one(); }
    void notifyAll() { m_condition.notify_all(); }

    void wait(Mutex &mutex) TIDEPOOL_REQUIRES(mutex)
    {
        Held lock(mutex);
        m_condition.wait(lock);
    }
    void waitUntil(Mutex &mutex, std::chrono::steady_clock::time_point time) TIDEPOOL_REQUIRES(mutex)
    {
        Held lock(mutex);
        m_condition.wait_until(lock, time);
    }
    void waitFor(Mutex &mutex, std::chrono::milliseconds limit) TIDEPOOL_REQUIRES(mutex)
    {
        Held lock(mutex);
        m_condition.wait_for(lock, limit);
    }
    /// What @p isFulfilled said last.
    template <typename Predicate>
    bool waitFor(Mutex &mutex, std::chrono::milliseconds limit, Predicate isFulfilled) TIDEPOOL_REQUIRES(mutex)
    {
        Held lock(mutex);
        return m_condition.wait_for(lock, limit, std::move(isFulfilled));
    }

private:
    // The mutex is held before it and after it.
    struct Held : std::unique_lock<std::mutex>
    {
        explicit Held(Mutex &mutex) : unique_lock(mutex.m_mutex, std::adopt_lock) {}
        ~Held() { (void)release(); }
        Q_DISABLE_COPY_MOVE(Held)
    };

    std::condition_variable m_condition;
};

} // namespace Tidepool
