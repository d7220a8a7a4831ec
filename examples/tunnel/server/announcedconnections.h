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

/// Which of the server's parked connections belong to the proven client.
///
/// The client announces, on the control channel, what it has parked. Only a connection that is announced and parked
/// here is ever picked for a visitor; the others are unauthenticated: a new client that has not proven itself yet, or
/// nobody. They are few and they expire, so that they neither stay nor crowd out the client's. Pure: no
/// socket, and time is a parameter.
class AnnouncedConnections
{
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Limits
    {
        /// How long a connection may stay unannounced. Default: 5 s, a slow client's whole handshake.
        std::chrono::milliseconds patience{5'000};
        /// Unannounced ones at most; the oldest leaves first. Default: 1,024.
        int unauthenticated = 1'024;
        /// Ids announced before their connection is parked here, which happens only for moments. Default: 1,024.
        int expected = 1'024;
    };

    AnnouncedConnections() = default;
    explicit AnnouncedConnections(const Limits &limits) : m_limits(limits) {}

    /// A connection was parked.
    void arrived(Tidepool::ConnectionId id, Time now);
    /// A parked connection was taken or evicted.
    void left(Tidepool::ConnectionId id);
    /// The proven client says that it has this one, or that it has not any more.
    void announce(Tidepool::ConnectionId id);
    void withdraw(Tidepool::ConnectionId id);

    /// The client's newest connection, removed from here.
    [[nodiscard]] std::optional<Tidepool::ConnectionId> pick();
    /// The unauthenticated connections that are to be closed now, removed from here.
    [[nodiscard]] QList<Tidepool::ConnectionId> expire(Time now);
    /// The client is gone: all its connections, to be closed, removed from here.
    [[nodiscard]] QList<Tidepool::ConnectionId> dismissClient();

    /// The client's connections that are here.
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
