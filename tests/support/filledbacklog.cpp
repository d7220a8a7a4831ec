// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/filledbacklog.h"

#include "support/reservedport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace TestSupport {

FilledBacklog::FilledBacklog(const QHostAddress &address, quint16 port)
{
    sockaddr_storage storage{};
    socklen_t size = systemAddress(address, port, storage);
    auto *target = reinterpret_cast<sockaddr *>(&storage);
    const int listener = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    m_descriptors.append(listener);
    if (bind(listener, target, size) != 0 || listen(listener, 0) != 0)
        return;
    getsockname(listener, target, &size);

    // The queue holds backlog + 1; the first connect that hangs says that it is full.
    for (int i = 0; i < 16; ++i) {
        const int client = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        m_descriptors.append(client);
        connect(client, target, size);
        pollfd writable{client, POLLOUT, 0};
        if (poll(&writable, 1, 100) == 0) {
            m_port = ntohs(reinterpret_cast<sockaddr_in &>(storage).sin_port); // the same place in both families
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
