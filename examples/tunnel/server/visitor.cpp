// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "visitor.h"

#ifdef Q_OS_UNIX
#    include <poll.h>
#    include <sys/socket.h>
#endif

namespace Tunnel {

bool hasLeft(const Visitor &visitor, bool canHalfClose)
{
#ifdef Q_OS_UNIX
    const auto descriptor = static_cast<int>(visitor.socket->socketDescriptor());
    pollfd state{descriptor, POLLIN, 0};
    if (::poll(&state, 1, 0) <= 0)
        return false;
    if ((state.revents & (POLLERR | POLLHUP)) != 0)
        return true;
    char byte = 0;
    return !canHalfClose && visitor.said.isEmpty() && ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
#else
    Q_UNUSED(visitor)
    Q_UNUSED(canHalfClose)
    return false;
#endif
}

} // namespace Tunnel
