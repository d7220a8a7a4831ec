// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolstatus.h>

#include <atomic>
#include <mutex>

namespace Tunnel {

/// A distribution that one thread writes and other threads read.
class SharedDistribution
{
public:
    void add(std::chrono::nanoseconds value)
    {
        const std::lock_guard lock(m_mutex);
        m_distribution.add(value);
    }
    [[nodiscard]] Tidepool::Distribution get() const
    {
        const std::lock_guard lock(m_mutex);
        return m_distribution;
    }

private:
    mutable std::mutex m_mutex;
    Tidepool::Distribution m_distribution;
};

/// The counters of a tunnel end, in addition to those of its pool and its relays. One thread writes them, any thread
/// can read them.
struct TunnelMetrics
{
    // Gauges
    std::atomic<bool> connected = false; ///< The control channel is up, and the other end is proven.
    std::atomic<int> waiting = 0; ///< Server: visitors not served yet. Client: targets being connected.
    std::atomic<int> ready = 0; ///< Server: parked connections of the proven client. Client: parked ones.
    std::atomic<int> unauthenticated = 0; ///< Server: parked connections of unauthenticated clients.

    // Counters
    std::atomic<qint64> sessions = 0; ///< Control channels that were established.
    std::atomic<qint64> visitors = 0; ///< Visitors that arrived (server), or were announced (client).
    std::atomic<qint64> visitorsServed = 0; ///< Joined with a connection (server), or with the target (client).
    std::atomic<qint64> visitorsLeft = 0; ///< Server: visitors that left before they were served.
    std::atomic<qint64> visitorsFailed = 0; ///< Not served: no client in time, too many, or target unreachable.
    std::atomic<qint64> servedWarm = 0; ///< Server: visitors for which a connection was available at once.
    std::atomic<qint64> refusals = 0; ///< Connections that the client did not know.
    std::atomic<qint64> turnedAway = 0; ///< Server: attempts to authenticate without the secret.

    /// Server: from a visitor's arrival to the client's confirmation. Client: the time to reach the target.
    SharedDistribution visitorWait;
};

} // namespace Tunnel
