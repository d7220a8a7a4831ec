// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "usage.h"

#include <QtCore/QByteArray>
#include <QtCore/QDir>
#include <QtCore/QFile>

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace Bench {

namespace {

QByteArray contentsOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// The fields of /proc/PID/stat from "state" on: the name before it may contain blanks and parentheses.
QList<QByteArray> statOf(qint64 pid)
{
    const QByteArray text = contentsOf(QStringLiteral("/proc/%1/stat").arg(pid));
    return text.mid(text.lastIndexOf(')') + 2).split(' ');
}

constexpr qsizetype parentField = 1;
constexpr qsizetype firstCpuField = 11; // utime, stime, cutime, cstime
constexpr qsizetype lastCpuField = 14;

qint64 residentBytesOf(const QString &statm)
{
    return contentsOf(statm).split(' ').value(1).toLongLong() * ::sysconf(_SC_PAGESIZE);
}

std::vector<qint64> treeOf(qint64 root)
{
    std::vector<std::pair<qint64, qint64>> parents;
    const QStringList names = QDir(QStringLiteral("/proc")).entryList(QDir::Dirs);
    for (const QString &name : names) {
        bool isPid = false;
        const qint64 pid = name.toLongLong(&isPid);
        if (isPid)
            parents.emplace_back(pid, statOf(pid).value(parentField).toLongLong());
    }
    std::vector<qint64> tree{root};
    for (size_t i = 0; i < tree.size(); ++i) {
        for (const auto &[pid, parent] : parents) {
            if (parent == tree[i])
                tree.push_back(pid);
        }
    }
    return tree;
}

} // namespace

std::chrono::nanoseconds processCpu()
{
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

qint64 residentBytesAfterTrim()
{
    ::malloc_trim(0);
    return residentBytesOf(QStringLiteral("/proc/self/statm"));
}

std::chrono::milliseconds cpuOfTree(qint64 pid)
{
    qint64 ticks = 0;
    for (const qint64 member : treeOf(pid)) {
        const QList<QByteArray> stat = statOf(member);
        for (qsizetype field = firstCpuField; field <= lastCpuField; ++field)
            ticks += stat.value(field).toLongLong();
    }
    return std::chrono::milliseconds(ticks * 1'000 / ::sysconf(_SC_CLK_TCK));
}

qint64 residentBytesOfTree(qint64 pid)
{
    qint64 bytes = 0;
    for (const qint64 member : treeOf(pid))
        bytes += residentBytesOf(QStringLiteral("/proc/%1/statm").arg(member));
    return bytes;
}

void raiseDescriptorLimit()
{
    constexpr rlim_t enough = 100'000;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit raised{std::max(limit.rlim_max, enough), std::max(limit.rlim_max, enough)};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return;
    limit.rlim_cur = limit.rlim_max; // only root may go beyond
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void growDescriptorTable()
{
    constexpr int enough = 16'384;
    const int highest = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, enough);
    if (highest >= 0)
        ::close(highest);
}

int affordableConnections(int wanted, int descriptorsEach)
{
    constexpr rlim_t reserve = 200;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t rest = limit.rlim_cur > reserve ? limit.rlim_cur - reserve : 0;
    const rlim_t affordable = rest / static_cast<rlim_t>(descriptorsEach);
    return affordable < static_cast<rlim_t>(wanted) ? static_cast<int>(affordable) : wanted;
}

} // namespace Bench
