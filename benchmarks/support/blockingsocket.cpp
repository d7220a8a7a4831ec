// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "blockingsocket.h"

#include "benchmarkerror.h"
#include "stopwatch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace Bench {

namespace {

constexpr int backlog = 1'024;
constexpr time_t patience = 30;

sockaddr_in endpoint(in_addr_t host, quint16 port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = host;
    return address;
}

Descriptor newSocket()
{
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.isValid())
        throw BenchmarkError(
            QStringLiteral("No socket could be made: %1.").arg(QString::fromLocal8Bit(std::strerror(errno))));
    return socket;
}

void setOptions(const Descriptor &socket)
{
    const int on = 1;
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval limit{patience, 0};
    ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Descriptor listenOn(in_addr_t host, quint16 port)
{
    Descriptor socket = newSocket();
    const int on = 1;
    ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = endpoint(host, port);
    if (::bind(socket.number(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0
        || ::listen(socket.number(), backlog) != 0)
        throw BenchmarkError(
            QStringLiteral("Nothing could listen: %1.").arg(QString::fromLocal8Bit(std::strerror(errno))));
    return socket;
}

Descriptor connectTo(in_addr_t host, quint16 port)
{
    Descriptor socket = newSocket();
    setOptions(socket);
    const sockaddr_in address = endpoint(host, port);
    if (::connect(socket.number(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return {};
    return socket;
}

} // namespace

Descriptor::~Descriptor()
{
    if (m_number >= 0)
        ::close(m_number);
}

Descriptor listenOnLoopback(quint16 port)
{
    return listenOn(htonl(INADDR_LOOPBACK), port);
}

Descriptor listenEverywhere(quint16 port)
{
    return listenOn(htonl(INADDR_ANY), port);
}

quint16 localPort(const Descriptor &socket)
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(socket.number(), reinterpret_cast<sockaddr *>(&address), &size);
    return ntohs(address.sin_port);
}

Descriptor acceptOne(const Descriptor &listener)
{
    Descriptor socket(::accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.isValid())
        setOptions(socket);
    return socket;
}

Descriptor connectToLoopback(quint16 port)
{
    return connectTo(htonl(INADDR_LOOPBACK), port);
}

Descriptor connectTo(const QString &address, quint16 port)
{
    return connectTo(::inet_addr(address.toLatin1().constData()), port);
}

bool sendAll(const Descriptor &socket, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t sent = ::send(socket.number(), bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= static_cast<size_t>(sent);
    }
    return true;
}

bool receiveAll(const Descriptor &socket, char *bytes, size_t size)
{
    return ::recv(socket.number(), bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

quint16 freePort()
{
    return localPort(listenOnLoopback());
}

Descriptor connectAndAwaitGreeting(quint16 port)
{
    Descriptor socket = connectToLoopback(port);
    char byte = 0;
    if (!socket.isValid() || !receiveAll(socket, &byte, 1) || byte != greeting)
        return {};
    return socket;
}

bool awaitPath(quint16 port, std::chrono::milliseconds timeout)
{
    const Stopwatch watch;
    while (watch.elapsed() < timeout) {
        if (connectAndAwaitGreeting(port).isValid())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

} // namespace Bench
