// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "earlybytes.h"

#include <QtCore/QThread>
#include <QtNetwork/QSslSocket>

#include <algorithm>

#ifdef Q_OS_UNIX
#    include <sys/socket.h>

#    include <cerrno>
#endif

namespace Tunnel {

EarlyBytes::EarlyBytes(const Visitor &visitor, const Tidepool::Connection &connection)
    : m_connection(connection)
    , m_copy(visitor.said)
    , m_readable(visitor.socket->socketDescriptor(), QSocketNotifier::Read)
{
    QObject::connect(&m_readable, &QSocketNotifier::activated, &m_readable, [this] { passOn(); });
    passOn();
}

EarlyBytes::~EarlyBytes()
{
    bringBack();
}

// Bytes that wait in the connection's own socket would prevent the relay from working on the descriptor. Half-close
// would then not work.
qint64 EarlyBytes::finish(QTcpSocket &visitor)
{
    m_readable.setEnabled(false);
    if (m_passedOn < m_copy.size())
        m_passedOn += send(m_copy.constData() + m_passedOn, m_copy.size() - m_passedOn);
    bringBack();
    const QByteArray rest = m_copy.sliced(m_passedOn);
    if (!rest.isEmpty())
        // the buffer is full, and the socket does not read the end of the stream before the relay has the socket
        visitor.setReadBufferSize(1);
    std::for_each(rest.crbegin(), rest.crend(), [&](char byte) { visitor.ungetChar(byte); });
    m_copy.truncate(m_passedOn);
    return m_passedOn;
}

void EarlyBytes::passOn()
{
    do {
        if (m_passedOn < m_copy.size())
            m_passedOn += send(m_copy.constData() + m_passedOn, m_copy.size() - m_passedOn);
        if (m_passedOn < m_copy.size()) {
            m_readable.setEnabled(false); // finish() handles the rest
            return;
        }
    } while (readMore());
}

// Reads without a Qt socket, because a Qt socket would treat the end of the visitor's sending as the end of both
// directions.
bool EarlyBytes::readMore()
{
#ifdef Q_OS_UNIX
    const auto room = static_cast<size_t>(maximum - m_copy.size());
    QByteArray bytes(static_cast<qsizetype>(room), Qt::Uninitialized);
    ssize_t count = 0;
    int error = 0;
    if (room > 0) {
        do {
            count = ::recv(static_cast<int>(m_readable.socket()), bytes.data(), room, MSG_DONTWAIT);
            error = errno;
        } while (count < 0 && error == EINTR);
    }
    if (count > 0) {
        m_copy.append(bytes.constData(), count);
        return true;
    }
    const bool isMoreToCome = count < 0 && error == EAGAIN;
    m_readable.setEnabled(isMoreToCome);
#else
    m_readable.setEnabled(false);
#endif
    return false;
}

// Over a plain connection, sends through the descriptor, and the socket stays in no thread. Otherwise the socket would
// treat the end of the target's sending as the end of both directions, before the relay has the socket.
qsizetype EarlyBytes::send(const char *bytes, qsizetype size)
{
    QSslSocket *socket = m_connection.socket();
    if (!socket || socket->state() != QAbstractSocket::ConnectedState)
        return 0;
    if (socket->isEncrypted()) {
        socket->setReadBufferSize(maximum); // an answer waits for the relay
        socket->write(bytes, size);
        socket->flush();
        return size;
    }
#ifdef Q_OS_UNIX
    if (socket->thread() == QThread::currentThread()) {
        socket->moveToThread(nullptr);
        m_isAside = true;
    }
#    ifdef MSG_NOSIGNAL
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#    else
    constexpr int flags = MSG_DONTWAIT; // on such a system, Qt sets SO_NOSIGPIPE on its descriptors
#    endif
    const ssize_t count = ::send(static_cast<int>(socket->socketDescriptor()), bytes, static_cast<size_t>(size), flags);
    return count > 0 ? count : 0;
#else
    return 0;
#endif
}

void EarlyBytes::bringBack()
{
    QSslSocket *socket = m_isAside ? m_connection.socket() : nullptr;
    if (socket && !socket->thread())
        socket->moveToThread(QThread::currentThread());
    m_isAside = false;
}

} // namespace Tunnel
