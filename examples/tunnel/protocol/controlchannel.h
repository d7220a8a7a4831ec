// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../peerend.h"
#include "linecodec.h"

#include <tidepool/connection.h>

#include <QtCore/QJsonObject>
#include <QtCore/QObject>
#include <QtCore/QTimer>
#include <QtNetwork/QSslSocket>

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

namespace Tunnel {

/// Messages over one pooled connection: newline-delimited JSON, both ways, with heartbeats.
///
/// Lives, and uses the connection, in the thread that makes it. Owns the connection; closes it when it is destroyed.
class ControlChannel : public QObject
{
    Q_OBJECT

public:
    /// A line of a peer that has not proven itself yet.
    static constexpr qsizetype maximumEarlyLine = 1024;
    static constexpr qsizetype maximumLine = qsizetype(64) * 1024;
    /// What may wait to be sent, before the peer counts as one who does not read.
    static constexpr qint64 maximumUnsent = qint64(4) * 1024 * 1024;

    explicit ControlChannel(Tidepool::Connection connection, QObject *parent = nullptr);

    /// Starts reading, what already arrived first. Connect the signals before.
    void start();
    /// From now on lines may be longer, and a peer that says nothing for three @p interval counts as lost.
    void trustPeer(std::chrono::milliseconds interval);
    /// Sends a message; without effect after ended().
    void send(const QJsonObject &message);
    /// Calls @p then, later, when the system has all that was sent until now: it reaches the peer even if this process
    /// dies. Never after ended() or close().
    void whenSent(std::function<void()> then);
    /// Closes, after what was already sent has left. Emits nothing.
    void close();

    [[nodiscard]] Tidepool::ConnectionId id() const { return m_id; }
    /// "192.0.2.7:4711"
    [[nodiscard]] QString peer() const { return m_peer; }
    [[nodiscard]] QHostAddress peerAddress() const { return m_peerAddress; }
    /// SHA-256 of the certificate that the peer showed; empty without one.
    [[nodiscard]] QByteArray peerCertificateDigest() const;
    /// After ended(), if the peer was trusted: it has ended the channel, and all that it ever sent was received.
    [[nodiscard]] bool hasEndedInOrder() const { return m_endedInOrder; }

signals:
    /// A message other than a heartbeat.
    void received(const QJsonObject &message);
    /// The channel is of no more use. Once; never after close().
    void ended(const QString &reason);

private:
    void read();
    void takeLine(const QByteArray &line);
    void flush();
    void tellSent();
    void beat();
    void end(const QString &reason);
    [[nodiscard]] qint64 unsent() const;

    Tidepool::Connection m_connection;
    QSslSocket *m_socket = nullptr; // the connection's; nullptr after the end
    Tidepool::ConnectionId m_id;
    QHostAddress m_peerAddress;
    QString m_peer;
    LineSplitter m_splitter{maximumEarlyLine};
    QTimer m_heartbeat;
    std::chrono::milliseconds m_interval{0};
    std::chrono::steady_clock::time_point m_lastHeard;
    qint64 m_pings = 0;
    std::vector<std::function<void()>> m_whenSent;
    std::optional<PeerEnd> m_peerEnd;
    bool m_ended = false;
    bool m_endedInOrder = false;
};

} // namespace Tunnel
