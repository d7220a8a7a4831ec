// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "roster.h"

namespace Tunnel {

using Tidepool::ConnectionId;

void Roster::arrived(ConnectionId id, Time now)
{
    left(id);
    const bool announced = m_expected.removeOne(id);
    const quint64 order = ++m_arrivals;
    m_entries.insert(id, {order, now, announced});
    (announced ? m_ready : m_strangers).emplace(order, id);
}

void Roster::left(ConnectionId id)
{
    if (const auto entry = m_entries.find(id); entry != m_entries.end())
        remove(entry);
}

void Roster::announce(ConnectionId id)
{
    const auto entry = m_entries.find(id);
    if (entry == m_entries.end())
        return expect(id);
    if (entry->announced)
        return;
    entry->announced = true;
    m_strangers.erase(entry->order);
    m_ready.emplace(entry->order, id);
}

void Roster::withdraw(ConnectionId id)
{
    m_expected.removeOne(id);
    const auto entry = m_entries.find(id);
    if (entry == m_entries.end() || !entry->announced)
        return;
    // It is a stranger again, and expires as one if it does not close by itself.
    entry->announced = false;
    m_ready.erase(entry->order);
    m_strangers.emplace(entry->order, id);
}

std::optional<ConnectionId> Roster::pick()
{
    if (m_ready.empty())
        return std::nullopt;
    const ConnectionId id = std::prev(m_ready.end())->second;
    left(id);
    return id;
}

QList<ConnectionId> Roster::expire(Time now)
{
    QList<ConnectionId> expired;
    while (!m_strangers.empty()) {
        const ConnectionId id = m_strangers.begin()->second;
        const bool late = now - m_entries.value(id).since >= m_limits.patience;
        if (!late && strangers() <= m_limits.strangers)
            break;
        left(id);
        expired.append(id);
    }
    return expired;
}

QList<ConnectionId> Roster::dismissClient()
{
    m_expected.clear();
    QList<ConnectionId> dismissed;
    dismissed.reserve(ready());
    while (const auto id = pick())
        dismissed.append(*id);
    return dismissed;
}

void Roster::remove(QHash<ConnectionId, Entry>::iterator entry)
{
    (entry->announced ? m_ready : m_strangers).erase(entry->order);
    m_entries.erase(entry); // clazy:exclude=strict-iterators
}

void Roster::expect(ConnectionId id)
{
    if (m_expected.contains(id))
        return;
    m_expected.append(id);
    if (m_expected.size() > m_limits.expected)
        m_expected.removeFirst();
}

} // namespace Tunnel
