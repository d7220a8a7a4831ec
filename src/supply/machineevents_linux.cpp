// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machineevents.h"

#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <limits>

namespace Tidepool {

namespace {

// Where routes come and go all the time, nobody has to hear of each.
constexpr std::chrono::milliseconds shortestPause{250};

// Reads away what came, so that the descriptor is quiet until there is more.
void followDescriptor(QObject &owner, int descriptor, const std::function<void()> &onChanged)
{
    auto *notifier = new QSocketNotifier(descriptor, QSocketNotifier::Read, &owner);
    QObject::connect(notifier, &QSocketNotifier::activated, &owner, [notifier, descriptor, onChanged] {
        std::array<char, 8'192> rest{};
        for (int i = 0; i < 64 && ::read(descriptor, rest.data(), rest.size()) > 0; ++i) {}
        notifier->setEnabled(false);
        QTimer::singleShot(shortestPause, notifier, [notifier] { notifier->setEnabled(true); });
        onChanged();
    });
    QObject::connect(notifier, &QObject::destroyed, notifier, [descriptor] { ::close(descriptor); });
}

// A timer that never ends, but for what sets the clock: somebody who does, and the end of a sleep (since Linux 5.15).
int clockEvents()
{
    const int descriptor = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (descriptor < 0)
        return -1;
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<time_t>::max();
    if (::timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) == 0)
        return descriptor;
    ::close(descriptor);
    return -1;
}

int routeEvents()
{
    const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (descriptor < 0)
        return -1;
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    if (::bind(descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0)
        return descriptor;
    ::close(descriptor);
    return -1;
}

} // namespace

std::chrono::nanoseconds passingClock()
{
    timespec now{};
    (void)::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

void followMachineEvents(QObject &owner, const std::function<void()> &onChanged)
{
    for (const int descriptor : {clockEvents(), routeEvents()}) {
        if (descriptor >= 0)
            followDescriptor(owner, descriptor, onChanged);
    }
}

} // namespace Tidepool
