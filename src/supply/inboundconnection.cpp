// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "inboundconnection.h"

#include "../io/descriptor.h"
#include "../io/socketoptions.h"
#include "socketerror.h"
#include "wireid.h"

#include <QtNetwork/QNetworkProxy>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace Tidepool {

InboundConnection::InboundConnection(std::shared_ptr<ConnectionSink> sink, const InboundPlan &plan, qintptr descriptor,
                                     const Peer &peer)
    : m_sink(std::move(sink))
    , m_plan(plan)
    , m_descriptor(descriptor)
    , m_peer(peer)
    , m_step(std::in_place, *m_sink, ConnectionSink::Step::Handshaking)
{
    m_timer.setParent(this); // so that it moves with this
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this,
            [this] { fail(clientTimeoutError(m_phase, timeout().count(), client())); });
}

InboundConnection::~InboundConnection()
{
    m_notifier.reset();
    if (m_hasPlace) {
        m_sink->unreserve();
        if (m_id == controlId)
            m_sink->releaseControlId(m_plan.generation);
    }
    if (m_descriptor >= 0)
        closeDescriptor(m_descriptor);
}

void InboundConnection::start()
{
    if (m_plan.tls->mode == TlsMode::None) {
        if (open())
            identify();
        return;
    }
    m_timer.start(timeout());
    m_notifier = std::make_unique<QSocketNotifier>(m_descriptor, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &InboundConnection::onReadable);
}

// Qt would begin the timer's whole time anew in the other thread.
void InboundConnection::moveTo(QThread *thread)
{
    m_notifier.reset();
    m_timer.stop();
    if (m_socket)
        m_socket->moveToThread(thread);
    moveToThread(thread);
}

// As late as possible: a socket that buffers data before TLS starts costs 6 KiB more, in holes of the heap.
bool InboundConnection::open()
{
    static const QNetworkProxy none(QNetworkProxy::NoProxy); // one for all: a socket only shares it
    m_notifier.reset();
    m_socket = std::make_unique<QSslSocket>();
    m_socket->setProxy(none);
    m_socket->setReadBufferSize(pooledReadBuffer);
    if (!m_socket->setSocketDescriptor(m_descriptor)) {
        fail({Phase::Accept, ErrorKind::Other,
              QStringLiteral("Accepting %1 failed: %2.").arg(client(), m_socket->errorString())});
        return false;
    }
    m_descriptor = -1;
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    connect(m_socket.get(), &QAbstractSocket::errorOccurred, this,
            [this] { fail(socketError(m_phase, *m_socket, client())); });
    return true;
}

void InboundConnection::onReadable()
{
    if (m_isOver)
        return;
    int error = 0;
    const Peek seen = peek(m_descriptor, &error);
    if (seen == Peek::Quiet)
        return;
    m_notifier->setEnabled(false);
    if (seen == Peek::Bytes) {
        m_isSilent = false;
        emit spoke(this);
        return;
    }
    const bool isLeaving = error == 0 || error == ECONNRESET;
    fail(isLeaving ? closedError(m_phase, client()) : systemError(m_phase, error, client()));
}

// Only now, because the TLS state of a connection costs far more than its descriptor, and an unknown client gets
// it for a packet. What the client has said is still to be read by the handshake.
void InboundConnection::beginHandshake()
{
    if (m_isOver)
        return;
    if (hasHungUp(m_descriptor)) { // nobody looked while it waited
        fail(closedError(m_phase, client()));
        return;
    }
    if (!open())
        return;
    if (!m_timer.isActive()) { // it has been moved
        const auto spent = std::chrono::steady_clock::now() - m_begunAt;
        const auto rest = timeout() - std::chrono::duration_cast<std::chrono::milliseconds>(spent);
        m_timer.start(std::max(rest, std::chrono::milliseconds(1)));
    }
    connect(m_socket.get(), &QSslSocket::encrypted, this, &InboundConnection::identify);
    m_plan.tls->applyTo(*m_socket);
    m_plan.tls->context->applyTo(*m_socket);
    m_socket->startServerEncryption();
}

void InboundConnection::identify()
{
    if (m_isOver)
        return;
    if (m_socket->isEncrypted()) {
        m_plan.tls->context->captureFrom(*m_socket);
        if (const PoolError error = m_plan.tls->verify(*m_socket, client())) {
            fail(error);
            return;
        }
    }
    m_phase = Phase::Identify;
    m_timer.start(timeout());
    if (!reserve())
        return;
    const bool isControl = m_plan.settings->reservesControlId && m_sink->claimControlId(m_plan.generation);
    m_id = isControl ? controlId : m_sink->freshId();
    m_socket->write(toWire(m_id, m_plan.settings->idFormat));
    connect(m_socket.get(), &QIODevice::bytesWritten, this, &InboundConnection::succeedWhenSent);
    connect(m_socket.get(), &QSslSocket::encryptedBytesWritten, this, &InboundConnection::succeedWhenSent);
    m_socket->flush();
    succeedWhenSent();
}

// Whoever knows its id counts on it.
bool InboundConnection::reserve()
{
    m_hasPlace = m_sink->reserve();
    if (!m_hasPlace)
        fail({Phase::Accept, ErrorKind::Limit, QStringLiteral("The pool is full: %1 was turned away.").arg(client())});
    return m_hasPlace;
}

void InboundConnection::succeedWhenSent()
{
    if (m_isOver || m_socket->bytesToWrite() > 0 || m_socket->encryptedBytesToWrite() > 0)
        return;
    m_isOver = true;
    m_timer.stop();
    emit finished(this);
}

void InboundConnection::fail(const PoolError &error)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_timer.stop();
    m_step.reset();
    m_error = error;
    m_error.setPeer(m_peer.endpoint());
    emit failed(this);
}

// Of the phase that it is in.
std::chrono::milliseconds InboundConnection::timeout() const
{
    const Timeouts &timeouts = m_plan.settings->timeouts;
    return std::max(m_phase == Phase::Identify ? timeouts.identify : timeouts.handshake, std::chrono::milliseconds(1));
}

Established InboundConnection::takeResult()
{
    m_step.reset();
    m_socket->disconnect(this);
    return {std::move(m_socket), m_id, m_plan.generation, m_begunAt, std::exchange(m_hasPlace, false)};
}

// Without the port: what a client does again and again is one failure that repeats.
QString InboundConnection::client() const
{
    return QStringLiteral("the client ") + m_peer.name();
}

} // namespace Tidepool
