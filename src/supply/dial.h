// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../tls/tlsconfiguration.h"
#include "clientsettings.h"
#include "sink.h"

#include <QtCore/QTimer>

#include <optional>

namespace Tidepool {

/// What a dial is made of.
struct DialPlan
{
    std::shared_ptr<const ClientSettings> settings;
    std::shared_ptr<const TlsConfiguration> tls;
    int round = 0; ///< The round that begins it.
    quint64 generation = 0; ///< Of the settings.
};

/// One attempt to make a client connection: resolve, connect, handshake, identify.
///
/// Lives in the lane. Owns its socket until takeResult(). Exactly one of finished() and failed() is emitted, once, and
/// that inside one of the socket's signals: connect them queued, and look at isOver(), because the event may
/// outlive the dial it speaks of and find another in its place.
class Dial : public QObject
{
    Q_OBJECT

public:
    /// The quickest dial that can carry out @p plan.
    [[nodiscard]] static std::unique_ptr<Dial> make(Sink &sink, const DialPlan &plan);

    virtual void start() = 0;
    [[nodiscard]] bool isOver() const { return m_isOver; }
    [[nodiscard]] int round() const { return m_plan.round; }
    [[nodiscard]] quint64 generation() const { return m_plan.generation; }
    [[nodiscard]] std::chrono::steady_clock::time_point begunAt() const { return m_begunAt; }
    /// After finished(): the connection.
    Established takeResult();
    /// After failed().
    [[nodiscard]] PoolError error() const { return m_error; }

Q_SIGNALS:
    void finished(Tidepool::Dial *dial);
    void failed(Tidepool::Dial *dial);

protected:
    Dial(Sink &sink, const DialPlan &plan);

    [[nodiscard]] const ClientSettings &settings() const { return *m_plan.settings; }
    [[nodiscard]] const TlsConfiguration &tls() const { return *m_plan.tls; }
    [[nodiscard]] Phase phase() const { return m_phase; }
    void enterPhase(Phase phase, std::chrono::milliseconds timeout);
    /// TCP is up.
    void enterHandshake();
    /// Reads the id that arrived, wireSize() bytes, and succeeds or fails.
    void identify(const QByteArray &bytes);
    void succeed(ConnectionId id);
    void fail(const PoolError &error);

    /// Of a dial that has succeeded; nothing is connected to it any more.
    [[nodiscard]] virtual std::unique_ptr<QSslSocket> takeSocket() = 0;

    Sink &m_sink;

private:
    const DialPlan m_plan;
    std::optional<StepGuard> m_step;
    QTimer m_timer;
    Phase m_phase = Phase::Resolve;
    std::chrono::steady_clock::time_point m_begunAt = std::chrono::steady_clock::now();
    bool m_isOver = false;
    ConnectionId m_id;
    PoolError m_error;
};

} // namespace Tidepool
