// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tunnelserver.h"

#include "../endpoint.h"
#include "../log.h"

#include <algorithm>

namespace Tunnel {

using Tidepool::ConnectionId;
using Tidepool::EvictionCause;
using Tidepool::ServerPool;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds sweepInterval{250};

} // namespace

void ServerSettings::fitInto(int files)
{
    // A quarter of the files for parked connections, a sixteenth each for handshakes and for the program itself, and
    // the rest for visitors. Each visitor takes two files, its own socket and the pooled one. With TLS, the relay has
    // one more. The numbers were checked in /proc/self/fd (see test_recovery.py).
    constexpr int perVisitor = 3;
    maximumParked = std::clamp(files / 4, 8, maximumParked);
    maximumUnauthenticated = std::clamp(maximumParked / 4, 4, maximumUnauthenticated);
    // Five files for each handshake: the limit for clients that have not sent a byte is four times the limit for
    // handshakes.
    maximumHandshakes = std::clamp(files / 16 / 5, 2, maximumHandshakes);
    maximumVisitors = std::clamp(files * 5 / 8 / perVisitor, 4, maximumVisitors);
}

TunnelServer::TunnelServer(const ServerSettings &settings, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_relays(settings.idleTimeout, QStringLiteral("the visitor"))
    , m_announced({.unauthenticated = settings.maximumUnauthenticated})
    , m_authenticator(m_pool, settings.secret, {},
                      [this](std::unique_ptr<ControlChannel> channel) { welcome(std::move(channel)); })
    , m_port(settings.visitorPatience, [this](Visitor visitor) { admit(std::move(visitor)); })
{
    watchPool();
    connect(&m_authenticator, &ClientAuthenticator::turnedAway, this, [this] { ++m_metrics.turnedAway; });
    connect(&m_relays, &RelayRegistry::relayEnded, this, &TunnelServer::finishDrainIfDone);
    // Visitors are served a little after they arrive, because some of them leave at once.
    m_serve.setSingleShot(true);
    m_serve.setInterval(0);
    connect(&m_serve, &QTimer::timeout, this, &TunnelServer::serve);
    connect(&m_sweep, &QTimer::timeout, this, &TunnelServer::sweep);
    m_drainDeadline.setSingleShot(true);
    connect(&m_drainDeadline, &QTimer::timeout, this, [this] {
        qCWarning(lcTunnel) << "the time to finish is up;" << m_relays.totals().active << "connections are cut off";
        m_waiting.clear();
        m_openings.clear();
        m_relays.stopAll();
        finishDrainIfDone();
    });
}

TunnelServer::~TunnelServer()
{
    // Takes in progress end here, while the receivers of their results still exist.
    m_pool.close();
}

QString TunnelServer::start()
{
    m_pool.setTls(m_settings.tls);
    m_pool.setMaximumCapacity(m_settings.maximumParked);
    m_pool.setMaximumHandshakes(m_settings.maximumHandshakes);
    // When the pool is full, the server closes unauthenticated connections (see AnnouncedConnections), never
    // connections of the client.
    m_pool.setOverflow(Tidepool::Overflow::Refuse);
    if (!m_pool.setAllowedClients(m_settings.allowedClients)) // without the list, every client could connect
        return QStringLiteral(
                   "--allow: \"%1\" cannot be read; write addresses and networks like 192.0.2.7 or 10.0.0.0/8.")
            .arg(m_settings.allowedClients.join(QStringLiteral("\", \"")));
    if (!m_pool.listen(m_settings.listenAddress, m_settings.listenPort)) {
        const Tidepool::PoolError error = m_pool.lastError();
        const bool isOfTls = error.phase() == Tidepool::Phase::Handshake;
        return QStringLiteral("%1: %2").arg(isOfTls ? QStringLiteral("--cert and --key") : QStringLiteral("--listen"),
                                            error.message());
    }
    if (!m_port.listen(m_settings.exposeAddress, m_settings.exposePort)) {
        m_pool.close();
        return QStringLiteral("--expose: Cannot listen on %1: %2. Choose another address or port, or stop the program "
                              "that uses it.")
            .arg(formatAddress(m_settings.exposeAddress, m_settings.exposePort), m_port.errorString());
    }
    m_sweep.start(sweepInterval);
    return {};
}

void TunnelServer::drain(std::chrono::milliseconds deadline)
{
    m_draining = true;
    m_port.close();
    m_authenticator.close();
    if (!m_session)
        m_waiting.clear();
    m_drainDeadline.start(deadline);
    finishDrainIfDone();
}

int TunnelServer::waitingVisitors() const
{
    return static_cast<int>(m_waiting.size() + m_openings.size());
}

void TunnelServer::watchPool()
{
    connect(&m_pool, &ServerPool::connectionParked, this, [this](ConnectionId id) {
        m_announced.arrived(id, Clock::now());
        discard(m_announced.expire(Clock::now()));
        serve();
    });
    connect(&m_pool, &ServerPool::connectionTaken, this, [this](ConnectionId id) { m_announced.left(id); });
    connect(&m_pool, &ServerPool::connectionEvicted, this,
            [this](ConnectionId id, EvictionCause) { m_announced.left(id); });
    connect(&m_pool, &ServerPool::connectionReadable, &m_authenticator, &ClientAuthenticator::consider);
}

// --- The client ------------------------------------------------------------------------------------

void TunnelServer::welcome(std::unique_ptr<ControlChannel> channel)
{
    if (m_draining) {
        channel.release()->deleteLater();
        return;
    }
    if (m_session) {
        m_session->send(Messages::bye(QStringLiteral("replaced")));
        endSession(QStringLiteral("another client with the same secret takes its place"));
    }
    m_session = std::move(channel);
    m_sessionClosing = false;
    m_toldWaiting = 0;
    ++m_sessionNumber;
    ++m_metrics.sessions;
    connect(m_session.get(), &ControlChannel::received, this, &TunnelServer::receive);
    connect(m_session.get(), &ControlChannel::ended, this, &TunnelServer::endSession);
    m_session->trustPeer(m_settings.heartbeat);
    qCInfo(lcTunnel).noquote() << "client connected from" << m_session->peer();
    updateMetrics();
    emit clientConnected();
}

void TunnelServer::endSession(const QString &reason)
{
    qCInfo(lcTunnel).noquote() << "client" << m_session->peer() << "lost:" << reason;
    // The client confirms a connection before it passes anything on: see TunnelClient::join().
    const bool isAllSaid = m_session->hasEndedInOrder();
    m_session->disconnect(this);
    m_session->close();
    // The channel can be emitting a signal at the moment.
    m_session.release()->deleteLater();
    ++m_sessionNumber;
    // The connections of the client close with the channel. Connections that it has not announced yet expire.
    // Connections of the next client stay.
    discard(m_announced.dismissClient());
    for (auto &[id, opening] : m_openings) {
        if (opening.mayBePassedOn() && !isAllSaid)
            turnAway(opening.visitor, Unserved::NoAnswer);
        else
            m_waiting.push_front(opening.takeVisitor());
    }
    m_openings.clear();
    if (m_draining)
        m_waiting.clear();
    updateMetrics();
    emit clientLost();
    finishDrainIfDone();
}

void TunnelServer::receive(const QJsonObject &object)
{
    const Messages::Message message = Messages::read(object);
    switch (message.type) {
    case Messages::Type::Opened:
        opened(message.id);
        break;
    case Messages::Type::Refused:
        refused(message.id, message.text);
        break;
    case Messages::Type::Have:
        announce(message.ids);
        break;
    case Messages::Type::Gone:
        for (const ConnectionId id : message.ids)
            m_announced.withdraw(id);
        updateMetrics();
        break;
    case Messages::Type::Bye:
        m_sessionClosing = true;
        qCInfo(lcTunnel).noquote() << "client" << m_session->peer() << "takes no more visitors:" << message.text;
        break;
    case Messages::Type::Open:
    case Messages::Type::Waiting:
    case Messages::Type::Malformed:
        endSession(QStringLiteral("it sent a message that makes no sense"));
        break;
    case Messages::Type::Unknown:
        qCDebug(lcTunnel) << "a message of an unknown kind is ignored";
        break;
    }
}

void TunnelServer::announce(const QList<ConnectionId> &ids)
{
    for (const ConnectionId id : ids)
        m_announced.announce(id);
    serve();
}

// --- Time ------------------------------------------------------------------------------------------

void TunnelServer::sweep()
{
    const auto now = Clock::now();
    discard(m_announced.expire(now));
    for (auto entry = m_openings.begin(); entry != m_openings.end();) {
        const bool isLate = entry->second.deadline <= now;
        const bool isInDoubt = entry->second.mayBePassedOn();
        if (!isLate || (isInDoubt && entry->second.visitor.deadline > now)) {
            ++entry;
            continue;
        }
        Opening opening = std::move(entry->second);
        entry = m_openings.erase(entry);
        if (isInDoubt)
            turnAway(opening.visitor, Unserved::NoAnswer);
        else
            tryAgain(std::move(opening));
    }
    std::erase_if(m_waiting, [&](const Visitor &visitor) {
        if (hasGone(visitor))
            return true;
        if (visitor.deadline > now)
            return false;
        turnAway(visitor, m_session ? Unserved::NoConnection : Unserved::NoClient);
        return true;
    });
    serve();
    finishDrainIfDone();
}

void TunnelServer::discard(const QList<ConnectionId> &ids)
{
    for (const ConnectionId id : ids)
        m_pool.evict(id);
}

void TunnelServer::updateMetrics()
{
    m_metrics.connected = m_session != nullptr;
    m_metrics.waiting = waitingVisitors();
    m_metrics.ready = m_announced.ready();
    m_metrics.unauthenticated = m_announced.unauthenticated();
}

void TunnelServer::finishDrainIfDone()
{
    if (!m_draining || !m_relays.isEmpty() || waitingVisitors() > 0)
        return;
    m_draining = false;
    m_drainDeadline.stop();
    m_sweep.stop();
    emit drained();
}

} // namespace Tunnel
