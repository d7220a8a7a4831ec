// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "waiters.h"

namespace Tidepool {

Waiters::Ticket Waiters::add(Waiter waiter)
{
    waiter.ticket = ++m_lastTicket;
    if (waiter.id)
        m_byId[waiter.id->value()].insert(waiter.ticket);
    else
        m_anyInLine.insert(waiter.ticket);
    m_byDeadline.emplace(waiter.deadline, waiter.ticket);
    m_inLine.emplace(waiter.ticket, waiter);
    return waiter.ticket;
}

std::map<Waiters::Ticket, Waiter>::node_type Waiters::leaveLine(Ticket ticket)
{
    auto node = m_inLine.extract(ticket);
    if (node.empty())
        return node;
    const Waiter &waiter = node.mapped();
    m_byDeadline.erase({waiter.deadline, ticket});
    if (!waiter.id) {
        m_anyInLine.erase(ticket);
        return node;
    }
    const auto named = m_byId.find(waiter.id->value());
    named->second.erase(ticket);
    if (named->second.empty())
        m_byId.erase(named);
    return node;
}

std::optional<Waiters::Ticket> Waiters::serveNext(ConnectionId id)
{
    const auto named = serveNextByName(id);
    if (named || m_anyInLine.empty())
        return named;
    const Ticket ticket = *m_anyInLine.begin();
    m_served.insert(leaveLine(ticket));
    return ticket;
}

std::optional<Waiters::Ticket> Waiters::serveNextByName(ConnectionId id)
{
    const auto named = m_byId.find(id.value());
    if (named == m_byId.end())
        return std::nullopt;
    const Ticket ticket = *named->second.begin();
    m_served.insert(leaveLine(ticket));
    return ticket;
}

Waiter Waiters::endServing(Ticket ticket)
{
    return m_served.extract(ticket).mapped();
}

std::optional<Waiter> Waiters::remove(Ticket ticket)
{
    const auto node = leaveLine(ticket);
    return node.empty() ? std::nullopt : std::optional(node.mapped());
}

std::vector<Waiter> Waiters::expired(Waiter::Clock::time_point now)
{
    std::vector<Waiter> result;
    while (!m_byDeadline.empty() && m_byDeadline.begin()->first <= now)
        result.push_back(leaveLine(m_byDeadline.begin()->second).mapped());
    return result;
}

std::vector<Waiter> Waiters::removeAll()
{
    return expired(Waiter::Clock::time_point::max());
}

Waiter::Clock::time_point Waiters::nextDeadline() const
{
    return m_byDeadline.empty() ? Waiter::Clock::time_point::max() : m_byDeadline.begin()->first;
}

} // namespace Tidepool
