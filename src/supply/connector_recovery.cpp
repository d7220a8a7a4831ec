// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/log.h"
#include "connector.h"

#include <utility>

namespace Tidepool {

namespace {
// Of networks that nobody has: what leads there is the way to everywhere.
const QHostAddress &somewhere(bool isIPv4)
{
    static const QHostAddress ipv4(QStringLiteral("192.0.2.1"));
    static const QHostAddress ipv6(QStringLiteral("2001:db8::1"));
    return isIPv4 ? ipv4 : ipv6;
}

// Where the name of @p host leads to without a look-up; null if only that would tell.
QHostAddress addressOf(const QString &host)
{
    if (host.compare(QLatin1String("localhost"), Qt::CaseInsensitive) == 0)
        return QHostAddress::LocalHost;
    return QHostAddress(host);
}
} // namespace

void Connector::followMachine()
{
    const Recovery &recovery = m_settings->recovery;
    if (!recovery.noticesSleep && !recovery.followsNetwork) {
        m_following.reset();
        return;
    }
    const bool isNew = !m_following;
    m_following = m_machine->follow(recovery.followsNetwork);
    if (!isNew)
        return;
    m_machine->disconnect(this);
    connect(m_machine.get(), &Machine::changed, this, [this] {
        m_watch.expectNews();
        lookAround();
    });
}

// The clocks at every look, which costs next to nothing, and the way to the server now and then. It has no timer of its
// own, but while there is no network: while nothing happens at all, a pool that sleeps with its machine has nothing to
// do.
bool Connector::lookAround()
{
    if (!m_isStarted)
        return false;
    MachineReading reading{m_machine->clocks(), m_machine->isOnline()};
    if (m_watch.wantsSource(reading.clocks.running, reading.isOnline))
        reading.source = sourceOfDials();
    const MachineChange change = m_watch.look(reading);
    if (change.isNewGeneration()) {
        startOver(change);
    } else if (change.isLost) {
        stopForOutage();
    } else if (change.isRegained) {
        abandon(); // what was asked meanwhile is lost
        dialAtOnce();
    }
    showOffline();
    return change.isNewGeneration() || change.isLost || change.isRegained;
}

// Nothing if it cannot be known: whatever a dialer does, and a source address that is set does not change.
std::optional<QString> Connector::sourceOfDials() const
{
    if (!m_settings->sourceAddress.isNull())
        return std::nullopt;
    const auto textOf = [](const std::optional<QHostAddress> &source) {
        return source ? std::optional(source->toString()) : std::nullopt;
    };
    if (!m_peer.isNull()) {
        const auto source = m_machine->sourceTo(m_peer);
        if (!source || !source->isNull() || m_settings->dialer)
            return textOf(source);
        // Another address of the host may be reached yet.
    }
    if (m_settings->dialer)
        return std::nullopt;
    const bool isProxied = m_settings->proxy.type() != QNetworkProxy::NoProxy;
    const QHostAddress known = addressOf(isProxied ? m_settings->proxy.hostName() : m_settings->host);
    if (!known.isNull())
        return textOf(m_machine->sourceTo(known));
    const auto source = m_machine->sourceTo(somewhere(true));
    return textOf(source && source->isNull() ? m_machine->sourceTo(somewhere(false)) : source);
}

// A name may lead to addresses of both families, each with a source of its own: only where dials failed is it of
// interest that another one answers.
void Connector::notePeer(const QHostAddress &peer)
{
    if (peer.isNull() || peer == m_peer || !(m_peer.isNull() || m_isPeerDoubtful))
        return;
    m_peer = peer;
    m_isPeerDoubtful = false;
    m_watch.forgetSource();
    lookAround();
}

void Connector::forgetPeer()
{
    m_peer.clear();
    m_watch.forgetSource();
}

void Connector::startOver(const MachineChange &change)
{
    const bool hasSlept = change.slept.count() > 0;
    const auto begun = m_sink.renew(generation(), hasSlept ? Renewal::Sleep : Renewal::Network, m_watch.quietUntil());
    if (!begun)
        return; // the settings that come with the next one will do the same
    setGeneration(*begun);
    if (hasSlept)
        qCInfo(lcTidepool, "The machine has slept for %lld s: the pool replaces its connections to %ls.",
               static_cast<long long>(change.slept.count() / 1'000), qUtf16Printable(m_settings->endpoint()));
    else
        qCInfo(lcTidepool, "%ls is reached from another address than before: the pool replaces its connections.",
               qUtf16Printable(m_settings->endpoint()));
    m_log.startOver();
    abandon();
    dialAtOnce();
}

// What is under way would fail, and say nothing about the server.
void Connector::stopForOutage()
{
    qCInfo(lcTidepool, "There is no network: %ls is not dialled until there is one.",
           qUtf16Printable(m_settings->endpoint()));
    m_roundTimer.stop();
    m_backoffTimer.stop();
    m_retries.forgetFailures();
    abandon();
    showNextAttempt();
}

// One dial goes ahead, in case that there is still no way. Errors that were fatal may have been those of the network
// that it was in.
void Connector::dialAtOnce()
{
    m_dials.startSlowly();
    retryNow();
}

void Connector::showOffline()
{
    if (std::exchange(m_isOfflineShown, m_watch.isOffline()) == m_watch.isOffline())
        return;
    m_sink.setOffline(m_watch.isOffline());
    // Not every system tells when the network is back.
    if (m_watch.isOffline())
        m_offlineTimer.start(MachineWatch::offlineInterval);
    else
        m_offlineTimer.stop();
}

bool Connector::isQuiet(const DialOutcome &outcome) const
{
    return !outcome.error.isFatal() && outcome.endedAt < m_watch.quietUntil();
}

void Connector::onFailed(const DialOutcome &outcome)
{
    m_isPeerDoubtful = true;
    m_watch.expectNews();
    if (lookAround() || m_watch.isOffline())
        return; // that is why
    if (!isQuiet(outcome))
        m_sink.attemptFailed(outcome.error);
    if (outcome.error.isFatal()) {
        enterFatal(outcome.error, outcome.generation);
        return;
    }
    if (!isQuiet(outcome))
        m_log.failure(outcome.error);
    backOff(outcome);
}

void Connector::endBackoff()
{
    m_retries.endBackoff();
    showNextAttempt();
    beginRound();
}

void Connector::forgetFailures()
{
    const bool wasBackingOff = m_retries.isBackingOff();
    m_retries.forgetFailures();
    m_backoffTimer.stop();
    showNextAttempt();
    if (wasBackingOff && !m_rounds.isOpen() && !m_roundTimer.isActive() && !m_isPaused)
        m_roundTimer.start(m_sizing->interval(Sizing::Clock::now()));
}

} // namespace Tidepool
