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
    /// The timeout for connecting to the target.
    std::chrono::milliseconds targetTimeout{5'000};
    /// Continue although the server's certificate or the secret is wrong. Otherwise see gaveUp().
    bool retriesForever = true;
};

/// The private end of the tunnel: keeps connections to the server warm, and joins each connection that the server
/// requests with the target.
///
/// Lives in one thread. metrics() and pool().status() can be called from any thread.
class TunnelClient : public QObject
{
    Q_OBJECT

public:
    explicit TunnelClient(const ClientSettings &settings, QObject *parent = nullptr);
    ~TunnelClient() override;

    void start();
    /// Accepts no more visitors. Emits drained() when the last relay has ended, at @p deadline at the latest.
    void drain(std::chrono::milliseconds deadline);
    /// Ends every pause between two attempts.
    void retryNow();

    /// True if visitors still exist, but no more are accepted.
    [[nodiscard]] bool isDraining() const { return m_draining; }
    /// The number of connections with a visitor. A drain waits for them.
    [[nodiscard]] int openConnections() const;
    [[nodiscard]] const Endpoint &target() const { return m_settings.target; }
    /// Why the last visitor could not reach the target, for example "Connection refused". Empty if the visitor reached
    /// the target, or if no visitor has come yet.
    [[nodiscard]] QString targetTrouble() const { return m_targetTrouble; }

    /// The pool, to watch, pause and flush it, and to read its levels. Only this object changes its settings and closes
    /// it.
    [[nodiscard]] Tidepool::ClientPool &pool() { return m_pool; }
    [[nodiscard]] const Tidepool::ClientPool &pool() const { return m_pool; }
    [[nodiscard]] const ControlLink &link() const { return m_link; }
    [[nodiscard]] const RelayRegistry &relays() const { return m_relays; }
    [[nodiscard]] const TunnelMetrics &metrics() const { return m_metrics; }

signals:
    void connected();
    /// Not emitted for every visitor. Emitted only if the problem with the target has a new cause, or is over.
    void targetTroubleChanged();
    /// The server requests a connection.
    void visitorCame();
    void drained();
    /// The problem has stayed the same in several attempts, and there will be no more attempts.
    void gaveUp(Tunnel::ControlLink::Rejection rejection);

private:
    void watchPool();
    void receive(const QJsonObject &object);
    void open(Tidepool::ConnectionId id, const QString &peer);
    /// @p digest: SHA-256.
    [[nodiscard]] bool isServersCertificate(const QByteArray &digest) const;
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
    QTimer m_announce; // collects the changes of one turn of the event loop
    QString m_targetTrouble;
    LimitedWarnings m_targetLog;
    LimitedWarnings m_foreignLog;
    QTimer m_drainDeadline;
    int m_joining = 0; // the number of connections that the server requested and that are not relayed yet
    int m_cutOffs = 0; // the number of times that joining connections were cut off
    int m_lostChannels = 0; // requests of a lost channel are not valid any more
    bool m_draining = false;
};

} // namespace Tunnel
