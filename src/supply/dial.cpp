// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dial.h"

#include "../io/descriptor.h"
#include "../io/socketoptions.h"
#include "socketerror.h"
#include "wireid.h"

#include <QtNetwork/QNetworkProxy>

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
// How long four digits may be the beginning of an id of eight: these come in one piece.
constexpr std::chrono::milliseconds longestDoubt{500};
} // namespace

Dial::Dial(ConnectionSink &sink, const DialPlan &plan)
    : m_sink(sink), m_plan(plan), m_step(std::in_place, sink, ConnectionSink::Step::Connecting)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &Dial::onTimeout);
    m_patience.setSingleShot(true);
    connect(&m_patience, &QTimer::timeout, this, [this] {
        const FirstBytes read = readFirstBytes(m_socket->peek(wireSize(IdFormat::Hex8)), settings().idFormat);
        if (!m_isOver && read.meaning == FirstBytes::Meaning::MaybeId)
            acceptId(read);
    });
}

Dial::~Dial() = default;

void Dial::enterPhase(Phase phase, std::chrono::milliseconds timeout)
{
    m_phase = phase;
    m_timer.start(std::max(timeout, std::chrono::milliseconds(1)));
}

std::chrono::milliseconds Dial::timeLeft() const
{
    return std::max(m_timer.remainingTimeAsDuration(), std::chrono::milliseconds(0));
}

void Dial::onTimeout()
{
    if (m_phase == Phase::Identify) {
        fail(noAnswerError(m_timer.interval(), m_socket->peek(wireSize(IdFormat::Hex8)), settings().idFormat,
                           settings().endpoint()));
        return;
    }
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
        fail(sourceAddressError(settings().sourceAddress.toString(), *socket));
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
    tls().applyTo(*m_socket, settings().tls.hostName.isEmpty() ? settings().host : settings().tls.hostName);
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
    m_step->moveTo(ConnectionSink::Step::Handshaking);
    if (tls().mode == TlsMode::None) {
        beginIdentify();
        return;
    }
    enterPhase(Phase::Handshake, settings().timeouts.handshake);
    if (m_socket->mode() != QSslSocket::UnencryptedMode)
        return; // the dialer has chosen connectToHostEncrypted()
    tls().context->applyTo(*m_socket);
    m_socket->startClientEncryption();
}

void Dial::onEncrypted()
{
    if (m_isOver)
        return;
    tls().context->captureFrom(*m_socket);
    if (const PoolError error = tls().verify(*m_socket, settings().endpoint())) {
        fail(error);
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
    // Mostly the id is in the kernel already, and to look there spares a turn of the loop.
    const QByteArray bytes = m_socket->peek(wireSize(IdFormat::Hex8));
    if (m_isOver)
        return;
    const FirstBytes read = readFirstBytes(bytes, settings().idFormat);
    switch (read.meaning) {
    case FirstBytes::Meaning::TooFew:
        break;
    case FirstBytes::Meaning::MaybeId:
        if (!m_patience.isActive())
            m_patience.start(std::min(longestDoubt, settings().timeouts.identify / 2));
        break;
    case FirstBytes::Meaning::Id:
        acceptId(read);
        break;
    case FirstBytes::Meaning::OtherFormat:
        fail(formatError(read.format, settings().endpoint()));
        break;
    case FirstBytes::Meaning::NoId:
        fail(noIdError(bytes, settings().endpoint()));
        break;
    }
}

// Not a byte more than the id: what follows is the application's.
void Dial::acceptId(const FirstBytes &id)
{
    m_socket->skip(wireSize(id.format));
    succeed(id.id);
}

void Dial::succeed(ConnectionId id)
{
    m_isOver = true;
    m_timer.stop();
    m_patience.stop();
    m_id = id;
    emit finished(this);
}

void Dial::fail(const PoolError &error)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_timer.stop();
    m_patience.stop();
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
