// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../earlybytes.h"
#include "../limitedwarnings.h"
#include "../metrics/tunnelmetrics.h"
#include "../protocol/messages.h"
#include "../relayregistry.h"
#include "announcedconnections.h"
#include "clientauthenticator.h"
#include "publiclistener.h"

#include <tidepool/serverpool.h>

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

namespace Tunnel {

struct ServerSettings
{
    QHostAddress listenAddress;
    quint16 listenPort = 0;
    QHostAddress exposeAddress;
    quint16 exposePort = 0;
    QStringList allowedClients;
    Tidepool::TlsOptions tls;
    QByteArray secret;
    std::chrono::milliseconds heartbeat{5'000};
    std::chrono::milliseconds idleTimeout{3'600'000};
    /// How long a visitor waits to be served, client away or not.
    std::chrono::milliseconds visitorPatience{10'000};
    /// Visitors who wait at once; one more is closed.
    int maximumWaiting = 1'024;
    /// How long the client may take to confirm a connection on which nothing is yet; else the visitor's patience
    /// counts.
    std::chrono::milliseconds openTimeout{3'000};
    /// How often a visitor is tried again after a refusal or a missing confirmation.
    int maximumRefusals = 8;
    /// Parked connections at most, unauthenticated clients' included.
    int maximumParked = 8'192;
    /// Of these, unauthenticated clients' at most.
    int maximumUnauthenticated = 1'024;
    /// TLS handshakes under way at once.
    int maximumHandshakes = 64;
    /// Visitors at once, waiting or served; one more is closed.
    int maximumVisitors = 4'096;

    /// Lowers the last four to what @p files open files allow. QTcpServer spins when they run out.
    void fitInto(int files);
};

/// The public end of the tunnel: joins visitors with the proven client's warm connections.
///
/// A visitor takes a connection that the proven client has announced; on no other goes a byte of his. The client is
/// asked to confirm it, and the first of what he says goes there at once: see EarlyBytes. If the client refuses,
/// another connection takes over. If it does not answer, or is lost before, a visitor of whom a byte went there is
/// turned away: the client may have passed it on, and the target gets nothing twice. Lives in one thread; metrics() and
/// pool().status() may be called from any.
class TunnelServer : public QObject
{
    Q_OBJECT

public:
    explicit TunnelServer(const ServerSettings &settings, QObject *parent = nullptr);
    ~TunnelServer() override;

    /// Listens on both addresses. On failure the reason, and what to do; an empty string on success.
    [[nodiscard]] QString start();
    /// Accepts no more visitors; drained() when the last relay has ended, at @p deadline at the latest.
    void drain(std::chrono::milliseconds deadline);

    [[nodiscard]] const Tidepool::ServerPool &pool() const { return m_pool; }
    [[nodiscard]] QHostAddress exposedAddress() const { return m_port.serverAddress(); }
    [[nodiscard]] quint16 exposedPort() const { return m_port.serverPort(); }
    [[nodiscard]] bool isClientConnected() const { return m_session != nullptr; }
    [[nodiscard]] int waitingVisitors() const;
    [[nodiscard]] const RelayRegistry &relays() const { return m_relays; }
    [[nodiscard]] const TunnelMetrics &metrics() const { return m_metrics; }

signals:
    void clientConnected();
    void clientLost();
    void drained();

private:
    // What is taken is parked, or has gone this moment.
    static constexpr std::chrono::milliseconds warmTakeTimeout{200};

    /// A visitor for whom a connection is being taken, or confirmed by the client.
    struct Opening
    {
        Visitor visitor;
        Tidepool::Connection connection;
        std::chrono::steady_clock::time_point deadline;
        std::unique_ptr<EarlyBytes> early; ///< From when the client is asked.

        /// The client may have passed on something of his.
        [[nodiscard]] bool mayBePassedOn() const;
        /// With all that was read of him; the connection closes.
        [[nodiscard]] Visitor takeVisitor();
    };

    void watchPool();
    // The client
    void welcome(std::unique_ptr<ControlChannel> channel);
    void endSession(const QString &reason);
    void receive(const QJsonObject &object);
    void announce(const QList<Tidepool::ConnectionId> &ids);
    // The visitors
    void admit(Visitor visitor);
    void serve();
    void tellWaiting();
    [[nodiscard]] bool hasGone(const Visitor &visitor);
    [[nodiscard]] std::optional<Visitor> nextVisitor();
    [[nodiscard]] bool replaceVisitor(Opening &opening);
    void taken(Tidepool::ConnectionId id, quint64 session, const Tidepool::TakeResult &result);
    void opened(Tidepool::ConnectionId id);
    void refused(Tidepool::ConnectionId id, const QString &reason);
    void tryAgain(Opening opening);
    enum class Unserved : quint8 { TooManyWait, TooManyAreHere, Refused, NoAnswer, NoConnection, NoClient };
    void turnAway(const Visitor &visitor, Unserved kind);
    // Time
    void sweep();
    void discard(const QList<Tidepool::ConnectionId> &ids);
    void updateMetrics();
    void finishDrainIfDone();

    const ServerSettings m_settings;
    Tidepool::ServerPool m_pool;
    TunnelMetrics m_metrics;
    RelayRegistry m_relays;
    AnnouncedConnections m_announced;
    ClientAuthenticator m_authenticator;
    PublicListener m_port;
    std::unique_ptr<ControlChannel> m_session; // the proven client's
    quint64 m_sessionNumber = 0;
    bool m_sessionClosing = false;
    std::deque<Visitor> m_waiting;
    int m_toldWaiting = 0; // the session
    std::chrono::steady_clock::time_point m_toldAt;
    std::unordered_map<quint32, Opening> m_openings; // by the connection's id
    LimitedWarnings m_visitorLog;
    QTimer m_serve; // at the end of a turn of the event loop
    QTimer m_sweep;
    QTimer m_drainDeadline;
    bool m_draining = false;
};

} // namespace Tunnel
