// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "relayregistry.h"

#include "log.h"

namespace Tunnel {

using Tidepool::Relay;

RelayRegistry::RelayRegistry(std::chrono::milliseconds idleTimeout, const QString &outside, QObject *parent)
    : QObject(parent), m_idleTimeout(idleTimeout), m_outside(outside)
{}

RelayRegistry::~RelayRegistry() = default;

void RelayRegistry::start(Tidepool::Connection pooled, std::unique_ptr<QTcpSocket> outside, qint64 early)
{
    auto owned = std::make_unique<Relay>(std::move(pooled), std::move(outside));
    Relay *relay = owned.get();
    relay->setIdleTimeout(m_idleTimeout);
    connect(relay, &Relay::finished, this,
            [this, relay, early](Relay::Reason reason) { finish(relay, reason, early); });
    {
        const std::lock_guard lock(m_mutex);
        ++m_ended.started;
        m_ended.intoTunnel += early;
        m_relays.emplace(relay, std::move(owned));
    }
    relay->start();
}

void RelayRegistry::stopAll()
{
    for (const auto &[relay, owned] : m_relays)
        QMetaObject::invokeMethod(relay, &Relay::stop, Qt::QueuedConnection);
}

RelayRegistry::Totals RelayRegistry::totals() const
{
    const std::lock_guard lock(m_mutex);
    Totals totals = m_ended;
    totals.active = static_cast<int>(m_relays.size());
    for (const auto &[relay, owned] : m_relays) {
        totals.fromTunnel += relay->bytesFromFirst();
        totals.intoTunnel += relay->bytesFromSecond();
    }
    return totals;
}

QString RelayRegistry::words(Relay::Reason reason, const QString &errorText) const
{
    const auto idle = std::chrono::duration_cast<std::chrono::seconds>(m_idleTimeout).count();
    switch (reason) {
    case Relay::Reason::FirstClosed:
        return QStringLiteral("the other end of the tunnel closed it");
    case Relay::Reason::SecondClosed:
        return QStringLiteral("%1 closed it").arg(m_outside);
    case Relay::Reason::IdleTimeout:
        return QStringLiteral("no byte was carried for %1 s").arg(idle);
    case Relay::Reason::FirstFailed:
        return QStringLiteral("the connection in the tunnel failed (%1)").arg(errorText);
    case Relay::Reason::SecondFailed:
        return QStringLiteral("the connection of %1 failed (%2)").arg(m_outside, errorText);
    case Relay::Reason::NotStarted:
        return QStringLiteral("it could not start: %1").arg(errorText);
    case Relay::Reason::Stopped:
        break;
    }
    return QStringLiteral("it was cut off");
}

void RelayRegistry::finish(Relay *relay, Relay::Reason reason, qint64 early)
{
    const bool failed = reason == Relay::Reason::FirstFailed || reason == Relay::Reason::SecondFailed
        || reason == Relay::Reason::IdleTimeout || reason == Relay::Reason::NotStarted;
    qCDebug(lcTunnel).noquote().nospace()
        << "a visit is over: " << words(reason, relay->errorText()) << "; " << early + relay->bytesFromSecond()
        << " bytes into the tunnel, " << relay->bytesFromFirst() << " bytes out of it";
    {
        const std::lock_guard lock(m_mutex);
        const auto entry = m_relays.find(relay);
        if (entry == m_relays.end())
            return;
        m_ended.failed += failed ? 1 : 0;
        m_ended.fromTunnel += relay->bytesFromFirst();
        m_ended.intoTunnel += relay->bytesFromSecond();
        // The relay is still emitting a signal, so its deletion is deferred.
        entry->second.release()->deleteLater();
        m_relays.erase(entry);
    }
    emit relayEnded();
}

} // namespace Tunnel
