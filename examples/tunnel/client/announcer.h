// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QSet>

namespace Tunnel {

/// What the client has to tell the server about its parked connections. Pure: no socket, no clock.
class Announcer
{
public:
    void parked(Tidepool::ConnectionId id);
    /// It was taken: on the server's word, so that it knows, or for a control channel.
    void taken(Tidepool::ConnectionId id);
    void evicted(Tidepool::ConnectionId id);

    /// The server knows nothing: the next messages() tell of everything that is parked.
    void startOver();
    /// What is parked, and the server does not know yet.
    [[nodiscard]] const QSet<Tidepool::ConnectionId> &unsaid() const { return m_unsaid; }
    /// What has changed since the last time; of what is unsaid, only what is in @p usable, and the rest stays unsaid.
    [[nodiscard]] QList<QJsonObject> messages(const QSet<Tidepool::ConnectionId> &usable);
    /// The same, and everything is usable.
    [[nodiscard]] QList<QJsonObject> messages() { return messages(QSet(m_unsaid)); }
    [[nodiscard]] int parkedCount() const { return static_cast<int>(m_parked.size()); }

private:
    QSet<Tidepool::ConnectionId> m_parked;
    QSet<Tidepool::ConnectionId> m_unsaid; // parked, and the server does not know yet
    QSet<Tidepool::ConnectionId> m_gone; // evicted, and the server was told before that it was there
};

} // namespace Tunnel
