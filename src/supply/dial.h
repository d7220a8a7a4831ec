// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../tls/tlsconfiguration.h"
#include "clientsettings.h"
#include "sink.h"

#include <QtCore/QTimer>

#include <optional>

namespace Tidepool {

/// One attempt to make a client connection: resolve, connect, handshake, identify.
///
/// Lives in the lane. Owns its socket until takeResult(). Exactly one of finished() and failed() is emitted, once, and
/// that inside one of the socket's signals: connect them queued, and look at isOver(), because the event may
/// outlive the dial it speaks of and find another in its place.
class Dial : public QObject
{
    Q_OBJECT

public:
    Dial(Sink &sink, std::shared_ptr<const ClientSettings> settings, std::shared_ptr<const TlsConfiguration> tls,
         int round);

    void start();
    [[nodiscard]] bool isOver() const { return m_isOver; }
    /// The round that began it.
    [[nodiscard]] int round() const { return m_round; }
    [[nodiscard]] quint64 generation() const { return m_generation; }
    [[nodiscard]] std::chrono::steady_clock::time_point begunAt() const { return m_begunAt; }
    /// After finished(): the connection.
    Established takeResult();
    /// After failed().
    [[nodiscard]] PoolError error() const { return m_error; }

Q_SIGNALS:
    void finished(Tidepool::Dial *dial);
    void failed(Tidepool::Dial *dial);

private:
    void prepare();
    void enterPhase(Phase phase, std::chrono::milliseconds timeout);
    void onStateChanged(QAbstractSocket::SocketState state);
    void onConnected();
    void onEncrypted();
    void identify();
    void readId();
    void succeed(ConnectionId id);
    void fail(const PoolError &error);
    void failWithSocketError();

    Sink &m_sink;
    std::shared_ptr<const ClientSettings> m_settings;
    std::shared_ptr<const TlsConfiguration> m_tls;
    std::unique_ptr<QSslSocket> m_socket;
    std::optional<StepGuard> m_step;
    QTimer m_timer;
    Phase m_phase = Phase::Resolve;
    std::chrono::steady_clock::time_point m_begunAt = std::chrono::steady_clock::now();
    quint64 m_generation;
    int m_round;
    bool m_isOver = false;
    ConnectionId m_id;
    PoolError m_error;
};

} // namespace Tidepool
