// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/repeatedlog.h"
#include "handshakethread.h"
#include "inboundconnection.h"
#include "listener.h"
#include "supply.h"

#include <list>
#include <unordered_map>

namespace Tidepool {

/// Accepts a server pool's connections.
///
/// Lives in the pool's I/O thread and owns the listener and the inbound connections under way, but for those that shake
/// hands in another I/O thread: these are its HandshakeThread's until they come back.
class Acceptor final : public Supply
{
    Q_OBJECT

public:
    /// @p ioThread: the pool's, if handshakes may also run in the others; else nullptr.
    Acceptor(std::shared_ptr<ConnectionSink> sink, AcceptorSettings settings, const TlsConfiguration &tls,
             std::unique_ptr<Listener> listener, const std::shared_ptr<IoThread> &ioThread);
    ~Acceptor() override;

    void start() override;
    void wake() override {}
    void setPaused(bool paused) override;
    void abandon() override;
    void retire() override;
    [[nodiscard]] std::vector<std::shared_ptr<IoThread>> otherIoThreads() const override;

    /// @p newGeneration: what a connection is has changed; it begins now, and what is under way is abandoned.
    void setSettings(const AcceptorSettings &settings, const TlsConfiguration &tls,
                     std::optional<quint64> newGeneration);

private:
    // In the order of arrival; an inbound connection's place is found in constant time.
    using Line = std::list<InboundConnection *>;
    struct Entry
    {
        std::unique_ptr<InboundConnection> inbound; ///< nullptr while it is in a HandshakeThread.
        HandshakeThread *thread = nullptr; ///< That has it.
        Line *line = nullptr;
        Line::iterator place;
        std::chrono::steady_clock::time_point movedAt; ///< Into this line.
    };

    void onIncoming(qintptr descriptor);
    void receive(qintptr descriptor, const Peer &peer);
    [[nodiscard]] size_t silentLimit() const;
    void makeRoomAmongSilent();
    void refuseUnderWay();
    void acceptOrHold();
    void onSpoke(InboundConnection *inbound);
    void beginHandshakes();
    [[nodiscard]] size_t handshakeLimit(int room) const;
    [[nodiscard]] bool makeRoomAmongHandshakes();
    void beginHandshake(Entry &entry);
    void joinOtherThreads();
    [[nodiscard]] HandshakeThread *leastBusyThread() const;
    void onReturned(std::unique_ptr<InboundConnection> inbound);
    void onFinished(InboundConnection *inbound);
    void onFailed(InboundConnection *inbound);
    void onAcceptFailed(const QString &reason);
    void moveTo(Entry &entry, Line &line);
    std::unique_ptr<InboundConnection> takeOver(InboundConnection *inbound);
    std::unique_ptr<InboundConnection> remove(InboundConnection *inbound);

    const std::shared_ptr<ConnectionSink> m_sink;
    std::shared_ptr<const AcceptorSettings> m_settings;
    std::shared_ptr<const TlsConfiguration> m_tls;
    QString m_advice; ///< About the TLS settings, as logged last.
    std::unique_ptr<Listener> m_listener;
    std::unordered_map<InboundConnection *, Entry> m_inbound;
    Line m_silent; ///< Nothing heard yet.
    Line m_queued; ///< Heard from; wait for one of the handshake places.
    Line m_handshaking;
    const bool m_isSpread; ///< Over the I/O threads.
    std::weak_ptr<IoThread> m_ioThread; ///< The pool's, until the others are joined.
    std::vector<std::shared_ptr<HandshakeThread>> m_otherThreads;
    QTimer m_resumeTimer;
    QTimer m_graceTimer; ///< The longest handshake has had its time.
    bool m_isPaused = false;
    bool m_isStarted = false;
    bool m_isStarved = false; ///< Of descriptors; until the timer fires.
    RepeatedLog m_log{this};
};

} // namespace Tidepool
