// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <mutex>

// What Clang checks with -Wthread-safety. Other compilers see nothing of it.
#if defined(__clang__)
#    define TIDEPOOL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#    define TIDEPOOL_THREAD_ATTRIBUTE(x)
#endif
/// The field may be used only while the mutex is held.
#define TIDEPOOL_GUARDED_BY(mutex) TIDEPOOL_THREAD_ATTRIBUTE(guarded_by(mutex))
/// The function may be called only while the mutex is held; it is still held afterwards.
#define TIDEPOOL_REQUIRES(mutex) TIDEPOOL_THREAD_ATTRIBUTE(requires_capability(mutex))
/// The function may be called only while the mutex is not held.
#define TIDEPOOL_EXCLUDES(mutex) TIDEPOOL_THREAD_ATTRIBUTE(locks_excluded(mutex))

namespace Tidepool {

/// A std::mutex that Clang's thread analysis knows.
class TIDEPOOL_THREAD_ATTRIBUTE(capability("mutex")) Mutex
{
public:
    void lock() TIDEPOOL_THREAD_ATTRIBUTE(acquire_capability()) { m_mutex.lock(); }
    void unlock() TIDEPOOL_THREAD_ATTRIBUTE(release_capability()) { m_mutex.unlock(); }
    [[nodiscard]] bool tryLock() TIDEPOOL_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return m_mutex.try_lock(); }

private:
    std::mutex m_mutex;
};

/// Holds a Mutex in its scope, or until unlock().
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
    Q_DISABLE_COPY_MOVE(MutexLocker)

private:
    Mutex &m_mutex;
    bool m_isLocked = true;
};

} // namespace Tidepool
