// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace Tidepool {

/// A take that has not been served yet: what the take waits for, and until when. PoolCore keeps its promise, under the
/// ticket.
struct Waiter
{
    using Clock = std::chrono::steady_clock;
    using Ticket = quint64;

    Ticket ticket = 0; ///< Increases with each waiter, so it gives the order of service.
    std::optional<ConnectionId> id; ///< The connection that the take needs, or any connection if empty.
    Clock::time_point askedAt;
    Clock::time_point deadline;
};

/// The waiting takes, in the order of their calls.
///
/// Not thread-safe: protected by the pool's mutex. When a connection is offered to a waiter, the waiter leaves the
/// line. The waiter counts as being served until endServing().
class Waiters
{
public:
    using Ticket = Waiter::Ticket;

    /// The number of all waiters, including waiters that are being served.
    [[nodiscard]] int size() const { return static_cast<int>(m_inLine.size() + m_served.size()); }
    [[nodiscard]] int lineSize() const { return static_cast<int>(m_inLine.size()); }
    /// The number of waiters in line that any connection can serve.
    [[nodiscard]] int anyCount() const { return static_cast<int>(m_anyInLine.size()); }

    /// True if a connection named @p id would be served to a waiter at once.
    [[nodiscard]] bool isAwaited(ConnectionId id) const { return !m_anyInLine.empty() || isAwaitedByName(id); }
    [[nodiscard]] bool isAwaitedByName(ConnectionId id) const { return m_byId.find(id.value()) != m_byId.end(); }

    /// Adds the waiter and gives it a ticket.
    Ticket add(Waiter waiter);
    /// The waiter that a connection named @p id serves: the first waiter for that id, otherwise the first waiter for
    /// any connection.
    std::optional<Ticket> serveNext(ConnectionId id);
    /// The first waiter for that id.
    std::optional<Ticket> serveNextByName(ConnectionId id);
    /// Removes a waiter that is being served.
    Waiter endServing(Ticket ticket);
    /// Returns std::nullopt if the waiter is not in line any more.
    std::optional<Waiter> remove(Ticket ticket);
    /// Removes the waiters in line whose deadline is @p now or earlier.
    std::vector<Waiter> expired(Waiter::Clock::time_point now);
    /// Removes all waiters in line.
    std::vector<Waiter> removeAll();
    /// Waiter::Clock::time_point::max() if no waiter is in line.
    [[nodiscard]] Waiter::Clock::time_point nextDeadline() const;

private:
    std::map<Ticket, Waiter>::node_type leaveLine(Ticket ticket);

    std::map<Ticket, Waiter> m_inLine;
    std::map<Ticket, Waiter> m_served;
    std::set<Ticket> m_anyInLine;
    std::unordered_map<quint32, std::set<Ticket>> m_byId;
    std::set<std::pair<Waiter::Clock::time_point, Ticket>> m_byDeadline;
    Ticket m_lastTicket = 0;
};

} // namespace Tidepool
