// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <chrono>
#include <optional>
#include <vector>

namespace Tidepool {

/// Learns after how long without use a server, or a firewall on the way to it, closes connections.
///
/// A server that restarts closes all connections at once, whatever their ages. So closings within a tenth of the first
/// one's age are one event, and it counts only if all were idle for about as long. The lifetime is known when three of
/// the last five events agree. It holds until three others agree, and for 20 times itself at most: a server that only
/// crashed at regular intervals is not held to that for ever.
class IdleLifetime
{
public:
    using Clock = std::chrono::steady_clock;

    /// A connection was closed from outside, @p idle after it was parked.
    void closed(Clock::duration idle, Clock::time_point when);
    /// Judges what is over. True if known() has changed.
    [[nodiscard]] bool settle(Clock::time_point now);
    /// When settle() is to be called next; Clock::time_point::max() for never.
    [[nodiscard]] Clock::time_point due() const;
    /// The shortest idle time of the events that agree; 0 if it is not known.
    [[nodiscard]] std::chrono::milliseconds known() const { return m_known; }
    void forget() { *this = {}; }

    /// After what time connections are replaced that live for @p known.
    [[nodiscard]] static std::chrono::milliseconds usable(std::chrono::milliseconds known) { return known * 4 / 5; }

private:
    struct Event
    {
        Clock::time_point end; ///< Closings up to then belong to it.
        Clock::duration shortest{};
        Clock::duration longest{};
    };

    void close(const Event &event);
    [[nodiscard]] std::chrono::milliseconds agreed() const;

    std::optional<Event> m_open;
    std::vector<Event> m_events; ///< The last ones that count.
    bool m_hasNews = false;
    std::chrono::milliseconds m_known{0};
    Clock::time_point m_end = Clock::time_point::max(); ///< Of m_known.
};

} // namespace Tidepool
