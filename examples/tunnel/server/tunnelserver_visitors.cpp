// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../log.h"
#include "tunnelserver.h"

#include <QtCore/QThread>

#include <utility>

namespace Tunnel {

using Tidepool::ConnectionId;
using Tidepool::TakeResult;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds hintInterval{2};

} // namespace

void TunnelServer::admit(Visitor visitor)
{
    ++m_metrics.visitors;
    qCDebug(lcTunnel).noquote() << "visitor" << visitor.peer;
    if (waitingVisitors() >= m_settings.maximumWaiting)
        return turnAway(visitor, Unserved::TooManyWait);
    if (waitingVisitors() + m_relays.active() >= m_settings.maximumVisitors)
        return turnAway(visitor, Unserved::TooManyAreHere);
    visitor.waited = m_announced.ready() <= static_cast<int>(m_waiting.size()); // those before him are served first
    m_waiting.push_back(std::move(visitor));
    m_serve.start();
    updateMetrics();
}

void TunnelServer::serve()
{
    while (m_session && !m_sessionClosing && m_announced.ready() > 0) {
        auto visitor = nextVisitor();
        const auto id = visitor ? m_announced.pick() : std::nullopt;
        if (!id)
            break;
        Opening opening{std::move(*visitor), {}, Clock::now() + m_settings.openTimeout, {}};
        m_openings.insert_or_assign(id->value(), std::move(opening));
        m_pool.take(*id, warmTakeTimeout)
            .then(this, [this, id = *id, session = m_sessionNumber](const TakeResult &result) {
                taken(id, session, result);
            });
    }
    tellWaiting();
    updateMetrics();
}

// The client then dials for these visitors at once. The server repeats the message from time to time, because the
// client's dials can fail.
void TunnelServer::tellWaiting()
{
    if (!m_session || m_sessionClosing)
        return;
    const auto now = Clock::now();
    const int waiting = static_cast<int>(m_waiting.size());
    if (waiting > m_toldWaiting || (waiting > 0 && now - m_toldAt >= hintInterval)) {
        m_session->send(Messages::waiting(waiting));
        m_toldAt = now;
    }
    m_toldWaiting = waiting;
}

// Over TLS, the end of the visitor's sending always ends both directions.
bool TunnelServer::hasGone(const Visitor &visitor)
{
    if (!hasLeft(visitor, m_settings.tls.mode == Tidepool::TlsMode::None))
        return false;
    ++m_metrics.visitorsLeft;
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

// If the visitor is gone, replaces it with the next one. Returns false if there is none.
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
        return; // the visitor has been passed on, and the connection closes here
    if (!result) {
        Opening opening = std::move(entry->second);
        m_openings.erase(entry);
        m_waiting.push_front(std::move(opening.visitor));
        return serve();
    }
    if (!replaceVisitor(entry->second)) {
        m_openings.erase(entry);
        m_announced.announce(id); // the connection still belongs to the client
        m_pool.giveBack(result.connection());
        return updateMetrics();
    }
    Opening &opening = entry->second;
    opening.connection = result.connection();
    m_session->send(Messages::open(id, opening.visitor.peer));
    // The client has announced this connection, so the client has its other end.
    opening.early = std::make_unique<EarlyBytes>(opening.visitor, opening.connection);
}

bool TunnelServer::Opening::mayBePassedOn() const
{
    return early && early->hasBegun();
}

Visitor TunnelServer::Opening::takeVisitor()
{
    if (early)
        visitor.said = std::exchange(early, nullptr)->copy();
    connection.close();
    return std::move(visitor);
}

void TunnelServer::opened(ConnectionId id)
{
    const auto entry = m_openings.find(id.value());
    if (entry == m_openings.end() || !entry->second.connection)
        return;
    Opening opening = std::move(entry->second);
    m_openings.erase(entry);
    opening.visitor.socket->moveToThread(QThread::currentThread());
    const qint64 earlyBytes = std::exchange(opening.early, nullptr)->finish(*opening.visitor.socket);
    ++m_metrics.visitorsServed;
    m_metrics.servedWarm += opening.visitor.waited ? 0 : 1;
    m_metrics.visitorWait.add(Clock::now() - opening.visitor.arrival);
    m_relays.start(std::move(opening.connection), std::move(opening.visitor.socket), earlyBytes);
    updateMetrics();
}

void TunnelServer::refused(ConnectionId id, const QString &reason)
{
    const auto entry = m_openings.find(id.value());
    if (entry == m_openings.end() || !entry->second.connection)
        return;
    ++m_metrics.refusals;
    qCDebug(lcTunnel).noquote() << "the client refused connection" << id.toString() << "because" << reason;
    Opening opening = std::move(entry->second);
    m_openings.erase(entry);
    tryAgain(std::move(opening));
    serve();
}

// Call this only if the client has certainly passed nothing on.
void TunnelServer::tryAgain(Opening opening)
{
    Visitor visitor = opening.takeVisitor();
    if (++visitor.refusals >= m_settings.maximumRefusals)
        turnAway(visitor, Unserved::Refused);
    else
        m_waiting.push_front(std::move(visitor));
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
        case Unserved::NoAnswer:
            return QStringLiteral("the client did not say whether it has passed on what he said");
        case Unserved::NoConnection:
            return QStringLiteral("no connection came free in time");
        case Unserved::NoClient:
            break;
        }
        return QStringLiteral("no client is here");
    };
    ++m_metrics.visitorsFailed;
    m_visitorLog.warn(QString::number(static_cast<int>(kind)),
                      QStringLiteral("visitor %1 was not served: %2").arg(visitor.peer, reason()));
}

} // namespace Tunnel
