// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "peerprobe.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace Tidepool {

namespace {

std::optional<int> readOption(qintptr descriptor, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(static_cast<int>(descriptor), level, name, &value, &size) != 0)
        return std::nullopt;
    return value;
}

// See tcp(7). When TCP_KEEPIDLE is set, the system restarts its timer and subtracts the time that has already passed.
void setTimes(qintptr descriptor, KeepAliveTimes times)
{
    const auto set = [descriptor](int name, int value) {
        (void)::setsockopt(static_cast<int>(descriptor), IPPROTO_TCP, name, &value, sizeof value);
    };
    set(TCP_USER_TIMEOUT, times.userTimeout);
    set(TCP_KEEPCNT, times.count);
    set(TCP_KEEPINTVL, times.interval);
    set(TCP_KEEPIDLE, times.idle);
}

// With a user timeout, the first unanswered probe ends a connection that has been silent for longer than the timeout.
// Without a user timeout, the number of probes decides, and probes now go out every second.
KeepAliveTimes forProbing(const KeepAliveTimes &before)
{
    const qint64 untilDead =
        before.userTimeout > 0 ? before.userTimeout / 1'000 : before.idle + qint64(before.count) * before.interval;
    return {1, 1, static_cast<int>(std::clamp<qint64>(untilDead, 1, 127)), 0};
}

std::optional<KeepAliveTimes> beginProbe(qintptr descriptor)
{
    if (readOption(descriptor, SOL_SOCKET, SO_KEEPALIVE).value_or(0) == 0)
        return std::nullopt;
    const auto idle = readOption(descriptor, IPPROTO_TCP, TCP_KEEPIDLE);
    const auto interval = readOption(descriptor, IPPROTO_TCP, TCP_KEEPINTVL);
    const auto count = readOption(descriptor, IPPROTO_TCP, TCP_KEEPCNT);
    const auto userTimeout = readOption(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT);
    if (!idle || !interval || !count || !userTimeout)
        return std::nullopt;
    const KeepAliveTimes before{*idle, *interval, *count, *userTimeout};
    setTimes(descriptor, forProbing(before));
    return before;
}

std::optional<std::chrono::milliseconds> silenceOf(qintptr descriptor)
{
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(static_cast<int>(descriptor), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return std::nullopt;
    return std::chrono::milliseconds(std::min(info.tcpi_last_ack_recv, info.tcpi_last_data_recv));
}

constexpr PeerProbe linuxPeerProbe{&beginProbe, &setTimes, &silenceOf};

} // namespace

const PeerProbe *peerProbe()
{
    return &linuxPeerProbe;
}

} // namespace Tidepool
