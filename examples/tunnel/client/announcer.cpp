// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "announcer.h"

#include "../protocol/messages.h"

namespace Tunnel {

using Tidepool::ConnectionId;

void Announcer::parked(ConnectionId id)
{
    m_parked.insert(id);
    m_unsaid.insert(id);
    m_gone.remove(id);
}

void Announcer::taken(ConnectionId id)
{
    m_parked.remove(id);
    m_unsaid.remove(id);
}

void Announcer::evicted(ConnectionId id)
{
    if (m_parked.remove(id) && !m_unsaid.remove(id))
        m_gone.insert(id);
}

void Announcer::startOver()
{
    m_unsaid = m_parked;
    m_gone.clear();
}

QList<QJsonObject> Announcer::messages(const QSet<ConnectionId> &usable)
{
    QList<QJsonObject> messages = Messages::gone(QList<ConnectionId>(m_gone.cbegin(), m_gone.cend()));
    const QSet<ConnectionId> said = QSet(m_unsaid).intersect(usable);
    messages += Messages::have(QList<ConnectionId>(said.cbegin(), said.cend()));
    m_gone.clear();
    m_unsaid.subtract(said);
    return messages;
}

} // namespace Tunnel
