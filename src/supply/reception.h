// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../tls/tlsconfiguration.h"
#include "peername.h"
#include "serversettings.h"
#include "sink.h"

#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>

#include <optional>

namespace Tidepool {

/// What a reception is made of.
struct ReceptionPlan
{
    std::shared_ptr<const ServerSettings> settings;
    std::shared_ptr<const TlsConfiguration> tls;
    quint64 generation = 0; ///< Of both.
};

/// One accepted connection on its way to the pool: TLS handshake, then sending the id.
///
/// Lives in the lane. Owns its descriptor, and the socket that it becomes, until takeResult(). Exactly one of
/// finished() and failed() is emitted, once, mostly inside one of the socket's signals: see Dial for how to connect
/// them. A pool that has become full meanwhile fails it with ErrorKind::Limit before it is told an id.
class Reception : public QObject
{
    Q_OBJECT

public:
    /// Owns @p descriptor.
    Reception(Sink &sink, const ReceptionPlan &plan, qintptr descriptor, const Peer &peer);
    ~Reception() override;
    Q_DISABLE_COPY_MOVE(Reception)

    void start();
    [[nodiscard]] bool isOver() const { return m_isOver; }
    /// The client has not said a word yet, so it costs no more than a descriptor.
    [[nodiscard]] bool isSilent() const { return m_isSilent; }
    [[nodiscard]] std::chrono::steady_clock::time_point begunAt() const { return m_begunAt; }
    [[nodiscard]] const Peer &peer() const { return m_peer; }
    Established takeResult();
    [[nodiscard]] PoolError error() const { return m_error; }

Q_SIGNALS:
    /// It is silent no more: the handshake wants to begin, with beginHandshake().
    void spoke(Tidepool::Reception *reception);
    void finished(Tidepool::Reception *reception);
    void failed(Tidepool::Reception *reception);

public:
    void beginHandshake();

private:
    [[nodiscard]] bool open();
    void onReadable();
    void identify();
    [[nodiscard]] bool reserve();
    void succeedWhenSent();
    void fail(const PoolError &error);
    [[nodiscard]] QString client() const;

    Sink &m_sink;
    const ReceptionPlan m_plan;
    qintptr m_descriptor; // until it is the socket's
    Peer m_peer;
    std::unique_ptr<QSocketNotifier> m_notifier; // while it is silent
    std::unique_ptr<QSslSocket> m_socket;
    std::optional<StepGuard> m_step;
    QTimer m_timer;
    Phase m_phase = Phase::Handshake;
    std::chrono::steady_clock::time_point m_begunAt = std::chrono::steady_clock::now();
    bool m_isSilent = true;
    bool m_isOver = false;
    bool m_hasPlace = false;
    ConnectionId m_id;
    PoolError m_error;
};

} // namespace Tidepool
