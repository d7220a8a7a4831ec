// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "descriptorlimit.h"

#include <QtCore/qglobal.h>

#include <vector>

#ifndef Q_OS_WIN
#    include <fcntl.h>
#    include <sys/socket.h>
#    include <unistd.h>
#endif

namespace Tidepool {

#ifdef Q_OS_WIN
bool hasFreeDescriptors(int)
{
    return true;
}
#else
// Opens descriptors to find out. Neither the limit nor the number of open descriptors is enough, because the numbers in
// use need not be the lowest.
bool hasFreeDescriptors(int count)
{
    std::vector<int> opened;
    opened.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
        const int descriptor =
            opened.empty() ? ::socket(AF_UNIX, SOCK_DGRAM, 0) : ::fcntl(opened.front(), F_DUPFD_CLOEXEC, 0);
        if (descriptor < 0)
            break;
        opened.push_back(descriptor);
    }
    for (const int descriptor : opened)
        ::close(descriptor);
    return static_cast<int>(opened.size()) == count;
}
#endif

} // namespace Tidepool
