// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dial.h"

#include "descriptor.h"
#include "socketerror.h"
#include "socketoptions.h"
#include "wireid.h"

#include <QtNetwork/QNetworkProxy>

#include <algorithm>
#include <utility>

namespace Tidepool {

Dial::Dial(Sink &sink, const DialPlan &plan)
    : m_sink(sink), m_plan(plan), m_step(std::in_place, sink, Sink::Step::Connecting)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &Dial::onTimeout);
}

Dial::~Dial() = default;

void Dial::enterPhase(Phase phase, std::chrono::milliseconds timeout)
{
    m_phase = phase;
    m_timer.start(std::max(timeout, std::chrono::milliseconds(1)));
}

void Dial::onTimeout()
{
    PoolError error = timeoutError(m_phase, m_timer.interval(), settings().endpoint());
    // One address was silent, but another has answered.
    if (m_phase == Phase::Dial && m_connect && tellsMore(m_connect->error(), error))
        error = m_connect->error();
    fail(error);
}

void Dial::start()
{
    enterPhase(Phase::Resolve, settings().timeouts.resolve);
    if (settings().dialer || settings().proxy.type() != QNetworkProxy::NoProxy)
        connectBySocket();
    else
        connectByAddress();
}

void Dial::connectByAddress()
{
    m_connect = std::make_unique<TcpConnect>(TcpTarget{settings().host,
                                                       settings().port,
                                                       settings().sourceAddress,
                                                       settings().endpoint(),
                                                       {},
                                                       settings().timeouts.dial});
    connect(m_connect.get(), &TcpConnect::resolved, this,
            [this] { enterPhase(Phase::Dial, settings().timeouts.dial); });
    connect(m_connect.get(), &TcpConnect::failed, this, [this] { fail(m_connect->error()); });
    connect(m_connect.get(), &TcpConnect::connected, this, [this] {
        if (m_isOver)
            return;
        adopt(m_connect->takeSocket());
        if (m_socket->state() == QAbstractSocket::ConnectedState)
            onConnected();
        else
            fail(socketError(m_phase, *m_socket, settings().endpoint()));
    });
    m_connect->start();
}

// A proxy resolves the name itself, and nobody knows what a dialer does.
void Dial::connectBySocket()
{
    auto made = std::make_unique<QSslSocket>();
    made->setProxy(settings().proxy);
    adopt(std::move(made));
    QSslSocket *socket = m_socket.get();
    if (!settings().sourceAddress.isNull() && !socket->bind(settings().sourceAddress)) {
        fail(sourceAddressError(settings().sourceAddress.toString(), socket->errorString()));
        return;
    }
    connect(socket, &QAbstractSocket::stateChanged, this, [this](QAbstractSocket::SocketState state) {
        if (!m_isOver && state == QAbstractSocket::ConnectingState)
            enterPhase(Phase::Dial, settings().timeouts.dial);
    });
    connect(socket, &QAbstractSocket::connected, this, &Dial::onConnected);
    if (settings().dialer)
        settings().dialer(*socket);
    else
        socket->connectToHost(settings().host, settings().port);
    if (!m_isOver && socket->state() == QAbstractSocket::UnconnectedState
        && socket->error() == QAbstractSocket::UnknownSocketError)
        fail({Phase::Dial, ErrorKind::Settings,
              QStringLiteral("The dialer did not start a connection; call connectToHost() on its socket.")});
}

void Dial::adopt(std::unique_ptr<QSslSocket> socket)
{
    m_socket = std::move(socket);
    m_socket->setReadBufferSize(pooledReadBuffer);
    if (tls().mode != TlsMode::None) {
        m_socket->setSslConfiguration(tls().ssl);
        m_socket->setPeerVerifyName(settings().tls.hostName.isEmpty() ? settings().host : settings().tls.hostName);
    }
    connect(m_socket.get(), &QSslSocket::encrypted, this, &Dial::onEncrypted);
    connect(m_socket.get(), &QIODevice::readyRead, this, &Dial::readId);
    connect(m_socket.get(), &QAbstractSocket::errorOccurred, this,
            [this] { fail(socketError(m_phase, *m_socket, settings().endpoint())); });
}

void Dial::onConnected()
{
    if (m_isOver)
        return;
    applyKeepAlive(nativeDescriptor(*m_socket), settings().keepAlive);
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_step->moveTo(Sink::Step::Handshaking);
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

void Dial::onEncrypted()
{
    if (m_isOver)
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

void Dial::beginIdentify()
{
    enterPhase(Phase::Identify, settings().timeouts.identify);
    if (settings().identity == Identity::Local)
        succeed(m_sink.freshId());
    else
        readId();
}

void Dial::readId()
{
    if (m_isOver || m_phase != Phase::Identify)
        return;
    const qsizetype size = wireSize(settings().idFormat);
    // Mostly the id is in the kernel already, and to look there spares a turn of the loop.
    if (m_socket->peek(size).size() < size || m_isOver)
        return;
    // Not a byte more than the id: what follows is the application's.
    const QByteArray bytes = m_socket->read(size);
    if (const auto id = fromWire(bytes, settings().idFormat)) {
        succeed(*id);
        return;
    }
    fail({Phase::Identify, ErrorKind::BadIdentity,
          QStringLiteral("%1 sent \"%2\" where a connection's id belongs. Is it a Tidepool or Go pool server, with the "
                         "same IdFormat and TLS mode? "
                         "Other servers need Identity::Local.")
              .arg(settings().endpoint(), QString::fromLatin1(bytes.toPercentEncoding(" :;,/=")))});
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

Established Dial::takeResult()
{
    m_step.reset();
    m_socket->disconnect(this);
    return {std::move(m_socket), m_id, m_plan.generation, m_begunAt};
}

} // namespace Tidepool
