// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketstream.h"

#include "../io/descriptor.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
// The size of a TLS record. Measured over loopback: writes of 32 KiB and more halve the throughput of a QSslSocket.
constexpr qint64 largestWrite = 16 * 1024;
} // namespace

SocketStream::SocketStream(RelayEnd end)
    : m_end(std::move(end)), m_socket(m_end.socket()), m_tls(qobject_cast<QSslSocket *>(m_socket))
{}

SocketStream::~SocketStream()
{
    m_end.close();
}

void SocketStream::start()
{
    m_socket->setReadBufferSize(maximumInFlight);
    connect(m_socket, &QIODevice::readyRead, this, &SocketStream::onReadyRead);
    connect(m_socket, &QIODevice::bytesWritten, this, &SocketStream::onSent);
    if (m_tls)
        connect(m_tls, &QSslSocket::encryptedBytesWritten, this, &SocketStream::onSent);
    connect(m_socket, &QAbstractSocket::errorOccurred, this, &SocketStream::onError);
    connect(m_socket, &QAbstractSocket::disconnected, this, &SocketStream::onDisconnected);
    if (m_socket->state() == QAbstractSocket::ConnectedState)
        m_lingering = LingeringClose::of(*m_socket);
    if (m_socket->state() == QAbstractSocket::UnconnectedState)
        emit ended();
}

// A QSslSocket decrypts 4 KiB at a time and emits a signal for each part. This function combines the parts.
void SocketStream::onReadyRead()
{
    if (std::exchange(m_isReadableDue, true))
        return;
    const auto tell = [this] {
        m_isReadableDue = false;
        emit readable();
    };
    QMetaObject::invokeMethod(this, tell, Qt::QueuedConnection);
}

void SocketStream::onSent()
{
    emit writable();
}

void SocketStream::onError()
{
    if (m_socket->error() != QAbstractSocket::RemoteHostClosedError) // disconnected() follows this error
        emit failed(m_socket->errorString());
}

void SocketStream::onDisconnected()
{
    if (m_lingering && !m_isEnding) {
        // Qt treats a reset like a normal end.
        if (m_lingering->wasReset())
            m_errorText = QStringLiteral("The peer reset the connection.");
        m_lingering.reset();
    } else if (m_lingering) {
        // Queued, because the slot can destroy the object.
        connect(m_lingering.get(), &LingeringClose::over, this, &Stream::readable, Qt::QueuedConnection);
        m_lingering->begin();
    }
    emit ended();
}

qsizetype SocketStream::read(char *bytes, qsizetype size)
{
    return m_socket->bytesAvailable() > 0 ? std::max<qint64>(m_socket->read(bytes, size), 0) : 0;
}

bool SocketStream::isReadingOver() const
{
    return isWritingOver() && m_socket->bytesAvailable() == 0;
}

qsizetype SocketStream::room() const
{
    if (m_socket->state() != QAbstractSocket::ConnectedState)
        return 0;
    return std::clamp<qint64>(maximumInFlight - unsent(), 0, largestWrite);
}

// bytesToWrite() of a QSslSocket is 0 while megabytes of encrypted bytes are queued.
qint64 SocketStream::unsent() const
{
    return m_socket->bytesToWrite() + (m_tls ? m_tls->encryptedBytesToWrite() : 0);
}

void SocketStream::write(const char *bytes, qsizetype size)
{
    m_socket->write(bytes, size);
    flushLater();
}

// Without a flush, a socket encrypts in the next turn of the event loop and sends in the turn after that. The flush is
// not immediate, because this function can run inside one of the socket's own signals.
void SocketStream::flushLater()
{
    if (std::exchange(m_isFlushDue, true))
        return;
    const auto flush = [this] {
        m_isFlushDue = false;
        if (m_socket)
            m_socket->flush();
    };
    QMetaObject::invokeMethod(this, flush, Qt::QueuedConnection);
}

bool SocketStream::endWriting()
{
    if (m_socket->state() == QAbstractSocket::ConnectedState) {
        m_isEnding = true;
        m_socket->disconnectFromHost(); // after the unsent bytes
    }
    return false;
}

bool SocketStream::isWritingOver() const
{
    return m_socket->state() == QAbstractSocket::UnconnectedState;
}

qint64 SocketStream::unacknowledged() const
{
    return isWritingOver() ? 0 : unsent() + unacknowledgedBytes(nativeDescriptor(*m_socket));
}

bool SocketStream::isOver() const
{
    return isWritingOver() && (!m_lingering || m_lingering->isOver());
}

void SocketStream::close()
{
    disconnect();
    m_lingering.reset();
    m_end.close();
    m_socket = m_tls = nullptr;
}

std::unique_ptr<Stream> makeStream(RelayEnd end)
{
    if (!end.socket())
        return nullptr;
    if (auto stream = makeDirectStream(end))
        return stream;
    return std::make_unique<SocketStream>(std::move(end));
}

} // namespace Tidepool
