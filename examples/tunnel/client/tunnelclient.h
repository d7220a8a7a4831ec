// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../endpoint.h"
#include "../metrics/tunnelmetrics.h"
#include "../protocol/controllink.h"
#include "../relayregistry.h"
#include "announcer.h"

#include <tidepool/clientpool.h>

namespace Tunnel {

struct ClientSettings
{
    Endpoint server;
    Endpoint target;
    Tidepool::Bounds bounds;
    Tidepool::TlsOptions tls;
    QByteArray secret;
    std::chrono::milliseconds heartbeat{5'000};
    std::chrono::milliseconds idleTimeout{3'600'000};
    /// For connecting to the target.
    std::chrono::milliseconds targetTimeout{5'000};
    /// Goes on although the server's certificate or the secret is wrong; otherwise see gaveUp().
    bool retriesForever = true;
};

/// The private end of the tunnel: keeps connections to the server warm, and joins those that it asks for with the
/// target.
///
/// Lives in one thread; metrics() and pool().status() may be called from any.
class TunnelClient : public QObject
{
    Q_OBJECT

public:
    explicit TunnelClient(const ClientSettings &settings, QObject *parent = nullptr);
    ~TunnelClient() override;

    void start();
    /// Takes no more visitors; drained() when the last relay has ended, at @p deadline at the latest.
    void drain(std::chrono::milliseconds deadline);
    /// Ends every pause between two attempts.
    void retryNow();

    /// Visitors are still here, and no more are taken.
    [[nodiscard]] bool isDraining() const { return m_draining; }
    /// With a visitor on each: what a drain waits for.
    [[nodiscard]] int openConnections() const;
    [[nodiscard]] const Endpoint &target() const { return m_settings.target; }
    /// Why the last visitor could not reach the target, "Connection refused"; empty if he could, or nobody came yet.
    [[nodiscard]] QString targetTrouble() const { return m_targetTrouble; }

    /// To be watched, paused and flushed, and for its levels; its settings and its end are this object's.
    [[nodiscard]] Tidepool::ClientPool &pool() { return m_pool; }
    [[nodiscard]] const Tidepool::ClientPool &pool() const { return m_pool; }
    [[nodiscard]] const ControlLink &link() const { return m_link; }
    [[nodiscard]] const RelayRegistry &relays() const { return m_relays; }
    [[nodiscard]] const TunnelMetrics &metrics() const { return m_metrics; }

signals:
    void connected();
    /// Not for every visitor: only if what keeps them from the target is another cause, or over.
    void targetTroubleChanged();
    /// The server asks for a connection.
    void visitorCame();
    void drained();
    /// What is wrong has not changed in several attempts, and there will be no more.
    void gaveUp(Tunnel::ControlLink::Rejection rejection);

private:
    void watchPool();
    void receive(const QJsonObject &object);
    void open(Tidepool::ConnectionId id, const QString &peer);
    [[nodiscard]] bool isOfTheServer(const Tidepool::Connection &connection) const;
    void join(const Tidepool::Connection &connection, const QString &peer);
    [[nodiscard]] QSet<Tidepool::ConnectionId> findUsable();
    void announce();
    void setTargetTrouble(const QString &reason);
    void cutOffJoining();
    void finishDrainIfDone();

    const ClientSettings m_settings;
    Tidepool::ClientPool m_pool;
    TunnelMetrics m_metrics;
    RelayRegistry m_relays;
    ControlLink m_link;
    Announcer m_announcer;
    QTimer m_announce; // collects what one turn of the event loop brings
    QString m_targetTrouble;
    LimitedWarnings m_targetLog;
    LimitedWarnings m_foreignLog;
    QTimer m_drainDeadline;
    int m_joining = 0; // connections asked for by the server that are not relayed yet
    int m_cutOffs = 0; // ends of their time
    int m_lostChannels = 0; // what was asked for on them is void
    bool m_draining = false;
};

} // namespace Tunnel
