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
    /// How long a visitor waits to be served, with or without a connected client.
    std::chrono::milliseconds visitorPatience{10'000};
    /// The maximum number of waiting visitors. A further visitor is closed.
    int maximumWaiting = 1'024;
    /// How long the client can take to confirm a connection on which no bytes of the visitor are yet. If there are
    /// bytes, the limit is the visitor's patience.
    std::chrono::milliseconds openTimeout{3'000};
    /// How often the server tries again to serve a visitor after a refusal or a missing confirmation.
    int maximumRefusals = 8;
    /// The maximum number of parked connections, including connections of unauthenticated clients.
    int maximumParked = 8'192;
    /// The maximum number of these connections that belong to unauthenticated clients.
    int maximumUnauthenticated = 1'024;
    /// The maximum number of TLS handshakes in progress.
    int maximumHandshakes = 64;
    /// The maximum number of visitors, waiting or served. A further visitor is closed.
    int maximumVisitors = 4'096;

    /// Lowers the last four values to fit into @p files open files. QTcpServer uses a full processor when no
    /// descriptors are left.
    void fitInto(int files);
};

/// The public end of the tunnel: joins visitors with warm connections of the proven client.
///
/// A visitor gets a connection that the proven client has announced. No other connection receives a byte of the
/// visitor. The server asks the client to confirm the connection, and in the meantime sends the visitor's first bytes
/// on it: see EarlyBytes. If the client refuses, the server uses another connection. If the client does not answer, or
/// its control channel is lost first, the server closes a visitor whose bytes are already on the connection. The client
/// can have passed those bytes on, and the target must not get them twice. Lives in one thread. metrics() and
/// pool().status() can be called from any thread.
class TunnelServer : public QObject
{
    Q_OBJECT

public:
    explicit TunnelServer(const ServerSettings &settings, QObject *parent = nullptr);
    ~TunnelServer() override;

    /// Listens on both addresses. On failure, returns the reason and what to do. On success, returns an empty string.
    [[nodiscard]] QString start();
    /// Accepts no more visitors. Emits drained() when the last relay has ended, at @p deadline at the latest.
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
    // The connection is parked, or it has just ended.
    static constexpr std::chrono::milliseconds warmTakeTimeout{200};

    /// A visitor for whom the server takes a connection, or waits for the client's confirmation.
    struct Opening
    {
        Visitor visitor;
        Tidepool::Connection connection;
        std::chrono::steady_clock::time_point deadline;
        std::unique_ptr<EarlyBytes> early; ///< Set when the client is asked.

        /// True if the client can have passed on bytes of the visitor.
        [[nodiscard]] bool mayBePassedOn() const;
        /// Returns the visitor with all bytes that were read from it. The connection closes.
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
    std::unique_ptr<ControlChannel> m_session; // of the proven client
    quint64 m_sessionNumber = 0;
    bool m_sessionClosing = false;
    std::deque<Visitor> m_waiting;
    int m_toldWaiting = 0; // the number that the session was told last
    std::chrono::steady_clock::time_point m_toldAt;
    std::unordered_map<quint32, Opening> m_openings; // the key is the connection's id
    LimitedWarnings m_visitorLog;
    QTimer m_serve; // fires at the end of a turn of the event loop
    QTimer m_sweep;
    QTimer m_drainDeadline;
    bool m_draining = false;
};

} // namespace Tunnel
