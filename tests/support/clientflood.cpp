// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/clientflood.h"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace TestSupport {

ClientFlood::ClientFlood(quint16 port, int count)
    : m_thread([this, port, count] {
        for (int i = 0; i < count && !m_isStopped; ++i)
            connectOne(port);
    })
{}

ClientFlood::~ClientFlood()
{
    m_isStopped = true;
    m_thread.join();
    for (const Client &client : m_clients)
        ::close(client.descriptor);
}

void ClientFlood::connectOne(quint16 port)
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::connect(descriptor, reinterpret_cast<sockaddr *>(&address), size) != 0
        || ::getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &size) != 0) {
        ::close(descriptor);
        return;
    }
    const std::lock_guard lock(m_mutex);
    m_clients.push_back({descriptor, ntohs(address.sin_port)});
    ++m_connected;
}

int ClientFlood::bytesAt(const QString &endpoint) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = std::find_if(m_clients.begin(), m_clients.end(), [&](const Client &client) {
        return endpoint == QStringLiteral("127.0.0.1:%1").arg(client.port);
    });
    int bytes = 0;
    if (found == m_clients.end() || ::ioctl(found->descriptor, FIONREAD, &bytes) != 0)
        return -1;
    return bytes;
}

} // namespace TestSupport
