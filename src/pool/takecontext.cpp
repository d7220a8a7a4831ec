// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "takecontext.h"

#include "../io/mutex.h"

#include <QtCore/QThread>

#include <utility>

namespace Tidepool {

// destroyed() waits for the mutex, so the context exists as long as somebody holds the mutex. The thread then exists
// too, because a thread must not be destroyed before the objects that live in it.
struct TakeContext::State
{
    Mutex mutex;
    QObject *context TIDEPOOL_GUARDED_BY(mutex) = nullptr;
    std::function<void()> whenGone TIDEPOOL_GUARDED_BY(mutex);
};

TakeContext::TakeContext(QObject *context) : m_state(std::make_shared<State>())
{
    m_state->context = context;
    const auto onDestroyed = [state = m_state] {
        std::function<void()> task;
        {
            const MutexLocker lock(state->mutex);
            state->context = nullptr;
            task = std::exchange(state->whenGone, {});
        }
        if (task)
            task();
    };
    if (!context)
        return;
    if (QThread *thread = context->thread()) {
        const auto onFinished = [state = m_state, thread] {
            std::function<void()> task;
            {
                const MutexLocker lock(state->mutex);
                if (state->context && state->context->thread() == thread)
                    task = std::exchange(state->whenGone, {});
            }
            if (task)
                task();
        };
        m_threadConnection = QObject::connect(thread, &QThread::finished, thread, onFinished, Qt::DirectConnection);
    }
    m_connection = QObject::connect(context, &QObject::destroyed, context, onDestroyed, Qt::DirectConnection);
}

TakeContext::~TakeContext()
{
    QObject::disconnect(m_connection);
    QObject::disconnect(m_threadConnection);
}

bool TakeContext::withThread(const std::function<void(QThread *)> &use) const
{
    const MutexLocker lock(m_state->mutex);
    QThread *thread = m_state->context ? m_state->context->thread() : nullptr;
    if (!thread || thread->isFinished())
        return false;
    use(thread);
    return true;
}

bool TakeContext::isGone() const
{
    return !withThread([](QThread *) {});
}

void TakeContext::whenGone(std::function<void()> task)
{
    {
        const MutexLocker lock(m_state->mutex);
        const QThread *thread = m_state->context ? m_state->context->thread() : nullptr;
        if (thread && !thread->isFinished()) {
            m_state->whenGone = std::move(task);
            return;
        }
    }
    task();
}

} // namespace Tidepool
