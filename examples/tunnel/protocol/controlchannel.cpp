// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "controlchannel.h"

#include "../endpoint.h"

#include <QtCore/QCryptographicHash>
#include <QtCore/QPointer>
#include <QtNetwork/QSslCertificate>

#include <utility>

namespace Tunnel {

namespace {

constexpr qint64 readStep = qint64(16) * 1024;
constexpr int silentHeartbeats = 3;

QString pingKey()
{
    return QStringLiteral("ping");
}
QString pongKey()
{
    return QStringLiteral("pong");
}

} // namespace

ControlChannel::ControlChannel(Tidepool::Connection connection, QObject *parent)
    : QObject(parent), m_connection(std::move(connection)), m_socket(m_connection.socket()), m_id(m_connection.id())
{
    if (m_socket) {
        m_peerAddress = m_socket->peerAddress();
        m_peer = formatAddress(m_peerAddress, m_socket->peerPort());
        m_socket->setReadBufferSize(maximumLine);
    }
    connect(&m_heartbeat, &QTimer::timeout, this, &ControlChannel::beat);
}

void ControlChannel::start()
{
    if (!m_socket)
        return end(QStringLiteral("the connection is closed"));
    connect(m_socket, &QSslSocket::readyRead, this, &ControlChannel::read);
    connect(m_socket, &QSslSocket::bytesWritten, this, &ControlChannel::tellSent);
    connect(m_socket, &QSslSocket::encryptedBytesWritten, this, &ControlChannel::tellSent);
    connect(m_socket, &QSslSocket::disconnected, this, [this] {
        if (!m_splitter.hasRest())
            return end(QStringLiteral("it closed the connection"));
        m_endedInOrder = false; // nobody knows what it was about to say
        end(QStringLiteral("it closed the connection in the middle of a message"));
    });
    connect(m_socket, &QSslSocket::errorOccurred, this, [this](QAbstractSocket::SocketError error) {
        if (error == QAbstractSocket::RemoteHostClosedError) {
            m_endedInOrder = m_peerEnd && m_peerEnd->isOrderly();
            return; // disconnected() follows, after the last bytes were read
        }
        m_endedInOrder = false;
        end(m_socket->errorString());
    });
    read();
    if (m_socket && m_socket->state() != QAbstractSocket::ConnectedState)
        end(QStringLiteral("it closed the connection"));
}

void ControlChannel::trustPeer(std::chrono::milliseconds interval)
{
    m_splitter.setMaximumLine(maximumLine);
    if (m_socket)
        m_peerEnd.emplace(m_socket->socketDescriptor());
    m_interval = interval;
    m_lastHeard = std::chrono::steady_clock::now();
    m_heartbeat.start(interval);
}

void ControlChannel::send(const QJsonObject &message)
{
    if (!m_socket)
        return;
    m_socket->write(encodeLine(message));
    // Queued, because the caller of send() does not expect the channel to end during the call.
    if (unsent() > maximumUnsent) {
        const auto stalled = [this] { end(QStringLiteral("it does not read what it is sent")); };
        QMetaObject::invokeMethod(this, stalled, Qt::QueuedConnection);
    }
}

void ControlChannel::whenSent(std::function<void()> then)
{
    if (!m_socket)
        return;
    m_whenSent.push_back(std::move(then));
    // Queued, because this code can run inside one of the socket's own signals. Without this flush, the socket takes
    // two turns of the event loop.
    if (m_whenSent.size() == 1)
        QMetaObject::invokeMethod(this, &ControlChannel::flush, Qt::QueuedConnection);
}

void ControlChannel::flush()
{
    if (m_socket)
        m_socket->flush();
    tellSent();
}

void ControlChannel::tellSent()
{
    if (!m_socket || m_whenSent.empty() || unsent() > 0)
        return;
    // A callback can destroy this object.
    const auto all = std::exchange(m_whenSent, {});
    for (const auto &then : all)
        then();
}

void ControlChannel::close()
{
    m_ended = true;
    m_whenSent.clear();
    if (m_socket)
        m_socket->disconnect(this);
    m_socket = nullptr;
    m_heartbeat.stop();
    m_peerEnd.reset(); // otherwise the peer would not be told of the end
    m_connection.close();
}

QByteArray ControlChannel::peerCertificateDigest() const
{
    if (!m_socket || m_socket->peerCertificate().isNull())
        return {};
    return m_socket->peerCertificate().digest(QCryptographicHash::Sha256);
}

void ControlChannel::read()
{
    // A slot of received() can end or destroy the channel.
    const QPointer<ControlChannel> self(this);
    while (m_socket && m_socket->bytesAvailable() > 0) {
        const QByteArray bytes = m_socket->read(readStep);
        QList<QByteArray> lines;
        const bool fits = m_splitter.feed(bytes, lines);
        for (const QByteArray &line : std::as_const(lines)) {
            takeLine(line);
            if (!self || !m_socket)
                return;
        }
        if (!fits)
            return end(QStringLiteral("it sent a line that is too long"));
        m_lastHeard = std::chrono::steady_clock::now();
    }
}

void ControlChannel::takeLine(const QByteArray &line)
{
    QString error;
    const auto message = decodeLine(line, &error);
    if (!message)
        return end(QStringLiteral("it sent a line that is not a message (%1)").arg(error));
    if (m_heartbeat.isActive()) {
        if (const QJsonValue number = message->value(pingKey()); number.isDouble())
            return send({{pongKey(), number}});
        if (message->contains(pongKey()))
            return;
    }
    emit received(*message);
}

void ControlChannel::beat()
{
    const auto silence = std::chrono::steady_clock::now() - m_lastHeard;
    if (silence > m_interval * silentHeartbeats) {
        const auto seconds = std::chrono::duration<double>(silence).count();
        return end(QStringLiteral("nothing was heard from it for %1 s").arg(seconds, 0, 'f', 1));
    }
    send({{pingKey(), ++m_pings}});
}

void ControlChannel::end(const QString &reason)
{
    if (std::exchange(m_ended, true))
        return;
    close();
    emit ended(reason);
}

qint64 ControlChannel::unsent() const
{
    // For an encrypted socket, bytesToWrite() returns 0 while megabytes wait.
    return m_socket->bytesToWrite() + m_socket->encryptedBytesToWrite();
}

} // namespace Tunnel
