// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "descriptortable.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace Tidepool {

namespace {
constexpr int leastAtOnce = 512; // for fewer descriptors, one long step costs as much as the short steps
constexpr int mostAtOnce = 16'384; // uses 128 KiB of the system's memory
} // namespace

// Linux doubles the table whenever it is full. In a process with several threads, Linux then waits until no processor
// uses the old table (expand_fdtable() in fs/file.c). strace shows 7 to 12 ms inside socket(), at the 64th, 128th,
// 256th ... descriptor. A table never shrinks, so using a high number once is enough.
void makeRoomForDescriptors(int count)
{
    if (count < leastAtOnce)
        return;
    const int lowest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (lowest < 0)
        return;
    rlimit limit{};
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
    const auto last =
        std::min<rlim_t>(limit.rlim_cur, static_cast<rlim_t>(lowest + std::min(count, mostAtOnce)) + 1) - 1;
    const int highest = ::fcntl(lowest, F_DUPFD_CLOEXEC, static_cast<int>(last));
    if (highest >= 0)
        ::close(highest);
    ::close(lowest);
}

} // namespace Tidepool
