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

/// A take that has not been served yet: what it waits for, and until when. Its promise is elsewhere, under its ticket.
struct Waiter
{
    using Clock = std::chrono::steady_clock;
    using Ticket = quint64;

    Ticket ticket = 0; ///< Rises with each waiter: the order of service.
    std::optional<ConnectionId> id; ///< The connection it wants; any if empty.
    Clock::time_point askedAt;
    Clock::time_point deadline;
};

/// The takes in line, first come, first served.
///
/// Not thread-safe: it lives under the pool's mutex. Whoever a connection is offered to leaves the line and is being
/// served until endServing().
class Waiters
{
public:
    using Ticket = Waiter::Ticket;

    /// All, those being served included.
    [[nodiscard]] int size() const { return static_cast<int>(m_inLine.size() + m_served.size()); }
    [[nodiscard]] int lineSize() const { return static_cast<int>(m_inLine.size()); }
    /// Those in line that any connection would serve.
    [[nodiscard]] int anyCount() const { return static_cast<int>(m_anyInLine.size()); }

    /// A connection named @p id would be served at once.
    [[nodiscard]] bool isAwaited(ConnectionId id) const { return !m_anyInLine.empty() || isAwaitedByName(id); }
    [[nodiscard]] bool isAwaitedByName(ConnectionId id) const { return m_byId.find(id.value()) != m_byId.end(); }

    /// Gives the waiter its ticket.
    Ticket add(Waiter waiter);
    /// Whom a connection named @p id serves: the first that wants it by name, else the first that wants any.
    std::optional<Ticket> serveNext(ConnectionId id);
    /// The first that wants it by name.
    std::optional<Ticket> serveNextByName(ConnectionId id);
    /// Of a waiter that is being served.
    Waiter endServing(Ticket ticket);
    /// Nothing if it is not in line any more.
    std::optional<Waiter> remove(Ticket ticket);
    /// Removes those in line whose deadline is not after @p now.
    std::vector<Waiter> expired(Waiter::Clock::time_point now);
    /// Removes those in line.
    std::vector<Waiter> removeAll();
    /// Waiter::Clock::time_point::max() if nobody is in line.
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
