// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QSet>

namespace Tunnel {

/// Finds out what the client must tell the server about its parked connections. Pure: no socket, no clock.
class Announcer
{
public:
    void parked(Tidepool::ConnectionId id);
    /// The connection was taken, either at the server's request, so the server knows, or for a control channel.
    void taken(Tidepool::ConnectionId id);
    void evicted(Tidepool::ConnectionId id);

    /// The server knows nothing: the next messages() announces everything that is parked.
    void startOver();
    /// The parked connections that the server does not know yet.
    [[nodiscard]] const QSet<Tidepool::ConnectionId> &unsaid() const { return m_unsaid; }
    /// The changes since the last call. New connections are announced only if they are in @p usable. The others stay
    /// unsaid.
    [[nodiscard]] QList<QJsonObject> messages(const QSet<Tidepool::ConnectionId> &usable);
    /// The same, with all connections usable.
    [[nodiscard]] QList<QJsonObject> messages() { return messages(QSet(m_unsaid)); }
    [[nodiscard]] int parkedCount() const { return static_cast<int>(m_parked.size()); }

private:
    QSet<Tidepool::ConnectionId> m_parked;
    QSet<Tidepool::ConnectionId> m_unsaid; // parked connections that the server does not know yet
    QSet<Tidepool::ConnectionId> m_gone; // evicted connections that were announced to the server before
};

} // namespace Tunnel
