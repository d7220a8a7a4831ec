// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "reception.h"

#include "peername.h"
#include "socketerror.h"
#include "wireid.h"

#include <algorithm>

namespace Tidepool {

Reception::Reception(Sink &sink, std::shared_ptr<const ServerSettings> settings,
                     std::shared_ptr<const TlsConfiguration> tls, std::unique_ptr<QSslSocket> socket)
    : m_sink(sink)
    , m_settings(std::move(settings))
    , m_tls(std::move(tls))
    , m_socket(std::move(socket))
    , m_step(std::in_place, sink, Sink::Step::Handshaking)
    , m_generation(sink.generation())
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, [this] { fail(timeoutError(m_phase, m_timer.interval(), client())); });
    connect(m_socket.get(), &QAbstractSocket::errorOccurred, this,
            [this] { fail(socketError(m_phase, *m_socket, client())); });
}

void Reception::start()
{
    if (m_tls->mode == TlsMode::None) {
        identify();
        return;
    }
    m_timer.start(std::max(m_settings->timeouts.handshake, std::chrono::milliseconds(1)));
    connect(m_socket.get(), &QSslSocket::encrypted, this, &Reception::identify);
    connect(m_socket.get(), &QIODevice::readyRead, this, &Reception::onReadyRead);
}

void Reception::onReadyRead()
{
    if (m_isOver || !m_isSilent)
        return;
    m_isSilent = false;
    emit spoke(this);
}

// Only now, because the TLS state of a connection costs far more than its descriptor, and a stranger gets
// it for a packet. What the client has said stays in the socket for the handshake to read.
void Reception::beginHandshake()
{
    if (m_isOver)
        return;
    m_socket->setSslConfiguration(m_tls->ssl);
    m_tls->context->lendTo(*m_socket);
    m_socket->startServerEncryption();
}

void Reception::identify()
{
    if (m_isOver)
        return;
    if (m_socket->isEncrypted())
        m_tls->context->learnFrom(*m_socket);
    m_phase = Phase::Identify;
    m_timer.start(std::max(m_settings->timeouts.identify, std::chrono::milliseconds(1)));
    m_id = m_sink.freshId();
    m_socket->write(toWire(m_id, m_settings->idFormat));
    connect(m_socket.get(), &QIODevice::bytesWritten, this, &Reception::succeedWhenSent);
    connect(m_socket.get(), &QSslSocket::encryptedBytesWritten, this, &Reception::succeedWhenSent);
    m_socket->flush();
    succeedWhenSent();
}

void Reception::succeedWhenSent()
{
    if (m_isOver || m_socket->bytesToWrite() > 0 || m_socket->encryptedBytesToWrite() > 0)
        return;
    m_isOver = true;
    m_timer.stop();
    emit finished(this);
}

void Reception::fail(const PoolError &error)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_timer.stop();
    m_step.reset();
    m_error = error;
    m_error.setPeer(peerEndpoint(*m_socket));
    emit failed(this);
}

Established Reception::takeResult()
{
    m_step.reset();
    m_socket->disconnect(this);
    return {std::move(m_socket), m_id, m_generation, m_begunAt};
}

// Without the port: what a client does again and again is one failure that repeats.
QString Reception::client() const
{
    return QStringLiteral("the client ") + peerAddress(*m_socket);
}

} // namespace Tidepool
