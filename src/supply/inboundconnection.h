// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/peername.h"
#include "../tls/tlsconfiguration.h"
#include "acceptorsettings.h"
#include "connectionsink.h"

#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>

#include <atomic>
#include <optional>

namespace Tidepool {

/// What an inbound connection is made of.
struct InboundPlan
{
    std::shared_ptr<const AcceptorSettings> settings;
    std::shared_ptr<const TlsConfiguration> tls;
    quint64 generation = 0; ///< Of both.
};

/// One accepted connection on its way to the pool: TLS handshake, then sending the id.
///
/// Lives in an I/O thread, and may be moved to another. Owns its descriptor, and the socket that it becomes, until
/// takeResult(). Exactly one of finished() and failed() is emitted, once, mostly inside one of the socket's signals:
/// see Dial for how to connect them. A pool that has become full meanwhile fails it with ErrorKind::Limit before it is
/// told an id.
class InboundConnection : public QObject
{
    Q_OBJECT

public:
    /// Owns @p descriptor.
    InboundConnection(std::shared_ptr<ConnectionSink> sink, const InboundPlan &plan, qintptr descriptor,
                      const Peer &peer);
    ~InboundConnection() override;
    Q_DISABLE_COPY_MOVE(InboundConnection)

    void start();
    /// Before its handshake, or when it is over: takes it and its socket out of the calling thread, which must be its
    /// own, into @p thread. Outside its own signals and slots and those of its socket.
    void moveTo(QThread *thread);
    /// Any thread.
    [[nodiscard]] bool isOver() const { return m_isOver; }
    /// The client has not said a word yet, so it costs no more than a descriptor.
    [[nodiscard]] bool isSilent() const { return m_isSilent; }
    [[nodiscard]] std::chrono::steady_clock::time_point begunAt() const { return m_begunAt; }
    /// Any thread.
    [[nodiscard]] const Peer &peer() const { return m_peer; }
    Established takeResult();
    [[nodiscard]] PoolError error() const { return m_error; }

Q_SIGNALS:
    /// It is silent no more: the handshake wants to begin, with beginHandshake().
    void spoke(Tidepool::InboundConnection *inbound);
    void finished(Tidepool::InboundConnection *inbound);
    void failed(Tidepool::InboundConnection *inbound);

public:
    void beginHandshake();

private:
    [[nodiscard]] bool open();
    void onReadable();
    void identify();
    [[nodiscard]] bool reserve();
    void succeedWhenSent();
    void fail(const PoolError &error);
    [[nodiscard]] std::chrono::milliseconds timeout() const;
    [[nodiscard]] QString client() const;

    const std::shared_ptr<ConnectionSink> m_sink;
    const InboundPlan m_plan;
    qintptr m_descriptor; // until it is the socket's
    const Peer m_peer;
    std::unique_ptr<QSocketNotifier> m_notifier; // while it is silent
    std::unique_ptr<QSslSocket> m_socket;
    std::optional<StepGuard> m_step;
    QTimer m_timer;
    Phase m_phase = Phase::Handshake;
    std::chrono::steady_clock::time_point m_begunAt = std::chrono::steady_clock::now();
    bool m_isSilent = true;
    std::atomic<bool> m_isOver = false;
    bool m_hasPlace = false;
    ConnectionId m_id;
    PoolError m_error;
};

} // namespace Tidepool
