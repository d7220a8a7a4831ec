// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dial.h"

#include "../idle/liveness.h"
#include "socketerror.h"
#include "socketoptions.h"
#include "wireid.h"

#include <algorithm>

namespace Tidepool {

Dial::Dial(Sink &sink, std::shared_ptr<const ClientSettings> settings, std::shared_ptr<const TlsConfiguration> tls,
           int round)
    : m_sink(sink)
    , m_settings(std::move(settings))
    , m_tls(std::move(tls))
    , m_step(std::in_place, sink, Sink::Step::Connecting)
    , m_generation(sink.generation())
    , m_round(round)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this,
            [this] { fail(timeoutError(m_phase, m_timer.interval(), m_settings->endpoint())); });
}

void Dial::start()
{
    prepare();
    if (m_isOver)
        return;
    enterPhase(Phase::Resolve, m_settings->timeouts.resolve);
    if (m_settings->dialer)
        m_settings->dialer(*m_socket);
    else
        m_socket->connectToHost(m_settings->host, m_settings->port);
    if (!m_isOver && m_socket->state() == QAbstractSocket::UnconnectedState
        && m_socket->error() == QAbstractSocket::UnknownSocketError)
        fail({Phase::Dial, ErrorKind::Settings,
              QStringLiteral("The dialer did not start a connection; call connectToHost() on its socket.")});
}

void Dial::prepare()
{
    m_socket = std::make_unique<QSslSocket>();
    m_socket->setReadBufferSize(parkedReadBuffer);
    m_socket->setProxy(m_settings->proxy);
    if (m_tls->mode != TlsMode::None) {
        m_socket->setSslConfiguration(m_tls->ssl);
        m_socket->setPeerVerifyName(m_settings->tls.hostName.isEmpty() ? m_settings->host : m_settings->tls.hostName);
    }
    if (!m_settings->sourceAddress.isNull() && !m_socket->bind(m_settings->sourceAddress))
        fail({Phase::Dial, ErrorKind::Settings,
              QStringLiteral("Cannot connect from %1: %2. Is it an address of this machine?")
                  .arg(m_settings->sourceAddress.toString(), m_socket->errorString())});
    QSslSocket *socket = m_socket.get();
    connect(socket, &QAbstractSocket::stateChanged, this, &Dial::onStateChanged);
    connect(socket, &QAbstractSocket::connected, this, &Dial::onConnected);
    connect(socket, &QSslSocket::encrypted, this, &Dial::onEncrypted);
    connect(socket, &QIODevice::readyRead, this, &Dial::readId);
    connect(socket, &QAbstractSocket::errorOccurred, this, &Dial::failWithSocketError);
}

void Dial::enterPhase(Phase phase, std::chrono::milliseconds timeout)
{
    m_phase = phase;
    m_timer.start(std::max(timeout, std::chrono::milliseconds(1)));
}

void Dial::onStateChanged(QAbstractSocket::SocketState state)
{
    if (m_isOver || state != QAbstractSocket::ConnectingState)
        return;
    enterPhase(Phase::Dial, m_settings->timeouts.dial);
}

void Dial::onConnected()
{
    if (m_isOver)
        return;
    applyKeepAlive(nativeDescriptor(*m_socket), m_settings->keepAlive);
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_step->moveTo(Sink::Step::Handshaking);
    if (m_tls->mode == TlsMode::None) {
        identify();
        return;
    }
    enterPhase(Phase::Handshake, m_settings->timeouts.handshake);
    if (m_socket->mode() == QSslSocket::UnencryptedMode) // the dialer may have chosen connectToHostEncrypted()
        m_socket->startClientEncryption();
}

void Dial::onEncrypted()
{
    if (m_isOver)
        return;
    if (!m_tls->pins.isEmpty() && !m_tls->pins.match(m_socket->peerCertificate())) {
        fail({Phase::Handshake, ErrorKind::Pin,
              QStringLiteral("The certificate of %1 matches no pin: it is %2. If the server's certificate was renewed, "
                             "update TlsOptions::pins; "
                             "otherwise somebody is in between.")
                  .arg(m_settings->endpoint(), certificateFingerprint(m_socket->peerCertificate()))});
        return;
    }
    identify();
}

void Dial::identify()
{
    enterPhase(Phase::Identify, m_settings->timeouts.identify);
    if (m_settings->identity == Identity::Local)
        succeed(m_sink.freshId());
    else
        readId();
}

void Dial::readId()
{
    if (m_isOver || m_phase != Phase::Identify)
        return;
    const qsizetype size = wireSize(m_settings->idFormat);
    if (m_socket->bytesAvailable() < size)
        return;
    // Not a byte more than the id: what follows is the application's.
    const QByteArray bytes = m_socket->read(size);
    if (const auto id = fromWire(bytes, m_settings->idFormat)) {
        succeed(*id);
        return;
    }
    fail({Phase::Identify, ErrorKind::BadIdentity,
          QStringLiteral("%1 sent \"%2\" where a connection's id belongs. Is it a Tidepool or Go pool server, with the "
                         "same IdFormat and TLS mode? "
                         "Other servers need Identity::Local.")
              .arg(m_settings->endpoint(), QString::fromLatin1(bytes.toPercentEncoding(" :;,/=")))});
}

void Dial::succeed(ConnectionId id)
{
    m_isOver = true;
    m_timer.stop();
    m_id = id;
    emit finished(this);
}

void Dial::fail(const PoolError &error)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_timer.stop();
    m_step.reset();
    m_error = error;
    emit failed(this);
}

void Dial::failWithSocketError()
{
    fail(socketError(m_phase, *m_socket, m_settings->endpoint()));
}

Established Dial::takeResult()
{
    m_step.reset();
    m_socket->disconnect(this);
    return {std::move(m_socket), m_id, m_generation, m_begunAt};
}

} // namespace Tidepool
