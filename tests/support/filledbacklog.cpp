// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/filledbacklog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace TestSupport {

FilledBacklog::FilledBacklog()
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    m_descriptors.append(listener);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), size) != 0 || listen(listener, 0) != 0)
        return;
    getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size);

    // The queue holds backlog + 1; the first connect that hangs says that it is full.
    for (int i = 0; i < 16; ++i) {
        const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        m_descriptors.append(client);
        connect(client, reinterpret_cast<sockaddr *>(&address), size);
        pollfd writable{client, POLLOUT, 0};
        if (poll(&writable, 1, 100) == 0) {
            m_port = ntohs(address.sin_port);
            return;
        }
    }
}

FilledBacklog::~FilledBacklog()
{
    for (const int descriptor : m_descriptors)
        close(descriptor);
}

} // namespace TestSupport
