// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketdial.h"

#include "descriptor.h"
#include "socketerror.h"
#include "socketoptions.h"
#include "wireid.h"

namespace Tidepool {

SocketDial::SocketDial(Sink &sink, const DialPlan &plan) : Dial(sink, plan) {}

void SocketDial::start()
{
    prepare();
    if (isOver())
        return;
    enterPhase(Phase::Resolve, settings().timeouts.resolve);
    if (settings().dialer)
        settings().dialer(*m_socket);
    else
        m_socket->connectToHost(settings().host, settings().port);
    if (!isOver() && m_socket->state() == QAbstractSocket::UnconnectedState
        && m_socket->error() == QAbstractSocket::UnknownSocketError)
        fail({Phase::Dial, ErrorKind::Settings,
              QStringLiteral("The dialer did not start a connection; call connectToHost() on its socket.")});
}

void SocketDial::prepare()
{
    m_socket = std::make_unique<QSslSocket>();
    m_socket->setReadBufferSize(pooledReadBuffer);
    m_socket->setProxy(settings().proxy);
    if (tls().mode != TlsMode::None) {
        m_socket->setSslConfiguration(tls().ssl);
        m_socket->setPeerVerifyName(settings().tls.hostName.isEmpty() ? settings().host : settings().tls.hostName);
    }
    if (!settings().sourceAddress.isNull() && !m_socket->bind(settings().sourceAddress))
        fail(sourceAddressError(settings().sourceAddress.toString(), m_socket->errorString()));
    QSslSocket *socket = m_socket.get();
    connect(socket, &QAbstractSocket::stateChanged, this, &SocketDial::onStateChanged);
    connect(socket, &QAbstractSocket::connected, this, &SocketDial::onConnected);
    connect(socket, &QSslSocket::encrypted, this, &SocketDial::onEncrypted);
    connect(socket, &QIODevice::readyRead, this, &SocketDial::readId);
    connect(socket, &QAbstractSocket::errorOccurred, this, &SocketDial::failWithSocketError);
}

void SocketDial::onStateChanged(QAbstractSocket::SocketState state)
{
    if (isOver() || state != QAbstractSocket::ConnectingState)
        return;
    enterPhase(Phase::Dial, settings().timeouts.dial);
}

void SocketDial::onConnected()
{
    if (isOver())
        return;
    applyKeepAlive(nativeDescriptor(*m_socket), settings().keepAlive);
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    enterHandshake();
    if (tls().mode == TlsMode::None) {
        beginIdentify();
        return;
    }
    enterPhase(Phase::Handshake, settings().timeouts.handshake);
    if (m_socket->mode() != QSslSocket::UnencryptedMode)
        return; // the dialer has chosen connectToHostEncrypted()
    tls().context->lendTo(*m_socket);
    m_socket->startClientEncryption();
}

void SocketDial::onEncrypted()
{
    if (isOver())
        return;
    tls().context->learnFrom(*m_socket);
    if (!tls().pins.isEmpty() && !tls().pins.match(m_socket->peerCertificate())) {
        fail({Phase::Handshake, ErrorKind::Pin,
              QStringLiteral("The certificate of %1 matches no pin: it is %2. If the server's certificate was renewed, "
                             "update TlsOptions::pins; "
                             "otherwise somebody is in between.")
                  .arg(settings().endpoint(), certificateFingerprint(m_socket->peerCertificate()))});
        return;
    }
    beginIdentify();
}

void SocketDial::beginIdentify()
{
    enterPhase(Phase::Identify, settings().timeouts.identify);
    if (settings().identity == Identity::Local)
        succeed(m_sink.freshId());
    else
        readId();
}

void SocketDial::readId()
{
    if (isOver() || phase() != Phase::Identify)
        return;
    const qsizetype size = wireSize(settings().idFormat);
    if (m_socket->bytesAvailable() < size)
        return;
    // Not a byte more than the id: what follows is the application's.
    const QByteArray bytes = m_socket->read(size);
    identify(bytes);
}

void SocketDial::failWithSocketError()
{
    fail(socketError(phase(), *m_socket, settings().endpoint()));
}

std::unique_ptr<QSslSocket> SocketDial::takeSocket()
{
    m_socket->disconnect(this);
    return std::move(m_socket);
}

} // namespace Tidepool
