// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/filledbacklog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace TestSupport {

namespace {

socklen_t write(const QHostAddress &address, quint16 port, sockaddr_storage &storage)
{
    if (address.protocol() == QAbstractSocket::IPv6Protocol) {
        auto &target = reinterpret_cast<sockaddr_in6 &>(storage);
        target.sin6_family = AF_INET6;
        target.sin6_port = htons(port);
        const Q_IPV6ADDR bytes = address.toIPv6Address();
        std::copy(std::begin(bytes.c), std::end(bytes.c), std::begin(target.sin6_addr.s6_addr));
        return sizeof target;
    }
    auto &target = reinterpret_cast<sockaddr_in &>(storage);
    target.sin_family = AF_INET;
    target.sin_port = htons(port);
    target.sin_addr.s_addr = htonl(address.toIPv4Address());
    return sizeof target;
}

} // namespace

FilledBacklog::FilledBacklog(const QHostAddress &address, quint16 port)
{
    sockaddr_storage storage{};
    socklen_t size = write(address, port, storage);
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
