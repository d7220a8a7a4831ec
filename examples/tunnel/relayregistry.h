// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/relay.h>

#include <QtCore/QObject>

#include <chrono>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace Tunnel {

/// The current relays and their byte counts. The first side of each relay is the pooled connection.
///
/// Lives in one thread. totals() can be called from any thread.
class RelayRegistry : public QObject
{
    Q_OBJECT

public:
    struct Totals
    {
        int active = 0;
        qint64 started = 0;
        qint64 failed = 0; ///< Ended by an error or by the idle timeout.
        qint64 fromTunnel = 0; ///< Bytes.
        qint64 intoTunnel = 0; ///< Bytes.
    };

    /// @p outside is the name of the second side in the log: "the visitor".
    RelayRegistry(std::chrono::milliseconds idleTimeout, const QString &outside, QObject *parent = nullptr);
    ~RelayRegistry() override;

    /// @p early is the number of bytes of the outside that are already in the tunnel. They count too.
    void start(Tidepool::Connection pooled, std::unique_ptr<QTcpSocket> outside, qint64 early = 0);
    void stopAll();

    [[nodiscard]] Totals totals() const;
    [[nodiscard]] int active() const { return static_cast<int>(m_relays.size()); }
    [[nodiscard]] bool isEmpty() const { return m_relays.empty(); }

signals:
    /// A relay ended. Other relays can still run.
    void relayEnded();

private:
    void finish(Tidepool::Relay *relay, Tidepool::Relay::Reason reason, qint64 early);

    [[nodiscard]] QString words(Tidepool::Relay::Reason reason, const QString &errorText) const;

    const std::chrono::milliseconds m_idleTimeout;
    const QString m_outside;
    mutable std::mutex m_mutex; // protects the relays' lifetimes and the totals against totals() in other threads
    std::unordered_map<Tidepool::Relay *, std::unique_ptr<Tidepool::Relay>> m_relays;
    Totals m_ended;
};

} // namespace Tunnel
