// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tunnelserver.h"

#include "endpoint.h"
#include "log.h"

#include <QtCore/QThread>

#include <algorithm>

namespace Tunnel {

using Tidepool::ConnectionId;
using Tidepool::EvictionCause;
using Tidepool::ServerPool;
using Tidepool::TakeResult;
using Clock = std::chrono::steady_clock;

namespace {

// What is taken is parked, or has gone this moment.
constexpr std::chrono::milliseconds warmTakeTimeout{200};
constexpr std::chrono::milliseconds sweepInterval{250};

} // namespace

void ServerSettings::fitInto(int files)
{
    // A quarter for what is parked, a sixteenth each for handshakes and for the program itself, the rest for visitors.
    // Each of them takes two, his own socket and the pooled one, and with TLS the relay has one more: seen in
    // /proc/self/fd (see test_recovery.py).
    constexpr int perVisitor = 3;
    maximumParked = std::clamp(files / 4, 8, maximumParked);
    maximumStrangers = std::clamp(maximumParked / 4, 4, maximumStrangers);
    // Five files for each: clients that have not said a word are limited to four times as many.
    maximumHandshakes = std::clamp(files / 16 / 5, 2, maximumHandshakes);
    maximumVisitors = std::clamp(files * 5 / 8 / perVisitor, 4, maximumVisitors);
}

TunnelServer::TunnelServer(const ServerSettings &settings, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_relays(settings.idleTimeout, QStringLiteral("the visitor"))
    , m_roster({.strangers = settings.maximumStrangers})
    , m_gatekeeper(m_pool, settings.secret, {},
                   [this](std::unique_ptr<ControlChannel> channel) { welcome(std::move(channel)); })
    , m_port(settings.visitorPatience, [this](Visitor visitor) { admit(std::move(visitor)); })
{
    watchPool();
    connect(&m_gatekeeper, &Gatekeeper::turnedAway, this, [this] { ++m_figures.turnedAway; });
    connect(&m_relays, &RelayBook::relayEnded, this, &TunnelServer::finishDrainIfDone);
    // Later than they come, because some are gone by then.
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
    // Takes that are under way end here, while there is still someone to hear of it.
    m_pool.close();
}

QString TunnelServer::start()
{
    m_pool.setTls(m_settings.tls);
    m_pool.setMaximumCapacity(m_settings.maximumParked);
    m_pool.setMaximumHandshakes(m_settings.maximumHandshakes);
    // Room is made by closing strangers (see Roster), never by closing the client's connections.
    m_pool.setOverflow(Tidepool::Overflow::Refuse);
    if (!m_pool.setAllowedClients(m_settings.allowedClients)) // with none of them, everyone would be let in
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
    m_gatekeeper.close();
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
        m_roster.arrived(id, Clock::now());
        discard(m_roster.expire(Clock::now()));
        serve();
    });
    connect(&m_pool, &ServerPool::connectionTaken, this, [this](ConnectionId id) { m_roster.left(id); });
    connect(&m_pool, &ServerPool::connectionEvicted, this,
            [this](ConnectionId id, EvictionCause) { m_roster.left(id); });
    connect(&m_pool, &ServerPool::connectionSpoke, &m_gatekeeper, &Gatekeeper::consider);
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
    ++m_sessionNumber;
    ++m_figures.sessions;
    connect(m_session.get(), &ControlChannel::received, this, &TunnelServer::receive);
    connect(m_session.get(), &ControlChannel::ended, this, &TunnelServer::endSession);
    m_session->trustPeer(m_settings.heartbeat);
    qCInfo(lcTunnel).noquote() << "client connected from" << m_session->peer();
    updateFigures();
    emit clientConnected();
}

void TunnelServer::endSession(const QString &reason)
{
    qCInfo(lcTunnel).noquote() << "client" << m_session->peer() << "lost:" << reason;
    m_session->disconnect(this);
    m_session->close();
    // It may be emitting just now.
    m_session.release()->deleteLater();
    ++m_sessionNumber;
    // Its connections go with it. What it has not announced yet expires; what belongs to the next client stays.
    discard(m_roster.dismissClient());
    for (auto &[id, opening] : m_openings)
        m_waiting.push_front(std::move(opening.visitor));
    m_openings.clear();
    if (m_draining)
        m_waiting.clear();
    updateFigures();
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
            m_roster.withdraw(id);
        updateFigures();
        break;
    case Messages::Type::Bye:
        m_sessionClosing = true;
        qCInfo(lcTunnel).noquote() << "client" << m_session->peer() << "takes no more visitors:" << message.text;
        break;
    case Messages::Type::Open:
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
        m_roster.announce(id);
    serve();
}

// --- The visitors ----------------------------------------------------------------------------------

void TunnelServer::admit(Visitor visitor)
{
    ++m_figures.visitors;
    qCDebug(lcTunnel).noquote() << "visitor" << visitor.peer;
    if (waitingVisitors() >= m_settings.maximumWaiting)
        return turnAway(visitor, Unserved::TooManyWait);
    if (waitingVisitors() + m_relays.active() >= m_settings.maximumVisitors)
        return turnAway(visitor, Unserved::TooManyAreHere);
    visitor.waited = m_roster.ready() == 0 || !m_waiting.empty();
    m_waiting.push_back(std::move(visitor));
    m_serve.start();
    updateFigures();
}

