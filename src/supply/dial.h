// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../tls/tlsconfiguration.h"
#include "connectionsink.h"
#include "connectorsettings.h"
#include "tcpconnect.h"
#include "wireid.h"

#include <QtCore/QTimer>

#include <optional>

namespace Tidepool {

/// What a dial is made of.
struct DialPlan
{
    std::shared_ptr<const ConnectorSettings> settings;
    std::shared_ptr<const TlsConfiguration> tls;
    int round = 0; ///< The round that begins it.
    quint64 generation = 0; ///< Of the settings.
};

/// One attempt to make a client connection: resolve, connect, handshake, identify.
///
/// TcpConnect connects; where a proxy or a dialer has to, a QSslSocket does. From there on all is the same.
///
/// Lives in the I/O thread. Owns its socket until takeResult(). Exactly one of finished() and failed() is emitted,
/// once, and that inside one of the socket's signals: connect them queued, and look at isOver(), because the event may
/// outlive the dial it speaks of and find another in its place.
class Dial final : public QObject
{
    Q_OBJECT

public:
    Dial(ConnectionSink &sink, const DialPlan &plan);
    ~Dial() override;
    Q_DISABLE_COPY_MOVE(Dial)

    void start();
    [[nodiscard]] bool isOver() const { return m_isOver; }
    [[nodiscard]] int round() const { return m_plan.round; }
    [[nodiscard]] quint64 generation() const { return m_plan.generation; }
    [[nodiscard]] std::chrono::steady_clock::time_point begunAt() const { return m_begunAt; }
    /// Until the phase that it is in times out.
    [[nodiscard]] std::chrono::milliseconds timeLeft() const;
    /// After finished(): the connection.
    Established takeResult();
    /// After failed().
    [[nodiscard]] PoolError error() const { return m_error; }

Q_SIGNALS:
    void finished(Tidepool::Dial *dial);
    void failed(Tidepool::Dial *dial);

private:
    [[nodiscard]] const ConnectorSettings &settings() const { return *m_plan.settings; }
    [[nodiscard]] const TlsConfiguration &tls() const { return *m_plan.tls; }
    void enterPhase(Phase phase, std::chrono::milliseconds timeout);
    void onTimeout();
    void connectByAddress();
    void connectBySocket();
    void adopt(std::unique_ptr<QSslSocket> socket);
    void onConnected();
    void onEncrypted();
    void beginIdentify();
    void readId();
    void acceptId(const FirstBytes &id);
    void succeed(ConnectionId id);
    void fail(const PoolError &error);

    ConnectionSink &m_sink;
    const DialPlan m_plan;
    std::optional<StepGuard> m_step;
    QTimer m_timer;
    QTimer m_patience; ///< With what may be an id.
    Phase m_phase = Phase::Resolve;
    std::chrono::steady_clock::time_point m_begunAt = std::chrono::steady_clock::now();
    std::unique_ptr<TcpConnect> m_connect;
    std::unique_ptr<QSslSocket> m_socket;
    bool m_isOver = false;
    ConnectionId m_id;
    PoolError m_error;
};

} // namespace Tidepool
