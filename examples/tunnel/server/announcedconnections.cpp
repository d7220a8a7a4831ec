// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "announcedconnections.h"

namespace Tunnel {

using Tidepool::ConnectionId;

void AnnouncedConnections::arrived(ConnectionId id, Time now)
{
    left(id);
    const bool announced = m_expected.removeOne(id);
    const quint64 order = ++m_arrivals;
    m_entries.insert(id, {order, now, announced});
    (announced ? m_ready : m_unauthenticated).emplace(order, id);
}

void AnnouncedConnections::left(ConnectionId id)
{
    if (const auto entry = m_entries.find(id); entry != m_entries.end())
        remove(entry);
}

void AnnouncedConnections::announce(ConnectionId id)
{
    const auto entry = m_entries.find(id);
    if (entry == m_entries.end())
        return expect(id);
    if (entry->announced)
        return;
    entry->announced = true;
    m_unauthenticated.erase(entry->order);
    m_ready.emplace(entry->order, id);
}

void AnnouncedConnections::withdraw(ConnectionId id)
{
    m_expected.removeOne(id);
    const auto entry = m_entries.find(id);
    if (entry == m_entries.end() || !entry->announced)
        return;
    // The connection is unauthenticated again. If it does not close by itself, it expires.
    entry->announced = false;
    m_ready.erase(entry->order);
    m_unauthenticated.emplace(entry->order, id);
}

std::optional<ConnectionId> AnnouncedConnections::pick()
{
    if (m_ready.empty())
        return std::nullopt;
    const ConnectionId id = std::prev(m_ready.end())->second;
    left(id);
    return id;
}

QList<ConnectionId> AnnouncedConnections::expire(Time now)
{
    QList<ConnectionId> expired;
    while (!m_unauthenticated.empty()) {
        const ConnectionId id = m_unauthenticated.begin()->second;
        const bool late = now - m_entries.value(id).since >= m_limits.patience;
        if (!late && unauthenticated() <= m_limits.unauthenticated)
            break;
        left(id);
        expired.append(id);
    }
    return expired;
}

QList<ConnectionId> AnnouncedConnections::dismissClient()
{
    m_expected.clear();
    QList<ConnectionId> dismissed;
    dismissed.reserve(ready());
    while (const auto id = pick())
        dismissed.append(*id);
    return dismissed;
}

void AnnouncedConnections::remove(QHash<ConnectionId, Entry>::iterator entry)
{
    (entry->announced ? m_ready : m_unauthenticated).erase(entry->order);
    m_entries.erase(entry); // clazy:exclude=strict-iterators
}

void AnnouncedConnections::expect(ConnectionId id)
{
    if (m_expected.contains(id))
        return;
    m_expected.append(id);
    if (m_expected.size() > m_limits.expected)
        m_expected.removeFirst();
}

} // namespace Tunnel
