// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/resources.h"

#include <tidepool/poolerror.h>

#include <QtCore/QDir>
#include <QtCore/QFile>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

namespace TestSupport {

namespace {

int entries(const QString &path)
{
    const QDir directory(path);
    if (!directory.exists())
        return -1;
    return static_cast<int>(directory.entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot).size());
}

} // namespace

int openDescriptors()
{
    // Counting opens one itself, each time alike.
    return entries(QStringLiteral("/proc/self/fd"));
}

int runningThreads()
{
    return entries(QStringLiteral("/proc/self/task"));
}

int runningThreads(const QByteArray &name)
{
    const QDir tasks(QStringLiteral("/proc/self/task"));
    int count = 0;
    for (const QString &task : tasks.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QFile file(tasks.filePath(task) + QStringLiteral("/comm"));
        if (file.open(QIODevice::ReadOnly) && file.readAll().trimmed() == name)
            ++count;
    }
    return count;
}

std::chrono::nanoseconds threadTime()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

DescriptorExhaustion::DescriptorExhaustion()
{
    { // UndefinedBehaviorSanitizer's first look at an object of a kind takes a pipe, and a exhaustion brings errors.
        Tidepool::PoolError first(Tidepool::Phase::Accept, Tidepool::ErrorKind::Resources, QString());
        first.setPeer(Tidepool::PoolError(first).message());
    }
    rlimit limit{};
    const int lowestFree = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (lowestFree < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    close(lowestFree);
    m_before = limit.rlim_cur;
    limit.rlim_cur = static_cast<rlim_t>(lowestFree);
    m_active = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

DescriptorExhaustion::~DescriptorExhaustion()
{
    rlimit limit{};
    if (m_active && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = static_cast<rlim_t>(m_before);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

} // namespace TestSupport
