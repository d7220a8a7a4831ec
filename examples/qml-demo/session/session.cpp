// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "session.h"

#include "wording.h"

namespace Dashboard {

using Tidepool::PoolState;
using Tidepool::PoolStatus;
using namespace std::chrono_literals;

namespace {

constexpr auto drainTime = 5s;
constexpr auto countdownTick = 100ms;
constexpr auto refreshPause = 60ms;
constexpr auto keepInterval = 60s;

Session::Severity severityOf(const PoolStatus &status, bool isTroubled)
{
    switch (status.state) {
    case PoolState::Ready:
        return isTroubled || status.waiting > status.active ? Session::Severity::Careful : Session::Severity::Good;
    case PoolState::Degraded:
        return Session::Severity::Bad;
    case PoolState::Paused:
    case PoolState::Draining:
        return Session::Severity::Careful;
    case PoolState::Warming:
        return isTroubled ? Session::Severity::Bad : Session::Severity::Busy;
    case PoolState::Stopped:
    case PoolState::Closed:
        break;
    }
    return Session::Severity::Resting;
}

} // namespace

Session::Session(QObject *parent)
    : QObject(parent), m_pool(m_lab.clientPool()), m_throughput([this] { return totals(); })
{
    m_refresh.setSingleShot(true);
    m_refresh.setInterval(refreshPause);
    connect(&m_refresh, &QTimer::timeout, this, &Session::updateWords);
    m_countdown.setInterval(countdownTick);
    connect(&m_countdown, &QTimer::timeout, this, &Session::updateWords);
    m_keeper.setInterval(keepInterval);
    connect(&m_keeper, &QTimer::timeout, this, &Session::keepLevels);
    watch(m_pool);
    watch(m_lab.serverPool());
    connect(&m_lab, &Lab::troubleChanged, this, [this] { report(m_lab.trouble()); });
    updateWords();
}

Session::~Session()
{
    // The lab and the pools outlive the objects that their signals refer to.
    m_lab.disconnect(this);
    for (Tidepool::Pool *pool :
         {static_cast<Tidepool::Pool *>(m_pool), static_cast<Tidepool::Pool *>(m_lab.clientPool()),
          static_cast<Tidepool::Pool *>(m_lab.serverPool())})
        pool->disconnect(this);
    keepLevels();
}

Tidepool::Pool *Session::serverPool()
{
    return m_kind == Kind::Lab ? m_lab.serverPool() : nullptr;
}

QString Session::title() const
{
    return m_kind == Kind::Lab ? tr("Loopback lab") : m_tunnelTitle;
}

bool Session::isRunning() const
{
    const PoolState state = m_pool->state();
    return state != PoolState::Stopped && state != PoolState::Closed;
}

bool Session::isPaused() const
{
    return m_pool->state() == PoolState::Paused && linkTrouble().isEmpty() && !isTunnelDraining();
}

bool Session::canRetry() const
{
    const PoolState state = m_pool->state();
    return state == PoolState::Degraded || (state == PoolState::Warming && m_pool->lastError())
        || !linkTrouble().isEmpty();
}

bool Session::startLab()
{
    show(Kind::Lab, m_lab.clientPool());
    endTunnel();
    if (m_lab.isRunning() && !isRunning())
        m_lab.stop(); // the pool was drained
    setMistake(m_lab.start());
    m_throughput.startOver();
    return m_mistake.isEmpty();
}

bool Session::connectTunnel()
{
    QString mistake;
    const Tunnel::ClientSettings settings = m_settings.toClientSettings(&mistake);
    setMistake(mistake);
    if (!mistake.isEmpty())
        return false;
    keepLevels(); // the new tunnel can be the same as the old one
    auto tunnel = std::make_unique<Tunnel::TunnelClient>(settings);
    Tunnel::TunnelClient *client = tunnel.get();
    m_tunnelTitle = tr("%1 to %2").arg(settings.server.toString(), settings.target.toString());
    connect(client, &Tunnel::TunnelClient::connected, this, &Session::updateWords);
    connect(client, &Tunnel::TunnelClient::targetTroubleChanged, this, [this] { report(targetTrouble()); });
    connect(client, &Tunnel::TunnelClient::drained, this, [client] { client->pool().close(); });
    show(Kind::Tunnel, &client->pool());
    emit titleChanged();
    m_lab.stop();
    m_tunnel.reset();
    m_tunnel = std::move(tunnel);
    m_throughput.startOver();
    restoreLevels(*m_tunnel);
    m_tunnel->start();
    m_keeper.start();
    return true;
}

bool Session::start()
{
    return m_kind == Kind::Lab ? startLab() : connectTunnel();
}

void Session::stop()
{
    if (!m_tunnel) {
        m_lab.stop();
        return;
    }
    // The pool of the tunnel stays visible, closed.
    m_tunnel->drain(0ms);
}

void Session::pause()
{
    m_pool->pause();
}

void Session::resume()
{
    m_pool->resume();
}

void Session::flush()
{
    m_pool->flush();
}

void Session::drain()
{
    if (m_tunnel)
        m_tunnel->drain(drainTime);
    else
        m_pool->drain(drainTime);
    updateWords(); // a paused pool does not report that its tunnel drains
}

void Session::retryNow()
{
    if (m_tunnel)
        m_tunnel->retryNow();
    else
        m_pool->retryNow();
}

Throughput::Totals Session::totals()
{
    if (!m_tunnel)
        return {m_lab.bytesDown(), m_lab.bytesUp()};
    const Tunnel::RelayRegistry::Totals relays = m_tunnel->relays().totals();
    return {relays.fromTunnel, relays.intoTunnel};
}

QString Session::linkTrouble() const
{
    const bool isWanted = m_tunnel && isRunning() && !m_tunnel->isDraining();
    return isWanted && !m_tunnel->link().isUp() ? m_tunnel->link().trouble() : QString();
}

QString Session::targetTrouble() const
{
    const QString reason = m_tunnel ? m_tunnel->targetTrouble() : QString();
    return reason.isEmpty() ? QString() : Wording::unreachableTarget(m_tunnel->target().toString(), reason);
}

void Session::show(Kind kind, Tidepool::ClientPool *pool)
{
    const bool isOtherKind = std::exchange(m_kind, kind) != kind;
    if (pool != m_pool) {
        m_pool->disconnect(this);
        m_pool = pool;
        watch(m_pool);
        emit poolChanged();
    }
    if (isOtherKind) {
        emit kindChanged();
        emit titleChanged();
    }
    updateWords();
}

void Session::watch(Tidepool::Pool *pool)
{
    connect(pool, &Tidepool::Pool::statusChanged, this, [this] {
        if (!m_refresh.isActive())
            m_refresh.start();
    });
}

void Session::updateWords()
{
    m_status = m_pool->status();
    m_serverStatus = m_lab.serverPool()->status();
    m_headline = m_status.stateText();
    m_advice = Wording::advice(m_status, m_status.lastError);
    m_severity = severityOf(m_status, !m_status.lastError.isEmpty());
    overruleWords();
    // No signal updates the seconds.
    if (m_status.nextAttempt.count() <= 0)
        m_countdown.stop();
    else if (!m_countdown.isActive())
        m_countdown.start();
    emit wordsChanged();
}

// The texts for problems outside the pool, which matter more than the pool's own texts.
void Session::overruleWords()
{
    const auto trouble = [this](const QString &sentence) {
        m_advice = sentence;
        m_severity = Severity::Bad;
    };
    const bool isReady = m_status.state == PoolState::Ready;
    if (isTunnelDraining()) {
        // The pool of the tunnel is only paused during a drain.
        m_headline = Wording::draining(m_tunnel->openConnections());
        m_advice = Wording::drainingAdvice();
        m_severity = Severity::Careful;
    } else if (const QString ofLink = linkTrouble(); !ofLink.isEmpty()) {
        // The connections can be good although the server rejects this client. In that case the tunnel pauses its pool.
        trouble(ofLink);
        if (m_status.state == PoolState::Paused)
            m_headline = tr("Not connected");
    } else if (const QString ofTarget = targetTrouble(); isReady && !ofTarget.isEmpty()) {
        trouble(ofTarget);
    } else if (!m_lab.trouble().isEmpty()) {
        trouble(m_lab.trouble());
    }
}

void Session::report(const QString &trouble)
{
    updateWords();
    if (!trouble.isEmpty())
        emit failed(trouble);
}

void Session::restoreLevels(Tunnel::TunnelClient &client)
{
    QString problem;
    client.pool().setLevels(m_settings.levels(m_tunnelTitle, &problem));
    if (!problem.isEmpty())
        emit failed(tr("What was kept from the last time is not used: %1.").arg(problem));
}

void Session::keepLevels()
{
    if (m_tunnel && !m_tunnel->pool().levels().isEmpty())
        m_settings.keepLevels(m_tunnelTitle, m_tunnel->pool().levels());
}

void Session::endTunnel()
{
    keepLevels();
    m_keeper.stop();
    m_tunnel.reset();
}

void Session::setMistake(const QString &mistake)
{
    if (mistake == m_mistake)
        return;
    m_mistake = mistake;
    emit mistakeChanged();
}

} // namespace Dashboard
