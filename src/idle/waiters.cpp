// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "waiters.h"

namespace Tidepool {

Waiters::Ticket Waiters::add(std::unique_ptr<Waiter> waiter)
{
    waiter->ticket = ++m_lastTicket;
    const Ticket ticket = waiter->ticket;
    if (waiter->id)
        m_byId[waiter->id->value()].insert(ticket);
    else
        m_anyInLine.insert(ticket);
    m_byDeadline.emplace(waiter->deadline, ticket);
    m_waiters.emplace(ticket, std::move(waiter));
    return ticket;
}

std::unique_ptr<Waiter> Waiters::next(ConnectionId id)
{
    auto named = nextByName(id);
    if (named || m_anyInLine.empty())
        return named;
    return remove(*m_anyInLine.begin());
}

std::unique_ptr<Waiter> Waiters::nextByName(ConnectionId id)
{
    const auto named = m_byId.find(id.value());
    return named == m_byId.end() ? nullptr : remove(*named->second.begin());
}

std::unique_ptr<Waiter> Waiters::remove(Ticket ticket)
{
    const auto found = m_waiters.find(ticket);
    if (found == m_waiters.end())
        return nullptr;
    std::unique_ptr<Waiter> waiter = std::move(found->second);
    m_waiters.erase(found);
    m_byDeadline.erase({waiter->deadline, ticket});
    if (!waiter->id) {
        m_anyInLine.erase(ticket);
        return waiter;
    }
    const auto named = m_byId.find(waiter->id->value());
    named->second.erase(ticket);
    if (named->second.empty())
        m_byId.erase(named);
    return waiter;
}

std::vector<std::unique_ptr<Waiter>> Waiters::expired(Waiter::Clock::time_point now)
{
    std::vector<std::unique_ptr<Waiter>> result;
    while (!m_byDeadline.empty() && m_byDeadline.begin()->first <= now)
        result.push_back(remove(m_byDeadline.begin()->second));
    return result;
}

std::vector<std::unique_ptr<Waiter>> Waiters::removeAll()
{
    return expired(Waiter::Clock::time_point::max());
}

Waiter::Clock::time_point Waiters::nextDeadline() const
{
    return m_byDeadline.empty() ? Waiter::Clock::time_point::max() : m_byDeadline.begin()->first;
}

} // namespace Tidepool
