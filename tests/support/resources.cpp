// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/resources.h"

#include <tidepool/poolerror.h>

#include <QtCore/QDir>
#include <QtCore/QFile>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
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

QByteArray readFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// In the order of their numbers.
std::vector<int> tasksNamed(const QByteArray &name)
{
    std::vector<int> tasks;
    const QDir directory(QStringLiteral("/proc/self/task"));
    for (const QString &task : directory.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        if (readFile(directory.filePath(task) + QStringLiteral("/comm")).trimmed() == name)
            tasks.push_back(task.toInt());
    }
    std::sort(tasks.begin(), tasks.end());
    return tasks;
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
    return static_cast<int>(tasksNamed(name).size());
}

std::vector<std::chrono::nanoseconds> threadTimes(const QByteArray &name)
{
    std::vector<std::chrono::nanoseconds> times;
    for (const int task : tasksNamed(name))
        times.emplace_back(
            readFile(QStringLiteral("/proc/self/task/%1/schedstat").arg(task)).split(' ').value(0).toLongLong());
    return times;
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
