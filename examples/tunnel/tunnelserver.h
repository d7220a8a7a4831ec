// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "gatekeeper.h"
#include "limitedwarnings.h"
#include "messages.h"
#include "relaybook.h"
#include "roster.h"
#include "tunnelfigures.h"
#include "visitorport.h"

#include <tidepool/serverpool.h>

#include <deque>
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
    /// How long the client may take to confirm a connection.
    std::chrono::milliseconds openTimeout{3'000};
    /// How often a visitor is tried again after a refusal or a missing confirmation.
    int maximumRefusals = 8;
    /// Parked connections at most, strangers' included.
    int maximumParked = 8'192;
    /// Of these, strangers' at most.
    int maximumStrangers = 1'024;
    /// TLS handshakes under way at once.
    int maximumHandshakes = 64;
    /// Visitors at once, waiting or served; one more is closed.
    int maximumVisitors = 4'096;

    /// Lowers the last four to what @p files open files allow. QTcpServer spins when they run out.
    void fitInto(int files);
};

/// The public end of the tunnel: joins visitors with the proven client's warm connections.
///
/// A visitor takes a connection that the client announced, the client is asked to confirm it, and only then does the
/// first byte of the visitor go onto it. Lives in one thread; figures() and pool().status() may be called from any.
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
    [[nodiscard]] const RelayBook &relays() const { return m_relays; }
    [[nodiscard]] const TunnelFigures &figures() const { return m_figures; }

signals:
    void clientConnected();
    void clientLost();
    void drained();

private:
    /// A visitor for whom a connection is being taken, or confirmed by the client.
    struct Opening
    {
        Visitor visitor;
        Tidepool::Connection connection;
        std::chrono::steady_clock::time_point deadline;
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
    [[nodiscard]] bool hasGone(const Visitor &visitor);
    [[nodiscard]] std::optional<Visitor> nextVisitor();
    [[nodiscard]] bool replaceVisitor(Opening &opening);
    void taken(Tidepool::ConnectionId id, quint64 session, const Tidepool::TakeResult &result);
    void opened(Tidepool::ConnectionId id);
    void refused(Tidepool::ConnectionId id, const QString &reason);
    void tryAgain(Opening opening);
    enum class Unserved : quint8 { TooManyWait, TooManyAreHere, Refused, NoConnection, NoClient };
    void turnAway(const Visitor &visitor, Unserved kind);
    // Time
    void sweep();
    void discard(const QList<Tidepool::ConnectionId> &ids);
    void updateFigures();
    void finishDrainIfDone();

    const ServerSettings m_settings;
    Tidepool::ServerPool m_pool;
    TunnelFigures m_figures;
    RelayBook m_relays;
    Roster m_roster;
    Gatekeeper m_gatekeeper;
    VisitorPort m_port;
    std::unique_ptr<ControlChannel> m_session; // the proven client's
    quint64 m_sessionNumber = 0;
    bool m_sessionClosing = false;
    std::deque<Visitor> m_waiting;
    std::unordered_map<quint32, Opening> m_openings; // by the connection's id
    LimitedWarnings m_visitorLog;
    QTimer m_serve; // at the end of a turn of the event loop
    QTimer m_sweep;
    QTimer m_drainDeadline;
    bool m_draining = false;
};

} // namespace Tunnel
