// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "networknamespace.h"

#include "benchmarkerror.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <thread>

namespace Bench {

namespace {

constexpr const char *deviceName = "wan0";
constexpr int queueLength = 10'000; // packets; the link drops what it means to drop, the device drops nothing

void check(bool isDone, const char *what)
{
    if (!isDone)
        throw BenchmarkError(
            QStringLiteral("%1: %2.").arg(QLatin1String(what), QString::fromLocal8Bit(std::strerror(errno))));
}

ifreq requestFor(const char *device)
{
    ifreq request{};
    std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    return request;
}

void bringUp(const Descriptor &socket, const char *device)
{
    ifreq request = requestFor(device);
    request.ifr_flags = IFF_UP;
    check(::ioctl(socket.number(), SIOCSIFFLAGS, &request) == 0, "A network device could not be brought up");
}

void setAddress(const Descriptor &socket, unsigned long command, const char *text)
{
    ifreq request = requestFor(deviceName);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, text, &address.sin_addr);
    std::memcpy(&request.ifr_addr, &address, sizeof address);
    check(::ioctl(socket.number(), command, &request) == 0, "A TUN device got no address");
}

} // namespace

NetworkNamespace::NetworkNamespace(const char *address)
{
    // A namespace belongs to a thread: this one makes it, leaves the descriptors, and ends.
    std::exception_ptr failure;
    std::thread([&] {
        try {
            make(address);
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure)
        std::rethrow_exception(failure);
}

void NetworkNamespace::make(const char *address)
{
    check(::unshare(CLONE_NEWNET) == 0, "A network namespace could not be made");
    m_namespace = Descriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    check(m_namespace.isValid(), "A network namespace could not be opened");
    m_device = Descriptor(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    check(m_device.isValid(), "/dev/net/tun could not be opened");
    ifreq request = requestFor(deviceName);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    check(::ioctl(m_device.number(), TUNSETIFF, &request) == 0, "A TUN device could not be made");

    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    check(socket.isValid(), "No socket could be made in a network namespace");
    bringUp(socket, "lo");
    setAddress(socket, SIOCSIFADDR, address);
    setAddress(socket, SIOCSIFNETMASK, "255.255.255.0");
    request = requestFor(deviceName);
    request.ifr_qlen = queueLength;
    check(::ioctl(socket.number(), SIOCSIFTXQLEN, &request) == 0, "A TUN device's queue could not be set");
    bringUp(socket, deviceName);
}

} // namespace Bench
