// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "networknamespace.h"

#include <QtCore/QString>

#include <atomic>
#include <chrono>
#include <deque>
#include <random>
#include <thread>
#include <vector>

namespace Bench {

/// A wide-area link between two network namespaces: a thread passes the packets on, each after half a round trip.
///
/// The order of packets is kept, and the rate is what the thread can do.
class WanLink
{
public:
    static constexpr const char *nearAddress = "10.99.0.1"; ///< Where clients are.
    static constexpr const char *farAddress = "10.99.0.2"; ///< Where servers are.

    /// Why this machine can have no such link, as the end of a sentence; empty if it can.
    [[nodiscard]] static QString missing();

    /// @p loss: the share of packets that get lost, each way. Throws BenchmarkError.
    explicit WanLink(std::chrono::milliseconds roundTrip, double loss = 0);
    ~WanLink();
    Q_DISABLE_COPY_MOVE(WanLink)

    [[nodiscard]] const NetworkNamespace &nearEnd() const { return m_near; }
    [[nodiscard]] const NetworkNamespace &farEnd() const { return m_far; }

    /// While it is down every packet gets lost, and nobody is told.
    void setDown(bool isDown) { m_isDown = isDown; }

private:
    using Clock = std::chrono::steady_clock;
    struct Packet
    {
        Clock::time_point due;
        std::vector<char> bytes;
    };
    struct Direction
    {
        int from;
        int to;
        std::deque<Packet> underWay;
    };

    void run();
    void receive(Direction &direction);
    void deliver(Direction &direction);
    [[nodiscard]] std::chrono::nanoseconds untilNext() const;

    NetworkNamespace m_near{nearAddress};
    NetworkNamespace m_far{farAddress};
    std::chrono::nanoseconds m_delay;
    std::bernoulli_distribution m_loss;
    std::minstd_rand m_random{std::random_device{}()};
    std::vector<Direction> m_directions;
    std::atomic<bool> m_isDown = false;
    std::atomic<bool> m_ends = false;
    std::thread m_thread;
};

} // namespace Bench
