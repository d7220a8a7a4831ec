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

/// Messages over one pooled connection: newline-delimited JSON in both directions, with heartbeats.
///
/// Lives in the thread that creates it, and uses the connection in that thread. Owns the connection and closes it in
/// the destructor.
class ControlChannel : public QObject
{
    Q_OBJECT

public:
    /// The maximum length of a line from a peer that has not proven itself yet.
    static constexpr qsizetype maximumEarlyLine = 1024;
    static constexpr qsizetype maximumLine = qsizetype(64) * 1024;
    /// The maximum number of unsent bytes. With more, the peer counts as a peer that does not read.
    static constexpr qint64 maximumUnsent = qint64(4) * 1024 * 1024;

    explicit ControlChannel(Tidepool::Connection connection, QObject *parent = nullptr);

    /// Starts reading. Bytes that have already arrived come first. Connect the signals before this call.
    void start();
    /// From now on, lines can be longer, and a peer that sends nothing for three @p interval counts as lost.
    void trustPeer(std::chrono::milliseconds interval);
    /// Sends a message. Has no effect after ended().
    void send(const QJsonObject &message);
    /// Calls @p then, later, when the system has accepted all bytes that were sent until now. The bytes then reach the
    /// peer even if this process ends. Never calls @p then after ended() or close().
    void whenSent(std::function<void()> then);
    /// Closes the channel after the bytes that were already sent. Emits nothing.
    void close();

    [[nodiscard]] Tidepool::ConnectionId id() const { return m_id; }
    /// "192.0.2.7:4711"
    [[nodiscard]] QString peer() const { return m_peer; }
    [[nodiscard]] QHostAddress peerAddress() const { return m_peerAddress; }
    /// SHA-256 of the peer's certificate. Empty if the peer sent none.
    [[nodiscard]] QByteArray peerCertificateDigest() const;
    /// After ended(), if the peer was trusted: true if the peer ended the channel normally and all its bytes were
    /// received.
    [[nodiscard]] bool hasEndedInOrder() const { return m_endedInOrder; }

signals:
    /// A message other than a heartbeat.
    void received(const QJsonObject &message);
    /// The channel cannot be used any more. Emitted once, and never after close().
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
    QSslSocket *m_socket = nullptr; // the socket of the connection, nullptr after the end
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
