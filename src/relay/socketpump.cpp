// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketpump.h"

#include <algorithm>
#include <array>

namespace Tidepool {

namespace {
// Measured with TLS over loopback: 16 KiB, a TLS record, at a time and at most 64 KiB unsent is the fastest;
// chunks of 32 KiB and more halve it.
constexpr qint64 chunkSize = 16 * 1024;
constexpr qint64 maximumUnsent = 64 * 1024;

qint64 unsentOf(const QTcpSocket &socket)
{
    const auto *tls = qobject_cast<const QSslSocket *>(&socket);
    // A QSslSocket's bytesToWrite() is 0 while megabytes of cipher text are queued.
    return socket.bytesToWrite() + (tls ? tls->encryptedBytesToWrite() : 0);
}

int otherOf(int side)
{
    return 1 - side;
}
} // namespace

SocketPump::SocketPump(PumpParts parts) : Pump(std::move(parts.state), parts.idleTimeout), m_ends(std::move(parts.ends))
{}

SocketPump::~SocketPump()
{
    for (RelayEnd &end : m_ends)
        end.close();
}

void SocketPump::start()
{
    for (const int side : {0, 1}) {
        m_sockets[static_cast<size_t>(side)] = m_ends[static_cast<size_t>(side)].socket();
        if (!m_sockets[static_cast<size_t>(side)]) {
            finish(failedReason(side), QStringLiteral("There is no connection on this side."));
            return;
        }
    }
    watch(0);
    watch(1);
    for (const int side : {0, 1}) {
        if (m_isOver)
            return;
        pump(side); // what came before anybody listened
        if (!m_isOver && m_sockets[static_cast<size_t>(side)]->state() == QAbstractSocket::UnconnectedState)
            onClosed(side);
    }
}

void SocketPump::watch(int side)
{
    QTcpSocket *socket = m_sockets[static_cast<size_t>(side)];
    socket->setReadBufferSize(maximumUnsent);
    connect(socket, &QIODevice::readyRead, this, [this, side] { pump(side); });
    connect(socket, &QIODevice::bytesWritten, this, [this, side] { pump(otherOf(side)); });
    if (auto *tls = qobject_cast<QSslSocket *>(socket))
        connect(tls, &QSslSocket::encryptedBytesWritten, this, [this, side] { pump(otherOf(side)); });
    connect(socket, &QAbstractSocket::errorOccurred, this, [this, side] { onError(side); });
    connect(socket, &QAbstractSocket::disconnected, this, [this, side] { onClosed(side); });
}

void SocketPump::pump(int from)
{
    if (m_isOver)
        return;
    QTcpSocket &source = *m_sockets[static_cast<size_t>(from)];
    QTcpSocket &sink = *m_sockets[static_cast<size_t>(otherOf(from))];
    std::array<char, chunkSize> chunk; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read()
    while (sink.state() == QAbstractSocket::ConnectedState) {
        const qint64 room = maximumUnsent - unsentOf(sink);
        if (room <= 0 || source.bytesAvailable() <= 0)
            break;
        const qint64 count = source.read(chunk.data(), std::min(room, chunkSize));
        if (count <= 0)
            break;
        noteProgress(from, count);
        sink.write(chunk.data(), count); // may end the sink, and with it the loop
        if (m_isOver)
            return;
    }
    closeOther();
}

// A side has closed; what it sent before is still ours to pass on.
void SocketPump::onClosed(int side)
{
    if (m_isOver)
        return;
    if (m_closedSide < 0) {
        m_closedSide = side;
        beginClosing();
        pump(side);
        return;
    }
    if (side != m_closedSide)
        finish(closedReason(m_closedSide));
}

// When everything of the closed side is passed on, the other one is closed, and with it the relay ends.
void SocketPump::closeOther()
{
    if (m_closedSide < 0 || m_isOver)
        return;
    QTcpSocket &closed = *m_sockets[static_cast<size_t>(m_closedSide)];
    QTcpSocket &other = *m_sockets[static_cast<size_t>(otherOf(m_closedSide))];
    if (other.state() == QAbstractSocket::ConnectedState && closed.bytesAvailable() > 0)
        return;
    if (other.state() == QAbstractSocket::ConnectedState)
        other.disconnectFromHost(); // after what is still unsent
    if (!m_isOver && other.state() == QAbstractSocket::UnconnectedState)
        finish(closedReason(m_closedSide));
}

void SocketPump::onError(int side)
{
    if (m_isOver)
        return;
    const QTcpSocket &socket = *m_sockets[static_cast<size_t>(side)];
    if (socket.error() == QAbstractSocket::RemoteHostClosedError)
        return; // disconnected() follows
    if (m_closedSide >= 0 && side == m_closedSide)
        return;
    finish(failedReason(side), socket.errorString());
}

void SocketPump::finish(Relay::Reason reason, const QString &errorText)
{
    if (m_isOver)
        return;
    m_isOver = true;
    for (RelayEnd &end : m_ends)
        end.close();
    report(reason, errorText);
}

} // namespace Tidepool
