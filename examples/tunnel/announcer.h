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
    /// What has changed since the last time.
    [[nodiscard]] QList<QJsonObject> messages();
    [[nodiscard]] int parkedCount() const { return static_cast<int>(m_parked.size()); }

private:
    QSet<Tidepool::ConnectionId> m_parked;
    QSet<Tidepool::ConnectionId> m_unsaid; // parked, and the server does not know yet
    QSet<Tidepool::ConnectionId> m_gone; // evicted, and the server was told before that it was there
};

} // namespace Tunnel
