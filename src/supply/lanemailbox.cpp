// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lanemailbox.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>

#include <utility>

namespace Tidepool {

namespace {
// How often a lane without an application looks for a new one.
constexpr std::chrono::milliseconds lookout{100};
} // namespace

std::atomic<bool> LaneMailbox::areEventsDelivered = false;

bool LaneMailbox::post(Task task)
{
    const std::scoped_lock lock(m_mutex);
    if (m_isThreadOver)
        return false;
    m_tasks.push_back(std::move(task));
    if (m_tasks.size() > 1)
        return true;
    if (m_isPlain)
        m_changed.notify_all();
    else
        QCoreApplication::postEvent(this, new QEvent(QEvent::User));
    return true;
}

void LaneMailbox::customEvent(QEvent *)
{
    runBatch();
}

bool LaneMailbox::runBatch()
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

void LaneMailbox::runRemaining()
{
    while (runBatch()) {}
}

bool LaneMailbox::isThreadOver() const
{
    const std::scoped_lock lock(m_mutex);
    return m_isThreadOver;
}

bool LaneMailbox::serveWithoutEvents()
{
    std::unique_lock lock(m_mutex);
    m_isPlain = true;
    for (;;) {
        if (!m_tasks.empty()) {
            lock.unlock();
            runBatch();
            lock.lock();
        } else if (m_isLaneOver) {
            m_isThreadOver = true;
            return true;
        } else if (areEventsDelivered) {
            m_isPlain = false;
            return false;
        } else {
            m_changed.wait_for(lock, lookout);
        }
    }
}

void LaneMailbox::endLane()
{
    const std::scoped_lock lock(m_mutex);
    m_isLaneOver = true;
    m_changed.notify_all();
}

void LaneMailbox::endThread()
{
    runRemaining();
    if (const Task task = std::exchange(m_atEnd, {}))
        task();
    runRemaining();
    const std::scoped_lock lock(m_mutex);
    m_isThreadOver = true;
}

void LaneMailbox::countSteps(int change)
{
    const std::scoped_lock lock(m_mutex);
    m_steps += change;
    m_changed.notify_all();
}

void LaneMailbox::waitForSteps(std::chrono::milliseconds limit)
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, limit, [this] { return m_steps == 0; });
}

} // namespace Tidepool
