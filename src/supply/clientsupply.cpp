// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "clientsupply.h"

#include "../policy/backoffdelay.h"
#include "../policy/classicsizing.h"
#include "descriptortable.h"

#include <QtCore/QRandomGenerator>

#include <algorithm>
#include <utility>

namespace Tidepool {

ClientSupply::ClientSupply(Sink &sink, const ClientSettings &settings) : m_sink(sink)
{
    for (QTimer *timer : {&m_roundTimer, &m_backoffTimer}) {
        timer->setParent(this); // so that they move to the lane with this
        timer->setSingleShot(true);
    }
    connect(&m_roundTimer, &QTimer::timeout, this, &ClientSupply::beginRound);
    connect(&m_backoffTimer, &QTimer::timeout, this, &ClientSupply::endBackoff);
    applySettings(settings);
    m_capacity = m_bounds.minimumCapacity;
    m_interval = m_bounds.minimumInterval;
}

ClientSupply::~ClientSupply() = default;

void ClientSupply::start()
{
    m_isStarted = true;
    m_sink.setTarget(m_capacity, m_interval);
    if (m_problem)
        stopForGood(m_problem, generation());
    else
        beginRound();
}

void ClientSupply::applySettings(const ClientSettings &settings)
{
    m_settings = std::make_shared<const ClientSettings>(settings);
    m_tls = std::make_shared<const TlsConfiguration>(clientTlsConfiguration(settings.tls));
    m_problem = m_tls->error;
    if (!settings.dialer && (settings.host.isEmpty() || settings.port == 0))
        m_problem = {Phase::Dial, ErrorKind::Settings,
                     QStringLiteral("There is nowhere to connect to: set the pool's host and port, or a dialer.")};
    m_bounds = settings.bounds.corrected();
}

void ClientSupply::setSettings(const ClientSettings &settings, std::optional<quint64> newGeneration)
{
    applySettings(settings);
    if (newGeneration)
        setGeneration(*newGeneration);
    m_capacity = std::clamp(m_capacity, m_bounds.minimumCapacity, m_bounds.maximumCapacity);
    m_interval = std::clamp(m_interval, m_bounds.minimumInterval, m_bounds.maximumInterval);
    if (!m_isStarted)
        return;
    m_sink.setTarget(m_capacity, m_interval);
    if (newGeneration) {
        m_log.success(); // what fails from now on is news
        abandon();
        retryNow();
    } else {
        refill();
    }
}

void ClientSupply::retryNow()
{
    forgetFailures();
    m_forgivenUntil = std::chrono::steady_clock::now();
    m_isFatal = false;
    m_sink.setFatal({}, generation());
    if (m_problem)
        stopForGood(m_problem, generation());
    else
        beginRound();
}

void ClientSupply::setPaused(bool paused)
{
    m_isPaused = paused;
    if (paused)
        m_roundTimer.stop();
    else if (m_isStarted)
        beginRound();
}

void ClientSupply::abandon()
{
    m_dials.clear();
    m_dialsOfRound = 0;
    endRoundIfDone();
}

void ClientSupply::wake()
{
    if (m_settings->refill == Refill::AtTake)
        refill();
}

bool ClientSupply::mayDial() const
{
    return m_isStarted && !m_isPaused && !m_isFatal && !m_backoffTimer.isActive();
}

// A round of the Classic rule: adapt the interval, top up, and when all of the round's dials have ended, adapt the
// capacity and sleep for the interval.
void ClientSupply::beginRound()
{
    if (!mayDial() || m_isRoundOpen || backsOffFromDeaths())
        return;
    ++m_round;
    m_isRoundOpen = true;
    m_interval = ClassicSizing::adjustedInterval(m_interval, m_sink.demand().active, m_capacity, m_bounds);
    m_sink.setTarget(m_capacity, m_interval);
    dial(missing(), m_round);
    endRoundIfDone();
}

void ClientSupply::endRoundIfDone()
{
    if (m_isRoundOpen && m_dialsOfRound == 0)
        endRound();
}

void ClientSupply::endRound()
{
    m_isRoundOpen = false;
    // A round that the limit of parallel dials cut short goes on at once.
    if (mayDial() && m_failures == 0 && missing() > 0 && m_settings->refill == Refill::AtRound) {
        m_isRoundOpen = true;
        dial(missing(), m_round);
        if (m_dialsOfRound > 0)
            return;
        m_isRoundOpen = false;
    }
    m_capacity = ClassicSizing::adjustedCapacity(m_capacity, std::exchange(m_created, 0), m_bounds);
    m_sink.setTarget(m_capacity, m_interval);
    if (mayDial())
        m_roundTimer.start(m_interval);
}

void ClientSupply::refill()
{
    if (mayDial() && !backsOffFromDeaths())
        dial(missing(), m_isRoundOpen ? m_round : 0);
}

int ClientSupply::missing() const
{
    const Demand demand = m_sink.demand();
    const int idle = demand.active - demand.retiring;
    // A take that waits needs a connection of its own, beside those that are to be parked.
    const int waiting = m_settings->refill == Refill::AtTake ? demand.waitingForAny : 0;
    return ClassicSizing::missing(m_capacity + waiting, idle, static_cast<int>(m_dials.size()));
}

void ClientSupply::dial(int count, int round)
{
    // After a failure, one dial goes ahead to see whether the others have a chance.
    const int limit = m_failures > 0 ? 1 : std::clamp(m_settings->maximumParallelDials, 1, 1'024);
    count = std::min(count, limit - static_cast<int>(m_dials.size()));
    for (int i = 0; i < count; ++i) {
        auto made = std::make_unique<Dial>(m_sink, DialPlan{m_settings, m_tls, round, generation()});
        Dial *dial = made.get();
        connect(dial, &Dial::finished, this, &ClientSupply::onFinished, Qt::QueuedConnection);
        connect(dial, &Dial::failed, this, &ClientSupply::onFailed, Qt::QueuedConnection);
        m_dials.emplace(dial, std::move(made));
        if (round == m_round)
            ++m_dialsOfRound;
        dial->start();
    }
    // Behind the first dials, whose answers take their time anyway.
    if (m_capacity > m_roomFor) {
        m_roomFor = m_capacity;
        makeRoomForDescriptors(m_capacity);
    }
}

std::unique_ptr<Dial> ClientSupply::remove(Dial *dial)
{
    const auto found = m_dials.find(dial);
    if (found == m_dials.end() || !dial->isOver()) // it was abandoned
        return nullptr;
    auto result = std::move(found->second);
    m_dials.erase(found);
    if (result->round() == m_round)
        --m_dialsOfRound;
    return result;
}

void ClientSupply::onFinished(Dial *dial)
{
    const auto owned = remove(dial);
    if (!owned)
        return;
    ++m_created;
    const bool isGood = m_sink.established(owned->takeResult());
    if (isGood && !isDying()) {
        forgetFailures();
        m_log.success();
    } else if (!isGood && owned->begunAt() >= m_backoffBegan) {
        backOff();
    }
    endRoundIfDone();
    // Behind the probe after a failure, or a limit, more may be missing.
    if (m_settings->refill == Refill::AtTake || m_isRoundOpen)
        refill();
}

void ClientSupply::onFailed(Dial *dial)
{
    const auto owned = remove(dial);
    if (!owned)
        return;
    const PoolError error = owned->error();
    m_log.failure(error);
    m_sink.attemptFailed(error);
    if (error.isFatal())
        stopForGood(error, owned->generation());
    else if (owned->begunAt() >= m_backoffBegan) // of those dialled together, one failure counts
        backOff();
    endRoundIfDone();
}

void ClientSupply::backOff()
{
    ++m_failures;
    m_backoffBegan = std::chrono::steady_clock::now();
    m_roundTimer.stop();
    const auto delay = backoffDelay(m_settings->backoff, m_failures, QRandomGenerator::global()->generateDouble());
    m_backoffTimer.start(delay);
    m_sink.setNextAttempt(m_backoffBegan + delay);
}

// A server that accepts and closes at once, such as a load balancer with nothing behind it, would else be dialled as
// fast as the machine can.
bool ClientSupply::backsOffFromDeaths()
{
    if (m_sink.demand().diedYoung <= m_forgivenUntil)
        return false;
    // Once is a flush or a restart of the server; again, before one has lived, is a failure.
    const bool isAgain = m_diedAt.has_value();
    m_diedAt = m_forgivenUntil = std::chrono::steady_clock::now();
    backOff();
    if (!isAgain)
        return true;
    const PoolError error(Phase::Validate, ErrorKind::PeerClosed,
                          QStringLiteral("%1 closes connections as soon as they are made. Does the service behind it "
                                         "run, and does it accept this client?")
                              .arg(m_settings->endpoint()));
    m_log.failure(error);
    m_sink.attemptFailed(error);
    return true;
}

bool ClientSupply::isDying() const
{
    return m_diedAt && std::chrono::steady_clock::now() - *m_diedAt < std::chrono::seconds(1);
}

void ClientSupply::endBackoff()
{
    m_forgivenUntil = std::chrono::steady_clock::now(); // those during the backoff are paid for
    stopBackoff();
    beginRound();
}

void ClientSupply::stopBackoff()
{
    m_backoffTimer.stop();
    m_sink.setNextAttempt({});
}

void ClientSupply::forgetFailures()
{
    const bool wasBackingOff = m_backoffTimer.isActive();
    m_failures = 0;
    m_diedAt.reset();
    stopBackoff();
    if (wasBackingOff && !m_isRoundOpen && !m_roundTimer.isActive() && !m_isPaused)
        m_roundTimer.start(m_interval);
}

void ClientSupply::stopForGood(const PoolError &error, quint64 generation)
{
    m_isFatal = true;
    m_roundTimer.stop();
    stopBackoff();
    m_log.failure(error);
    abandon();
    m_sink.setFatal(error, generation);
}

} // namespace Tidepool
