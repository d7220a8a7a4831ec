// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "wanlink.h"

#include "benchmarkerror.h"

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace Bench {

namespace {

constexpr size_t largestPacket = 65'536;
constexpr size_t mostUnderWay = 100'000; // packets of one direction; far more than TCP sends within a round trip
constexpr int packetsAtOnce = 64;
constexpr std::chrono::milliseconds longestSleep{20}; // until the thread sees that it is to end

} // namespace

QString WanLink::missing()
{
    if (::geteuid() != 0)
        return QStringLiteral("it needs root to make network namespaces.");
    try {
        const NetworkNamespace attempt(nearAddress);
    } catch (const BenchmarkError &error) {
        return QStringLiteral("it needs network namespaces with TUN devices. ") + QString::fromUtf8(error.what());
    }
    return {};
}

WanLink::WanLink(std::chrono::milliseconds roundTrip, double loss)
    : m_delay(roundTrip / 2)
    , m_loss(loss)
    , m_directions{{m_near.device(), m_far.device(), {}}, {m_far.device(), m_near.device(), {}}}
    , m_thread([this] { run(); })
{}

WanLink::~WanLink()
{
    m_ends = true;
    m_thread.join();
}

void WanLink::run()
{
    // The delay is to be exact, however busy the processors are.
    ::prctl(PR_SET_TIMERSLACK, 1); // ns
    const sched_param priority{1};
    ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &priority);
    std::array<pollfd, 2> devices{pollfd{m_near.device(), POLLIN, 0}, pollfd{m_far.device(), POLLIN, 0}};
    while (!m_ends) {
        const timespec rest{0, static_cast<long>(untilNext().count())};
        ::ppoll(devices.data(), devices.size(), &rest, nullptr);
        for (Direction &direction : m_directions) {
            receive(direction);
            deliver(direction);
        }
    }
}

std::chrono::nanoseconds WanLink::untilNext() const
{
    std::chrono::nanoseconds result = longestSleep;
    for (const Direction &direction : m_directions) {
        if (!direction.underWay.empty())
            result = std::min<std::chrono::nanoseconds>(result, direction.underWay.front().due - Clock::now());
    }
    return std::max(result, std::chrono::nanoseconds(0));
}

void WanLink::receive(Direction &direction)
{
    std::array<char, largestPacket> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init)
    for (int i = 0; i < packetsAtOnce; ++i) {
        const ssize_t size = ::read(direction.from, buffer.data(), buffer.size());
        if (size <= 0)
            return;
        if (m_isDown || m_loss(m_random) || direction.underWay.size() >= mostUnderWay)
            continue;
        direction.underWay.push_back({Clock::now() + m_delay, {buffer.data(), buffer.data() + size}});
    }
}

void WanLink::deliver(Direction &direction)
{
    const auto now = Clock::now();
    while (!direction.underWay.empty() && direction.underWay.front().due <= now) {
        const Packet &packet = direction.underWay.front();
        if (!m_isDown && ::write(direction.to, packet.bytes.data(), packet.bytes.size()) < 0) {
            // the device is full, so the packet is lost, as in a router
        }
        direction.underWay.pop_front();
    }
}

} // namespace Bench
