// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "clientsupply.h"

#include "../policy/backoffdelay.h"
#include "../policy/classicsizing.h"
#include "../policy/durations.h"
#include "descriptortable.h"

#include <QtCore/QRandomGenerator>

#include <algorithm>
#include <limits>
#include <utility>

namespace Tidepool {

ClientSupply::ClientSupply(Sink &sink, const ClientSettings &settings) : m_sink(sink)
{
    for (QTimer *timer : {&m_roundTimer, &m_backoffTimer, &m_limitTimer}) {
        timer->setParent(this); // so that they move to the lane with this
        timer->setSingleShot(true);
    }
    connect(&m_roundTimer, &QTimer::timeout, this, &ClientSupply::beginRound);
    connect(&m_backoffTimer, &QTimer::timeout, this, &ClientSupply::endBackoff);
    connect(&m_limitTimer, &QTimer::timeout, this, &ClientSupply::continueRound);
    applySettings(settings);
    m_capacity = m_bounds.minimumCapacity;
    m_interval = m_bounds.minimumInterval;
}

ClientSupply::~ClientSupply() = default;

void ClientSupply::start()
{
    m_isStarted = true;
    m_taken = m_sink.demand().taken;
    m_sink.setTarget(m_capacity, m_interval);
    if (m_problem)
        stopForGood(m_problem, generation());
    else
        beginRound();
}

void ClientSupply::applySettings(const ClientSettings &settings)
{
    m_settings = std::make_shared<const ClientSettings>(settings);
    m_tls = std::make_shared<const TlsConfiguration>(clientTlsConfiguration(settings.tls, settings.identity));
    m_tls->advise(m_advice, settings.endpoint());
    m_problem = m_tls->error;
    if (!settings.dialer && (settings.host.isEmpty() || settings.port == 0))
        m_problem = {Phase::Dial, ErrorKind::Settings,
                     QStringLiteral("There is nowhere to connect to: set the pool's host and port, or a dialer.")};
    m_bounds = settings.bounds.corrected();
    m_limit.setBackoff(settings.backoff);
    m_window.setMaximum(settings.maximumParallelDials);
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
    m_limit.reset(); // the new ones may be the remedy
    if (newGeneration) {
        m_log.startOver(); // what fails from now on is news
        m_window.reset();
        abandon();
        retryNow();
    } else {
        refill();
    }
}

void ClientSupply::retryNow()
{
    forgetFailures();
    m_limit.reset();
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
    m_dialsOfRound = m_leftOfRound = 0;
    if (m_isRoundOpen)
        endRound();
}

void ClientSupply::wake()
{
    refill();
}

bool ClientSupply::mayDial(const Demand &demand) const
{
    return m_isStarted && !m_isPaused && !m_isFatal && !m_backoffTimer.isActive() && demand.isOpen;
}

// A round of the Classic rule: adapt the interval, top up, and when all of the round's dials have ended, adapt the
// capacity and sleep for the interval. What is taken meanwhile is for the next round: this one tops up once, even if
// the limit of parallel dials makes it several batches.
void ClientSupply::beginRound()
{
    const Demand demand = m_sink.demand();
    settleAccounts(demand);
    if (mayDial(demand) && !m_isRoundOpen) {
        ++m_round;
        m_isRoundOpen = true;
        m_interval = ClassicSizing::adjustedInterval(m_interval, demand.active, m_capacity, m_bounds);
        m_sink.setTarget(m_capacity, m_interval);
        m_leftOfRound = missing(demand);
    }
    continueRound();
}

void ClientSupply::continueRound()
{
    refill();
    if (m_isRoundOpen && m_dialsOfRound == 0)
        endRound();
}

void ClientSupply::endRound()
{
    m_isRoundOpen = false;
    m_leftOfRound = 0;
    m_capacity = ClassicSizing::adjustedCapacity(m_capacity, std::exchange(m_created, 0), m_bounds);
    m_sink.setTarget(m_capacity, m_interval);
    if (mayDial(m_sink.demand()))
        m_roundTimer.start(m_interval);
}

// Refill::AtRound: what the round has left to dial, and no more.
void ClientSupply::refill()
{
    const Demand demand = m_sink.demand();
    settleAccounts(demand);
    if (!mayDial(demand))
        return;
    const int most = m_settings->refill == Refill::AtTake ? std::numeric_limits<int>::max() : m_leftOfRound;
    dial(std::min(missing(demand), most));
}

// Tells the rate limit what became of the connections.
void ClientSupply::settleAccounts(const Demand &demand)
{
    const auto now = std::chrono::steady_clock::now();
    m_limit.setSize(m_capacity, m_capacity + demand.waitingForAny);
    m_limit.taken(static_cast<int>(demand.taken - std::exchange(m_taken, demand.taken)));
    auto cause = EvictionCause::PeerClosed;
    if (demand.hasLosses) {
        for (const Loss &loss : m_sink.takeLosses()) {
            m_limit.lost(loss.age, now);
            cause = loss.cause;
        }
    }
    m_limit.advance(now, QRandomGenerator::global()->generateDouble());
    if (m_limit.due() == RateLimit::Clock::time_point::max())
        m_limitTimer.stop();
    else
        m_limitTimer.start(clampedDuration(std::chrono::ceil<std::chrono::milliseconds>(m_limit.due() - now),
                                           std::chrono::milliseconds(0)));
    if (m_limit.isTroubled() != std::exchange(m_isTroubled, m_limit.isTroubled())) {
        if (m_isTroubled)
            explainTrouble(cause);
        else
            m_sink.setTrouble({});
    }
    showNextAttempt();
}

void ClientSupply::explainTrouble(EvictionCause cause)
{
    PoolError error(Phase::Validate, ErrorKind::PeerClosed,
                    QStringLiteral("%1 closes connections as soon as they are made, or a little later. Does the "
                                   "service behind it run, and does it accept this client?")
                        .arg(m_settings->endpoint()));
    if (cause == EvictionCause::Unsolicited)
        error = {Phase::Validate, ErrorKind::SpokeFirst,
                 QStringLiteral("%1 speaks first, and this pool evicts whatever does (Unsolicited::Evict). For a "
                                "protocol in which the server greets, use Unsolicited::Keep.")
                     .arg(m_settings->endpoint())};
    m_log.failure(error);
    m_sink.setTrouble(error);
}

int ClientSupply::missing(const Demand &demand) const
{
    const int idle = demand.active - demand.retiring;
    // A take that waits needs a connection of its own, beside those that are to be parked.
    const int waiting = m_settings->refill == Refill::AtTake ? demand.waitingForAny : 0;
    const int underWay = static_cast<int>(m_dials.size());
    const int wanted = m_capacity - std::min(demand.returning, m_capacity) + waiting - m_limit.owed();
    return std::min(ClassicSizing::missing(wanted, idle, underWay), std::max(0, demand.room - underWay));
}

void ClientSupply::dial(int count)
{
    // After a failure, one dial goes ahead to see whether the others have a chance.
    count = std::min(count, m_window.size() - static_cast<int>(m_dials.size()));
    for (int i = 0; i < count; ++i) {
        const bool isOfRound = m_leftOfRound > 0;
        auto made = std::make_unique<Dial>(m_sink, DialPlan{m_settings, m_tls, isOfRound ? m_round : 0, generation()});
        Dial *dial = made.get();
        connect(dial, &Dial::finished, this, &ClientSupply::onFinished, Qt::QueuedConnection);
        connect(dial, &Dial::failed, this, &ClientSupply::onFailed, Qt::QueuedConnection);
        m_dials.emplace(dial, std::move(made));
        if (isOfRound) {
            --m_leftOfRound;
            ++m_dialsOfRound;
        }
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
    const auto now = std::chrono::steady_clock::now();
    const int underWay = static_cast<int>(m_dials.size());
    const auto owned = remove(dial);
    if (!owned)
        return;
    ++m_created;
    const bool isFresh = owned->begunAt() >= m_backoffBegan;
    if (!m_sink.established(owned->takeResult())) {
        m_window.failed(owned->begunAt(), now);
        if (isFresh)
            backOff();
    } else {
        m_window.succeeded(owned->begunAt(), now, underWay);
        m_limit.made(now);
        if (isFresh)
            noteSuccess();
    }
    continueRound();
}

void ClientSupply::onFailed(Dial *dial)
{
    const auto owned = remove(dial);
    if (!owned)
        return;
    const PoolError error = owned->error();
    m_sink.attemptFailed(error);
    m_window.failed(owned->begunAt(), std::chrono::steady_clock::now());
    if (error.isFatal()) {
        stopForGood(error, owned->generation());
    } else {
        m_log.failure(error);
        if (owned->begunAt() >= m_backoffBegan) // of those dialled together, one failure counts
            backOff(error.isLasting());
    }
    continueRound();
}

// Once may be one server of several; a second time in a row, what lasts is not tried again before long.
void ClientSupply::backOff(bool isLasting)
{
    ++m_failures;
    m_backoffBegan = std::chrono::steady_clock::now();
    m_roundTimer.stop();
    const double random = QRandomGenerator::global()->generateDouble();
    const auto delay = isLasting && m_failures > 1 ? lastingBackoffDelay(m_settings->backoff, random)
                                                   : backoffDelay(m_settings->backoff, m_failures, random);
    m_backoffEnds = m_backoffBegan + delay;
    m_backoffTimer.start(delay);
    showNextAttempt();
}

void ClientSupply::endBackoff()
{
    showNextAttempt();
    beginRound();
}

void ClientSupply::stopBackoff()
{
    m_backoffTimer.stop();
    showNextAttempt();
}

void ClientSupply::showNextAttempt()
{
    if (m_backoffTimer.isActive())
        m_sink.setNextAttempt(m_backoffEnds);
    else if (m_limit.owed() > 0 && m_limitTimer.isActive())
        m_sink.setNextAttempt(m_limit.due());
    else
        m_sink.setNextAttempt({});
}

// One success proves little: a full server refuses most dials and accepts one now and then. So it takes half of the way
// back, and a few in a row the whole. Those begun before the last failure say nothing about what came after.
void ClientSupply::noteSuccess()
{
    m_failures /= 2;
}

void ClientSupply::forgetFailures()
{
    const bool wasBackingOff = m_backoffTimer.isActive();
    m_failures = 0;
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
