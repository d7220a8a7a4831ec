// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>

namespace Tidepool {

/// True if what is queued or deferred in the calling thread will be carried out: it runs an event loop, or is the main
/// thread, which will. A thread that only calls and blocks (std::thread, QThread::create()) does not.
inline bool hasEventLoop()
{
    const QThread *current = QThread::currentThread();
    return current->loopLevel() > 0
        || (QCoreApplication::instance() && QCoreApplication::instance()->thread() == current);
}

} // namespace Tidepool
