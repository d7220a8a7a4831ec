// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "iothreadmailbox.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>

#include <utility>

namespace Tidepool {

namespace {
// How often an I/O thread without an application object checks for a new one.
constexpr std::chrono::milliseconds lookout{100};
} // namespace

std::atomic<bool> IoThreadMailbox::areEventsDelivered = false;
std::atomic<unsigned> IoThreadMailbox::applications = 0;

bool IoThreadMailbox::post(Task task)
{
    const MutexLocker lock(m_mutex);
    if (m_isThreadOver)
        return false;
    m_tasks.push_back(std::move(task));
    // The event that wakes the thread can be lost between two applications.
    const unsigned application = areEventsDelivered ? applications.load() : 0;
    if (m_tasks.size() > 1 && m_postedUnder == application)
        return true;
    m_postedUnder = application;
    if (m_isPlain)
        m_changed.notifyAll();
    else if (application != 0)
        QCoreApplication::postEvent(this, new QEvent(QEvent::User));
    return true;
}

void IoThreadMailbox::customEvent(QEvent *)
{
    runBatch();
}

bool IoThreadMailbox::runBatch()
{
    std::vector<Task> batch;
    {
        const MutexLocker lock(m_mutex);
        batch.swap(m_tasks);
    }
    for (Task &task : batch) {
        task();
        task = nullptr; // destroy the captures before the next task runs
    }
    return !batch.empty();
}

void IoThreadMailbox::runRemaining()
{
    while (runBatch()) {}
}

bool IoThreadMailbox::isThreadOver() const
{
    const MutexLocker lock(m_mutex);
    return m_isThreadOver;
}

bool IoThreadMailbox::serveWithoutEvents()
{
    MutexLocker lock(m_mutex);
    m_isPlain = true;
    for (;;) {
        if (!m_tasks.empty()) {
            lock.unlock();
            runBatch();
            lock.lock();
        } else if (m_isIoThreadOver) {
            m_isThreadOver = true;
            return true;
        } else if (areEventsDelivered) {
            m_isPlain = false;
            return false;
        } else {
            m_changed.waitFor(m_mutex, lookout);
        }
    }
}

void IoThreadMailbox::endIoThread()
{
    const MutexLocker lock(m_mutex);
    m_isIoThreadOver = true;
    m_changed.notifyAll();
}

void IoThreadMailbox::endThread()
{
    runRemaining();
    if (const Task task = std::exchange(m_atEnd, {}))
        task();
    runRemaining();
    const MutexLocker lock(m_mutex);
    m_isThreadOver = true;
}

void IoThreadMailbox::countSteps(int change)
{
    const MutexLocker lock(m_mutex);
    m_steps += change;
    m_changed.notifyAll();
}

void IoThreadMailbox::waitForSteps(std::chrono::milliseconds limit)
{
    const MutexLocker lock(m_mutex);
    m_changed.waitFor(m_mutex, limit, [this]() TIDEPOOL_REQUIRES(m_mutex) { return m_steps == 0; });
}

} // namespace Tidepool
