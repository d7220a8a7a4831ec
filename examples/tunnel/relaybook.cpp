// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "relaybook.h"

#include "log.h"

namespace Tunnel {

using Tidepool::Relay;

RelayBook::RelayBook(std::chrono::milliseconds idleTimeout, QObject *parent)
    : QObject(parent), m_idleTimeout(idleTimeout)
{}

RelayBook::~RelayBook() = default;

void RelayBook::start(Tidepool::Connection pooled, std::unique_ptr<QTcpSocket> outside)
{
    auto owned = std::make_unique<Relay>(std::move(pooled), std::move(outside));
    Relay *relay = owned.get();
    relay->setIdleTimeout(m_idleTimeout);
    connect(relay, &Relay::finished, this, [this, relay](Relay::Reason reason) { finish(relay, reason); });
    {
        const std::lock_guard lock(m_mutex);
        ++m_ended.started;
        m_relays.emplace(relay, std::move(owned));
    }
    relay->start();
}

void RelayBook::stopAll()
{
    for (const auto &[relay, owned] : m_relays)
        QMetaObject::invokeMethod(relay, &Relay::stop, Qt::QueuedConnection);
}

RelayBook::Totals RelayBook::totals() const
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

void RelayBook::finish(Relay *relay, Relay::Reason reason)
{
    const bool failed = reason == Relay::Reason::FirstFailed || reason == Relay::Reason::SecondFailed
        || reason == Relay::Reason::IdleTimeout;
    qCDebug(lcTunnel).noquote() << "a relay ended:" << reason << relay->errorText() << relay->bytesFromSecond()
                                << "bytes into the tunnel," << relay->bytesFromFirst() << "bytes out of it";
    {
        const std::lock_guard lock(m_mutex);
        const auto entry = m_relays.find(relay);
        if (entry == m_relays.end())
            return;
        m_ended.failed += failed ? 1 : 0;
        m_ended.fromTunnel += relay->bytesFromFirst();
        m_ended.intoTunnel += relay->bytesFromSecond();
        // It is still emitting; it may go when that is over.
        entry->second.release()->deleteLater();
        m_relays.erase(entry);
    }
    emit relayEnded();
}

} // namespace Tunnel
