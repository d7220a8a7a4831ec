// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "peerend.h"

#ifdef Q_OS_UNIX
#    include <fcntl.h>
#    include <poll.h>
#    include <unistd.h>
#endif

namespace Tunnel {

#ifdef Q_OS_UNIX

PeerEnd::PeerEnd(qintptr descriptor) : m_descriptor(::fcntl(static_cast<int>(descriptor), F_DUPFD_CLOEXEC, 0)) {}

PeerEnd::~PeerEnd()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

bool PeerEnd::isOrderly() const
{
    pollfd state{m_descriptor, POLLIN, 0};
    return m_descriptor >= 0 && ::poll(&state, 1, 0) >= 0 && (state.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

#else

PeerEnd::PeerEnd(qintptr) {}
PeerEnd::~PeerEnd() = default;

bool PeerEnd::isOrderly() const
{
    return false;
}

#endif

} // namespace Tunnel