void TunnelServer::serve()
{
    while (m_session && !m_sessionClosing && m_roster.ready() > 0) {
        auto visitor = nextVisitor();
        const auto id = visitor ? m_roster.pick() : std::nullopt;
        if (!id)
            break;
        Opening opening{std::move(*visitor), {}, Clock::now() + m_settings.openTimeout};
        m_openings.insert_or_assign(id->value(), std::move(opening));
        m_pool.take(*id, warmTakeTimeout)
            .then(this, [this, id = *id, session = m_sessionNumber](const TakeResult &result) {
                taken(id, session, result);
            });
    }
    updateFigures();
}

// Over TLS, the end of his sending is the end of both ways in any case.
bool TunnelServer::hasGone(const Visitor &visitor)
{
    if (!hasLeft(visitor, m_settings.tls.mode == Tidepool::TlsMode::None))
        return false;
    ++m_figures.visitorsLeft;
    qCDebug(lcTunnel).noquote() << "visitor" << visitor.peer << "left before he was served";
    return true;
}

std::optional<Visitor> TunnelServer::nextVisitor()
{
    while (!m_waiting.empty()) {
        Visitor visitor = std::move(m_waiting.front());
        m_waiting.pop_front();
        if (!hasGone(visitor))
            return visitor;
    }
    return std::nullopt;
}

// By the next one, if this one has gone; false if there is none.
bool TunnelServer::replaceVisitor(Opening &opening)
{
    if (!hasGone(opening.visitor))
        return true;
    auto next = nextVisitor();
    if (!next)
        return false;
    opening.visitor = std::move(*next);
    return true;
}

void TunnelServer::taken(ConnectionId id, quint64 session, const TakeResult &result)
{
    const auto entry = m_openings.find(id.value());
    if (entry == m_openings.end() || session != m_sessionNumber)
        return; // the visitor has gone on, and the connection closes here
    if (!result) {
        Opening opening = std::move(entry->second);
        m_openings.erase(entry);
        m_waiting.push_front(std::move(opening.visitor));
        return serve();
    }
    if (!replaceVisitor(entry->second)) {
        m_openings.erase(entry);
        m_roster.announce(id); // it is still the client's
        m_pool.giveBack(result.connection());
        return updateFigures();
    }
    entry->second.connection = result.connection();
    m_session->send(Messages::open(id, entry->second.visitor.peer));
}

void TunnelServer::opened(ConnectionId id)
{
    const auto entry = m_openings.find(id.value());
    if (entry == m_openings.end() || !entry->second.connection)
        return;
    Opening opening = std::move(entry->second);
    m_openings.erase(entry);
    ++m_figures.visitorsServed;
    m_figures.servedWarm += opening.visitor.waited ? 0 : 1;
    m_figures.visitorWait.add(Clock::now() - opening.visitor.arrival);
    opening.visitor.socket->moveToThread(QThread::currentThread());
    m_relays.start(std::move(opening.connection), std::move(opening.visitor.socket));
    updateFigures();
}

void TunnelServer::refused(ConnectionId id, const QString &reason)
{
    const auto entry = m_openings.find(id.value());
    if (entry == m_openings.end() || !entry->second.connection)
        return;
    ++m_figures.refusals;
    qCDebug(lcTunnel).noquote() << "the client refused connection" << id.toString() << "because" << reason;
    Opening opening = std::move(entry->second);
    m_openings.erase(entry);
    tryAgain(std::move(opening));
    serve();
}

void TunnelServer::tryAgain(Opening opening)
{
    opening.connection.close();
    if (++opening.visitor.refusals >= m_settings.maximumRefusals)
        turnAway(opening.visitor, Unserved::Refused);
    else
        m_waiting.push_front(std::move(opening.visitor));
}

void TunnelServer::turnAway(const Visitor &visitor, Unserved kind)
{
    const auto reason = [&]() -> QString {
        switch (kind) {
        case Unserved::TooManyWait:
            return QStringLiteral("%1 others are waiting already").arg(waitingVisitors());
        case Unserved::TooManyAreHere:
            return QStringLiteral("%1 others are here already").arg(m_settings.maximumVisitors);
        case Unserved::Refused:
            return QStringLiteral("the client refused %1 connections").arg(visitor.refusals);
        case Unserved::NoConnection:
            return QStringLiteral("no connection came free in time");
        case Unserved::NoClient:
            break;
        }
        return QStringLiteral("no client is here");
    };
    ++m_figures.visitorsFailed;
    m_visitorLog.warn(QString::number(static_cast<int>(kind)),
                      QStringLiteral("visitor %1 was not served: %2").arg(visitor.peer, reason()));
}

// --- Time ------------------------------------------------------------------------------------------

void TunnelServer::sweep()
{
    const auto now = Clock::now();
    discard(m_roster.expire(now));
    for (auto entry = m_openings.begin(); entry != m_openings.end();) {
        if (entry->second.deadline > now) {
            ++entry;
            continue;
        }
        Opening opening = std::move(entry->second);
        entry = m_openings.erase(entry);
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
    // The pool has no way to evict one connection: it is taken, and closes when nobody keeps the result.
    for (const ConnectionId id : ids)
        static_cast<void>(m_pool.take(id, warmTakeTimeout));
}

void TunnelServer::updateFigures()
{
    m_figures.connected = m_session != nullptr;
    m_figures.waiting = waitingVisitors();
    m_figures.ready = m_roster.ready();
    m_figures.strangers = m_roster.strangers();
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
