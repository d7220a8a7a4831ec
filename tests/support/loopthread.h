// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QThread>

namespace TestSupport {

/// A thread with an event loop that ends with this object.
class LoopThread
{
public:
    LoopThread()
    {
        m_context.moveToThread(&m_thread);
        m_thread.start();
    }
    ~LoopThread()
    {
        m_thread.quit();
        m_thread.wait();
    }
    Q_DISABLE_COPY_MOVE(LoopThread)

    QThread *thread() { return &m_thread; }
    QObject *context() { return &m_context; }
    /// Runs @p action there and waits for its end.
    template <typename Action>
    void run(Action action)
    {
        QMetaObject::invokeMethod(&m_context, action, Qt::BlockingQueuedConnection);
    }

private:
    QThread m_thread;
    QObject m_context;
};

} // namespace TestSupport
