// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "forks.h"

#include <atomic>

#ifndef Q_OS_WIN
#    include <pthread.h>
#endif

namespace Tidepool {

namespace {

std::atomic<quint64> forksSoFar = 0;

#ifndef Q_OS_WIN
// Costs less than a getpid() in each take.
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, [] { ++forksSoFar; });
#endif

} // namespace

quint64 forkCount()
{
    return forksSoFar.load(std::memory_order_relaxed);
}

} // namespace Tidepool
