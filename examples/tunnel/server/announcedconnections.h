// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QHash>
#include <QtCore/QList>

#include <chrono>
#include <map>
#include <optional>

namespace Tunnel {

/// Tracks which of the server's parked connections belong to the proven client.
///
/// The client announces its parked connections on the control channel. The server picks a connection for a visitor only
/// if the connection is announced and parked here. The other connections are unauthenticated: they belong to a new
/// client that has not proven itself yet, or to an unknown peer. Their number is limited and they expire, so they
/// neither stay nor take the place of the client's connections. Pure: no socket, and time is a parameter.
class AnnouncedConnections
{
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Limits
    {
        /// How long a connection can stay unannounced. Default: 5 s, enough for the whole handshake of a slow client.
        std::chrono::milliseconds patience{5'000};
        /// The maximum number of unannounced connections. The oldest one leaves first. Default: 1,024.
        int unauthenticated = 1'024;
        /// The maximum number of ids that are announced before their connection is parked here, which is a short time.
        /// Default: 1,024.
        int expected = 1'024;
    };

    AnnouncedConnections() = default;
    explicit AnnouncedConnections(const Limits &limits) : m_limits(limits) {}

    /// A connection was parked.
    void arrived(Tidepool::ConnectionId id, Time now);
    /// A parked connection was taken or evicted.
    void left(Tidepool::ConnectionId id);
    /// The proven client announces that it has, or no longer has, this connection.
    void announce(Tidepool::ConnectionId id);
    void withdraw(Tidepool::ConnectionId id);

    /// Returns and removes the client's newest connection.
    [[nodiscard]] std::optional<Tidepool::ConnectionId> pick();
    /// Returns and removes the unauthenticated connections that must be closed now.
    [[nodiscard]] QList<Tidepool::ConnectionId> expire(Time now);
    /// Called when the client is gone. Returns and removes all its connections, which must be closed.
    [[nodiscard]] QList<Tidepool::ConnectionId> dismissClient();

    /// The number of the client's connections that are parked here.
    [[nodiscard]] int ready() const { return static_cast<int>(m_ready.size()); }
    [[nodiscard]] int unauthenticated() const { return static_cast<int>(m_unauthenticated.size()); }

private:
    struct Entry
    {
        quint64 order = 0;
        Time since;
        bool announced = false;
    };
    using Order = std::map<quint64, Tidepool::ConnectionId>;

    void remove(QHash<Tidepool::ConnectionId, Entry>::iterator entry);
    void expect(Tidepool::ConnectionId id);

    Limits m_limits;
    quint64 m_arrivals = 0;
    QHash<Tidepool::ConnectionId, Entry> m_entries;
    Order m_ready;
    Order m_unauthenticated;
    QList<Tidepool::ConnectionId> m_expected;
};

} // namespace Tunnel
