// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../limitedwarnings.h"
#include "../protocol/controlchannel.h"

#include <QtCore/QObject>

#include <functional>
#include <memory>
#include <vector>

namespace Tidepool {
class ServerPool;
}

namespace Tunnel {

/// Takes the server's parked connections on which the peer has sent bytes, and authenticates the peers.
///
/// A peer that sends bytes wants to be the client and has a few seconds to prove it. The number of attempts is limited.
/// At the limit, a new attempt ends the oldest attempt of the address that has most attempts. Many attempts from one
/// address therefore only affect that address.
class ClientAuthenticator : public QObject
{
    Q_OBJECT

public:
    struct Limits
    {
        int attempts = 16;
        std::chrono::milliseconds patience{5'000};
    };
    /// Receives the channel of a client that has proven itself. Do not destroy the channel before the next turn of the
    /// event loop.
    using Welcome = std::function<void(std::unique_ptr<ControlChannel>)>;

    ClientAuthenticator(Tidepool::ServerPool &pool, QByteArray secret, const Limits &limits, Welcome welcome,
                        QObject *parent = nullptr);
    ~ClientAuthenticator() override;

    /// Call this when the peer of this parked connection has sent bytes.
    void consider(Tidepool::ConnectionId id);
    /// Ends all attempts. Connections on which the peer sends bytes from now on are closed.
    void close();

    /// The number of attempts in progress.
    [[nodiscard]] int attempts() const { return static_cast<int>(m_attempts.size()); }

signals:
    void turnedAway();

private:
    class Attempt;

    void admit(Tidepool::Connection connection);
    void makeRoom();
    void receive(Attempt *attempt, const QJsonObject &message);
    void accept(Attempt *attempt);
    void turnAway(Attempt *attempt, const QString &reason);
    void remove(Attempt *attempt);

    Tidepool::ServerPool &m_pool;
    const QByteArray m_secret;
    const Limits m_limits;
    const Welcome m_welcome;
    std::vector<Attempt *> m_attempts; // oldest first, children of this object
    LimitedWarnings m_log;
    bool m_closed = false;
};

} // namespace Tunnel
