// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "listener.h"
#include "reception.h"
#include "repeatedlog.h"
#include "supply.h"

#include <list>
#include <unordered_map>

namespace Tidepool {

/// Accepts a server pool's connections.
///
/// Lives in the lane and owns the listener and the receptions under way.
class ServerSupply final : public Supply
{
    Q_OBJECT

public:
    ServerSupply(Sink &sink, ServerSettings settings, const TlsConfiguration &tls, std::unique_ptr<Listener> listener);
    ~ServerSupply() override;

    void start() override;
    void wake() override {}
    void setPaused(bool paused) override;
    void abandon() override;
    void retire() override;

    /// @p newGeneration: what a connection is has changed; it begins now, and what is under way is abandoned.
    void setSettings(const ServerSettings &settings, const TlsConfiguration &tls, std::optional<quint64> newGeneration);

private:
    // In the order of arrival; a reception's place is found in constant time.
    using Line = std::list<Reception *>;
    struct Entry
    {
        std::unique_ptr<Reception> reception;
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
    void onSpoke(Reception *reception);
    void beginHandshakes();
    [[nodiscard]] size_t handshakeLimit(int room) const;
    [[nodiscard]] bool makeRoomAmongHandshakes();
    void onFinished(Reception *reception);
    void onFailed(Reception *reception);
    void onAcceptFailed(const QString &reason);
    void moveTo(Entry &entry, Line &line);
    std::unique_ptr<Reception> takeOver(Reception *reception);
    std::unique_ptr<Reception> remove(Reception *reception);

    Sink &m_sink;
    std::shared_ptr<const ServerSettings> m_settings;
    std::shared_ptr<const TlsConfiguration> m_tls;
    QString m_advice; ///< About the TLS settings, as logged last.
    std::unique_ptr<Listener> m_listener;
    std::unordered_map<Reception *, Entry> m_receptions;
    Line m_silent; ///< Nothing heard yet.
    Line m_queued; ///< Heard from; wait for one of the handshake places.
    Line m_handshaking;
    QTimer m_resumeTimer;
    QTimer m_graceTimer; ///< The longest handshake has had its time.
    bool m_isPaused = false;
    bool m_isStarted = false;
    bool m_isStarved = false; ///< Of descriptors; until the timer fires.
    RepeatedLog m_log{this};
};

} // namespace Tidepool
