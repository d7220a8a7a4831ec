// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>

namespace Tidepool {

/// True if queued and deferred calls in the calling thread will run: the thread runs an event loop, or is the main
/// thread, which will run one. A thread that only calls blocking functions (std::thread, QThread::create()) runs no
/// event loop.
inline bool hasEventLoop()
{
    const QThread *current = QThread::currentThread();
    return current->loopLevel() > 0
        || (QCoreApplication::instance() && QCoreApplication::instance()->thread() == current);
}

} // namespace Tidepool
