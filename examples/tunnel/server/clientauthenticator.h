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

/// Takes the server's parked connections that speak, and finds out who they are.
///
/// Whoever speaks wants to be the client and has a few seconds to prove it. Such attempts are few at a time: one
/// more ends the oldest from the address that has most of them, so that a crowd from one address stands in
/// nobody's way but its own.
class ClientAuthenticator : public QObject
{
    Q_OBJECT

public:
    struct Limits
    {
        int attempts = 16;
        std::chrono::milliseconds patience{5'000};
    };
    /// Gets the channel of a client that has proven itself; not to be destroyed before the event loop's next turn.
    using Welcome = std::function<void(std::unique_ptr<ControlChannel>)>;

    ClientAuthenticator(Tidepool::ServerPool &pool, QByteArray secret, const Limits &limits, Welcome welcome,
                        QObject *parent = nullptr);
    ~ClientAuthenticator() override;

    /// This parked connection has spoken.
    void consider(Tidepool::ConnectionId id);
    /// Ends the attempts under way; what speaks from now on is closed.
    void close();

    /// Attempts under way.
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
    std::vector<Attempt *> m_attempts; // oldest first; children of this
    LimitedWarnings m_log;
    bool m_closed = false;
};

} // namespace Tunnel
