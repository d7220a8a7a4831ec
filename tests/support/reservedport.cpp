// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/reservedport.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>

namespace TestSupport {

socklen_t systemAddress(const QHostAddress &address, quint16 port, sockaddr_storage &storage)
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

ReservedPort::ReservedPort(const QHostAddress &address)
{
    sockaddr_storage storage{};
    socklen_t size = systemAddress(address, 0, storage);
    auto *target = reinterpret_cast<sockaddr *>(&storage);
    m_descriptor = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    (void)setsockopt(m_descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(m_descriptor, target, size) == 0 && getsockname(m_descriptor, target, &size) == 0)
        m_port = ntohs(reinterpret_cast<sockaddr_in &>(storage).sin_port); // the same place in both families
}

ReservedPort::~ReservedPort()
{
    close(m_descriptor);
}

} // namespace TestSupport
