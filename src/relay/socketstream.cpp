// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketstream.h"

#include "../io/descriptor.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
// A TLS record. Measured over loopback: writes of 32 KiB and more halve what a QSslSocket carries.
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

// A QSslSocket decrypts 4 KiB at a time and tells of each. It is the sum of them that is worth passing on.
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
    if (m_socket->error() != QAbstractSocket::RemoteHostClosedError) // which disconnected() follows
        emit failed(m_socket->errorString());
}

void SocketStream::onDisconnected()
{
    if (m_lingering && !m_isEnding) {
        // To Qt a reset is an end like any other.
        if (m_lingering->wasReset())
            m_errorText = QStringLiteral("The peer reset the connection.");
        m_lingering.reset();
    } else if (m_lingering) {
        // Queued, because it may be destroyed then.
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

// A QSslSocket's bytesToWrite() is 0 while megabytes of cipher text are queued.
qint64 SocketStream::unsent() const
{
    return m_socket->bytesToWrite() + (m_tls ? m_tls->encryptedBytesToWrite() : 0);
}

void SocketStream::write(const char *bytes, qsizetype size)
{
    m_socket->write(bytes, size);
    flushLater();
}

// By itself a socket encrypts at the loop's next turn and sends at the one after it. Not at once, because this may be
// inside one of the socket's own signals.
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
        m_socket->disconnectFromHost(); // after what is still unsent
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
