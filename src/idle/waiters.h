// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/takeresult.h>

#include <QtCore/QPromise>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace Tidepool {

class TakeContext;

/// A take that has not been served yet.
struct Waiter
{
    using Clock = std::chrono::steady_clock;

    quint64 ticket = 0; ///< Rises with each waiter: the order of service.
    std::optional<ConnectionId> id; ///< The connection it wants; any if empty.
    Clock::time_point askedAt;
    Clock::time_point deadline;
    std::shared_ptr<TakeContext> context; ///< takeInto()
    QPromise<TakeResult> promise;
};

/// The takes in line, first come, first served.
///
/// Not thread-safe: it lives under the pool's mutex. Finish no promise there: continuations run inside finish().
class Waiters
{
public:
    using Ticket = quint64;

    [[nodiscard]] int size() const { return static_cast<int>(m_waiters.size()); }
    /// Those that any connection would serve.
    [[nodiscard]] int anyCount() const { return static_cast<int>(m_anyInLine.size()); }

    /// A connection named @p id would be served at once.
    [[nodiscard]] bool isAwaited(ConnectionId id) const
    {
        return !m_anyInLine.empty() || m_byId.find(id.value()) != m_byId.end();
    }

    Ticket add(std::unique_ptr<Waiter> waiter);
    /// Whom a connection named @p id serves: the first that wants it by name, else the first that wants any.
    std::unique_ptr<Waiter> next(ConnectionId id);
    /// The first that wants it by name.
    std::unique_ptr<Waiter> nextByName(ConnectionId id);
    /// nullptr if it was served meanwhile.
    std::unique_ptr<Waiter> remove(Ticket ticket);
    /// Those whose deadline is not after @p now.
    std::vector<std::unique_ptr<Waiter>> expired(Waiter::Clock::time_point now);
    std::vector<std::unique_ptr<Waiter>> removeAll();
    /// Waiter::Clock::time_point::max() if nobody waits.
    [[nodiscard]] Waiter::Clock::time_point nextDeadline() const;

private:
    std::map<Ticket, std::unique_ptr<Waiter>> m_waiters;
    std::set<Ticket> m_anyInLine;
    std::unordered_map<quint32, std::set<Ticket>> m_byId;
    std::set<std::pair<Waiter::Clock::time_point, Ticket>> m_byDeadline;
    Ticket m_lastTicket = 0;
};

} // namespace Tidepool
