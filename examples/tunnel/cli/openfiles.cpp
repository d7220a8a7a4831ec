// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "openfiles.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

namespace Tunnel {

namespace {
// For two threads with an event loop, one thread that resolves names, signals, the metrics page, the listening sockets,
// and one visitor with both its connections.
constexpr size_t needed = 40;
} // namespace

bool canOpenEnoughFiles()
{
    std::vector<int> opened;
    while (opened.size() < needed) {
        const int descriptor =
            opened.empty() ? ::open("/", O_RDONLY | O_CLOEXEC) : ::fcntl(opened.front(), F_DUPFD_CLOEXEC, 0);
        if (descriptor < 0)
            break;
        opened.push_back(descriptor);
    }
    for (const int descriptor : opened)
        ::close(descriptor);
    if (opened.size() == needed)
        return true;
    rlimit limit{};
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
    std::fprintf(
        stderr,
        "tidepool: the limit of open files is %llu, and only %zu more can be opened, not the %zu that are needed "
        "at least. Raise it with \"ulimit -n\".\n",
        static_cast<unsigned long long>(limit.rlim_cur), opened.size(), needed);
    return false;
}

} // namespace Tunnel
