// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tunnelclient.h"

#include "../log.h"
#include "../protocol/messages.h"
#include "targetdial.h"

#include <QtCore/QPointer>

#include <algorithm>
#include <limits>
#include <utility>

namespace Tunnel {

using Tidepool::ClientPool;
using Tidepool::Connection;
using Tidepool::ConnectionId;
using Tidepool::EvictionCause;
using Tidepool::TakeResult;

namespace {

// The server asks for an announced connection. It is parked, or it has just ended.
constexpr std::chrono::milliseconds openTakeTimeout{500};
// After an outage, the client finds the server again within this time.
constexpr std::chrono::milliseconds longestBackoff{2'000};
constexpr std::chrono::milliseconds announceAgain{10};
// The server repeats the message every 2 s.
constexpr std::chrono::milliseconds hintLife{5'000};
constexpr qint64 visitorReadBuffer = 65'536;

} // namespace

TunnelClient::TunnelClient(const ClientSettings &settings, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_relays(settings.idleTimeout, QStringLiteral("the target"))
    , m_link(m_pool, settings.secret, settings.heartbeat, settings.retriesForever)
{
    watchPool();
    connect(&m_link, &ControlLink::received, this, &TunnelClient::receive);
    connect(&m_link, &ControlLink::up, this, [this] {
        ++m_metrics.sessions;
        m_metrics.connected = true;
        m_announcer.startOver();
        announce();
        emit connected();
    });
    connect(&m_link, &ControlLink::down, this, [this] {
        m_metrics.connected = false;
        ++m_lostChannels;
        finishDrainIfDone();
    });
    connect(&m_link, &ControlLink::gaveUp, this, &TunnelClient::gaveUp);
    connect(&m_relays, &RelayRegistry::relayEnded, this, &TunnelClient::finishDrainIfDone);
    m_announce.setSingleShot(true);
    connect(&m_announce, &QTimer::timeout, this, &TunnelClient::announce);
    m_drainDeadline.setSingleShot(true);
    connect(&m_drainDeadline, &QTimer::timeout, this, [this] {
        qCWarning(lcTunnel) << "the time to finish is up;" << m_relays.totals().active + m_joining
                            << "connections are cut off";
        cutOffJoining();
        m_relays.stopAll();
        finishDrainIfDone();
    });
}

TunnelClient::~TunnelClient()
{
    // Takes in progress end here, while the receivers of their results still exist.
    m_pool.close();
}

void TunnelClient::start()
{
    m_pool.setHost(m_settings.server.host);
    m_pool.setPort(m_settings.server.port);
    m_pool.setTls(m_settings.tls);
    m_pool.setMinimumCapacity(m_settings.bounds.minimumCapacity);
    m_pool.setMaximumCapacity(m_settings.bounds.maximumCapacity);
    m_pool.setMinimumInterval(m_settings.bounds.minimumInterval);
    m_pool.setMaximumInterval(m_settings.bounds.maximumInterval);
    Tidepool::Backoff backoff;
    backoff.cap = longestBackoff;
    m_pool.setBackoff(backoff);
    m_pool.start();
    m_link.start();
}

void TunnelClient::drain(std::chrono::milliseconds deadline)
{
    m_draining = true;
    m_link.send(Messages::bye(QStringLiteral("closing")));
    m_pool.pause();
    m_drainDeadline.start(deadline);
    finishDrainIfDone();
}

int TunnelClient::openConnections() const
{
    return m_relays.active() + std::max(m_joining, 0);
}

void TunnelClient::retryNow()
{
    m_pool.retryNow();
    m_link.retryNow();
}

void TunnelClient::watchPool()
{
    const auto changed = [this] {
        m_metrics.ready = m_announcer.parkedCount();
        if (m_link.isUp() && (!m_announce.isActive() || m_announce.intervalAsDuration() == announceAgain))
            m_announce.start(std::chrono::milliseconds(0));
    };
    connect(&m_pool, &ClientPool::connectionParked, this, [this, changed](ConnectionId id) {
        m_announcer.parked(id);
        changed();
    });
    connect(&m_pool, &ClientPool::connectionTaken, this, [this, changed](ConnectionId id) {
        m_announcer.taken(id);
        changed();
    });
    connect(&m_pool, &ClientPool::connectionEvicted, this, [this, changed](ConnectionId id, EvictionCause) {
        m_announcer.evicted(id);
        changed();
    });
}

// The control channel has proven which certificate the server has. An attacker that lets the control channel pass, but
// not this connection, shows another certificate.
bool TunnelClient::isServersCertificate(const QByteArray &digest) const
{
    return !digest.isEmpty() && digest == m_link.serverCertificateDigest();
}

// The server sends a visitor's bytes on connections that the client announces.
QSet<ConnectionId> TunnelClient::findUsable()
{
    QSet<ConnectionId> unsaid = m_announcer.unsaid();
    if (m_settings.tls.mode == Tidepool::TlsMode::None)
        return unsaid;
    QSet<ConnectionId> usable;
    for (const Tidepool::ConnectionRecord &record : m_pool.connections(std::numeric_limits<int>::max())) {
        if (!unsaid.contains(record.id))
            continue;
        if (isServersCertificate(record.peerCertificate)) {
            usable.insert(record.id);
            continue;
        }
        m_pool.evict(record.id); // and so the announcer forgets it
        m_foreignLog.warn(QStringLiteral("foreign"),
                          QStringLiteral("a connection is not used: its certificate is not the one of the server that "
                                         "has proven itself; does someone sit between? --pin keeps an attacker out"));
    }
    return usable;
}

void TunnelClient::announce()
{
    if (!m_link.isUp())
        return;
    const QSet<ConnectionId> usable = m_announcer.unsaid().isEmpty() ? QSet<ConnectionId>() : findUsable();
    for (const QJsonObject &message : m_announcer.messages(usable))
        m_link.send(message);
    // The pool examines the connection at the moment and does not list it.
    if (!m_announcer.unsaid().isEmpty())
        m_announce.start(announceAgain);
}

void TunnelClient::receive(const QJsonObject &object)
{
    const Messages::Message message = Messages::read(object);
    if (message.type == Messages::Type::Open)
        open(message.id, message.text);
    else if (message.type == Messages::Type::Waiting)
        m_pool.expect(std::min(message.count, m_pool.maximumCapacity()), hintLife);
    else
        qCDebug(lcTunnel) << "a message of an unknown kind is ignored";
}

void TunnelClient::open(ConnectionId id, const QString &peer)
{
    ++m_metrics.visitors;
    ++m_joining;
    emit visitorCame();
    const auto taken = [this, id, peer, cutOffs = m_cutOffs, lost = m_lostChannels](const TakeResult &result) {
        if (cutOffs != m_cutOffs)
            return; // the time is up, and the connection closes here
        // the control channel of the request is lost, and the visitor has another connection
        if (lost != m_lostChannels) {
            --m_joining;
            return finishDrainIfDone();
        }
        if (!result) {
            --m_joining;
            ++m_metrics.refusals;
            m_link.send(Messages::refused(id, QStringLiteral("it is not parked here")));
            return finishDrainIfDone();
        }
        join(result.connection(), peer);
    };
    m_pool.take(id, openTakeTimeout).then(this, taken);
}

bool TunnelClient::isOfTheServer(const Connection &connection) const
{
    if (!m_link.isUp())
        return false;
    // A QTcpSocket that reads the end of the visitor's sending also closes the other direction. A plain connection has
    // no certificate to check, so its socket stays in no thread until the relay has it.
    if (m_settings.tls.mode == Tidepool::TlsMode::None)
        return true;
    const QSslCertificate certificate = connection.socket()->peerCertificate();
    return !certificate.isNull() && isServersCertificate(certificate.digest(QCryptographicHash::Sha256));
}

void TunnelClient::join(const Connection &connection, const QString &peer)
{
    if (!isOfTheServer(connection)) {
        --m_joining;
        ++m_metrics.refusals;
        m_link.send(Messages::refused(connection.id(), QStringLiteral("its certificate is not the server's")));
        return finishDrainIfDone();
    }
    if (m_settings.tls.mode != Tidepool::TlsMode::None)
        connection.socket()->setReadBufferSize(visitorReadBuffer); // until the target reads the bytes
    qCDebug(lcTunnel).noquote() << "visitor" << peer << "on connection" << connection.id().toString();

    ++m_metrics.waiting;
    auto *dial = new TargetDial(connection, m_settings.target, m_settings.targetTimeout, this);
    const auto end = [this, dial] {
        --m_joining;
        --m_metrics.waiting;
        dial->disconnect(this);
        disconnect(&m_link, nullptr, dial, nullptr);
        dial->deleteLater();
        finishDrainIfDone();
    };
    connect(&m_link, &ControlLink::down, dial, [dial, end] {
        if (!dial->isConfirmed())
            end();
    });
    // Sent before anything is passed on. If this client ends before the server has received the confirmation, the
    // server gives the visitor to another client.
    m_link.send(Messages::opened(connection.id())); // the unsent bytes can exceed the limit and end the channel
    m_link.whenSent([guarded = QPointer(dial)] {
        if (guarded)
            guarded->confirm();
    });
    connect(dial, &TargetDial::connected, this, [this, dial, end, start = std::chrono::steady_clock::now()] {
        setTargetTrouble({});
        ++m_metrics.visitorsServed;
        m_metrics.visitorWait.add(std::chrono::steady_clock::now() - start);
        m_relays.start(dial->takePooled(), dial->takeSocket());
        end();
    });
    connect(dial, &TargetDial::failed, this, [this, end, peer](const QString &reason) {
        ++m_metrics.visitorsFailed;
        m_targetLog.warn(reason,
                         QStringLiteral("visitor %1 was not served: cannot reach the target %2: %3; is the service "
                                        "running there?")
                             .arg(peer, m_settings.target.toString(), reason));
        setTargetTrouble(reason);
        end();
    });
}

void TunnelClient::setTargetTrouble(const QString &reason)
{
    if (std::exchange(m_targetTrouble, reason) != reason)
        emit targetTroubleChanged();
}

// Otherwise a connection could become a relay after the drain, or count against the next drain.
void TunnelClient::cutOffJoining()
{
    ++m_cutOffs;
    qDeleteAll(findChildren<TargetDial *>(Qt::FindDirectChildrenOnly));
    m_joining = 0;
    m_metrics.waiting = 0;
}

void TunnelClient::finishDrainIfDone()
{
    if (!m_draining || !m_relays.isEmpty() || m_joining > 0)
        return;
    m_draining = false;
    m_drainDeadline.stop();
    m_link.close();
    emit drained();
}

} // namespace Tunnel
