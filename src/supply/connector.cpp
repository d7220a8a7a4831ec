// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "connector.h"

#include "../policy/classicsizing.h"
#include "../policy/predictivesizing.h"
#include "../types/durations.h"

#include <QtCore/QRandomGenerator>

#include <algorithm>
#include <limits>
#include <utility>

namespace Tidepool {

namespace {
std::unique_ptr<Sizing> sizingFor(const ConnectorSettings &settings)
{
    switch (settings.sizingPolicy) {
    case SizingPolicy::Predictive:
        break;
    case SizingPolicy::Classic:
        return std::make_unique<ClassicSizing>(settings.bounds);
    }
    return std::make_unique<PredictiveSizing>(settings.bounds, settings.spareWindow);
}

double randomShare()
{
    return QRandomGenerator::global()->generateDouble();
}
// So old may be what the facade reads. The copy is not for each take.
constexpr std::chrono::milliseconds shelfInterval{500};
} // namespace

Connector::Connector(ConnectionSink &sink, const ConnectorSettings &settings, std::shared_ptr<LearnedShelf> shelf)
    : m_sink(sink)
    , m_dials(
          sink, [this](const DialOutcome &outcome) { onDialEnded(outcome); }, this)
    , m_sizing(sizingFor(settings))
    , m_shelf(std::move(shelf))
{
    for (QTimer *timer : {&m_roundTimer, &m_backoffTimer, &m_limitTimer, &m_changeTimer}) {
        timer->setParent(this); // so that they move to the I/O thread with this
        timer->setSingleShot(true);
    }
    m_offlineTimer.setParent(this);
    connect(&m_offlineTimer, &QTimer::timeout, this, &Connector::lookAround);
    m_changeTimer.setTimerType(Qt::PreciseTimer); // connections for a burst have to be there in time
    const auto onTimeout = [this](QTimer &timer, void (Connector::*act)()) {
        connect(&timer, &QTimer::timeout, this, [this, act] {
            lookAround();
            (this->*act)();
        });
    };
    onTimeout(m_roundTimer, &Connector::beginRound);
    onTimeout(m_backoffTimer, &Connector::endBackoff);
    onTimeout(m_limitTimer, &Connector::continueRound);
    onTimeout(m_changeTimer, &Connector::refill);
    applySettings(settings);
    takeFromShelf();
}

Connector::~Connector()
{
    putOnShelf(Sizing::Clock::now());
}

void Connector::start()
{
    m_isStarted = true;
    m_known = m_sink.demand();
    m_shown.reset();
    showTarget();
    followMachine();
    lookAround();
    if (m_problem)
        enterFatal(m_problem, generation());
    else
        beginRound();
}

void Connector::applySettings(const ConnectorSettings &settings)
{
    if (m_settings && m_settings->sizingPolicy != settings.sizingPolicy)
        m_sizing = sizingFor(settings);
    m_settings = std::make_shared<const ConnectorSettings>(settings);
    m_tls = std::make_shared<const TlsConfiguration>(clientTlsConfiguration(settings.tls, settings.identity));
    m_tls->advise(m_advice, settings.endpoint());
    m_problem = m_tls->error;
    if (!settings.dialer && (settings.host.isEmpty() || settings.port == 0))
        m_problem = {Phase::Dial, ErrorKind::Settings,
                     QStringLiteral("There is nowhere to connect to: set the pool's host and port, or a dialer.")};
    m_sizing->setBounds(settings.bounds);
    m_sizing->setSpareWindow(settings.spareWindow);
    m_retries.setBackoff(settings.backoff);
    m_watch.setRecovery(settings.recovery);
    m_dials.setMaximum(settings.maximumParallelDials);
}

void Connector::setSettings(const ConnectorSettings &settings, std::optional<quint64> newGeneration)
{
    const bool wasOffline = m_watch.isOffline();
    applySettings(settings);
    if (newGeneration)
        setGeneration(*newGeneration);
    if (!m_isStarted)
        return;
    followMachine();
    showOffline();
    showTarget();
    m_retries.limit().reset(); // the new ones may be the remedy
    if (newGeneration) {
        m_log.startOver(); // what fails from now on is news
        m_dials.forgetServer();
        forgetPeer();
        abandon();
        lookAround();
        retryNow();
    } else if (wasOffline && !m_watch.isOffline()) {
        dialAtOnce();
    } else {
        refill();
    }
}

void Connector::retryNow()
{
    forgetFailures();
    settleAccounts(m_sink.demand());
    m_retries.limit().reset();
    m_isFatal = false;
    m_sink.setFatal({}, generation());
    if (m_problem)
        enterFatal(m_problem, generation());
    else
        beginRound();
}

void Connector::setPaused(bool paused)
{
    settleAccounts(m_sink.demand()); // takes are judged by whether the pool was paused
    m_isPaused = paused;
    if (paused)
        m_roundTimer.stop();
    else if (m_isStarted)
        beginRound();
}

void Connector::abandon()
{
    m_dials.abandon();
    m_rounds.abandon();
    if (m_rounds.isOpen())
        endRound();
}

void Connector::wake()
{
    lookAround();
    refill();
}

bool Connector::mayDial(const Demand &demand) const
{
    return m_isStarted && !m_isPaused && !m_isFatal && !m_retries.isBackingOff() && !m_watch.isOffline()
        && demand.isOpen;
}

// A round tops up, and when all of its dials have ended, the pool sleeps for the interval. What is taken meanwhile is
// for the next round, or, with Refill::AtTake, for refill().
void Connector::beginRound()
{
    const Demand demand = m_sink.demand();
    settleAccounts(demand);
    if (mayDial(demand) && !m_rounds.isOpen()) {
        m_sizing->onRoundBegun(Sizing::Clock::now(), demand.active);
        showTarget();
        m_rounds.begin(missing(demand));
    }
    continueRound();
}

void Connector::continueRound()
{
    refill();
    if (m_rounds.isOver())
        endRound();
}

void Connector::endRound()
{
    m_sizing->onRoundEnded(Sizing::Clock::now(), m_rounds.end());
    showTarget();
    if (mayDial(m_sink.demand()))
        m_roundTimer.start(m_sizing->interval(Sizing::Clock::now()));
}

// Refill::AtRound: what the round has left to dial, and no more.
void Connector::refill()
{
    const Demand demand = m_sink.demand();
    settleAccounts(demand);
    if (!mayDial(demand))
        return;
    showTarget();
    const int most = m_settings->refill == Refill::AtTake ? std::numeric_limits<int>::max() : m_rounds.left();
    dial(std::min(missing(demand), most));
    const auto now = Sizing::Clock::now();
    if (now - m_shelvedAt >= shelfInterval)
        putOnShelf(now);
    const int keep = std::max(m_sizing->surplusAbove(now), capacity(now));
    if (demand.active - demand.retiring > keep)
        m_sink.evictSurplus(keep);
    armNextChange();
}

// Tells the sizing and the rate limit what became of the connections.
void Connector::settleAccounts(const Demand &demand)
{
    noteTakes(demand);
    RateLimit &limit = m_retries.limit();
    const auto when = Sizing::Clock::now();
    limit.setSize(capacity(when), lacking(demand));
    limit.taken(static_cast<int>(demand.taken - m_known.taken));
    m_known = demand;
    auto cause = EvictionCause::PeerClosed;
    if (demand.hasLosses) {
        for (const Loss &loss : m_sink.takeLosses()) {
            limit.lost(loss.age, when);
            cause = loss.cause;
        }
    }
    limit.advance(when, randomShare());
    if (limit.due() == RateLimit::Clock::time_point::max())
        m_limitTimer.stop();
    else
        m_limitTimer.start(clampedDuration(std::chrono::ceil<std::chrono::milliseconds>(limit.due() - when),
                                           std::chrono::milliseconds(0)));
    if (limit.isTroubled() != std::exchange(m_isTroubled, limit.isTroubled())) {
        if (m_isTroubled)
            explainTrouble(cause);
        else
            m_sink.setTrouble({});
    }
    showNextAttempt();
}

void Connector::explainTrouble(EvictionCause cause)
{
    PoolError error(Phase::Validate, ErrorKind::PeerClosed,
                    QStringLiteral("%1 closes connections as soon as they are made, or a little later. Does the "
                                   "service behind it run, and does it accept this client?")
                        .arg(m_settings->endpoint()));
    if (cause == EvictionCause::Unsolicited) {
        error = {Phase::Validate, ErrorKind::SpokeFirst,
                 QStringLiteral("%1 speaks first, and this pool evicts whatever does (Unsolicited::Evict). For a "
                                "protocol in which the server greets, use Unsolicited::Keep.")
                     .arg(m_settings->endpoint())};
    } else if (cause == EvictionCause::Requested) {
        error = {Phase::Validate, ErrorKind::Other,
                 QStringLiteral("The application evicts connections to %1 as soon as they are made: see why it calls "
                                "evict().")
                     .arg(m_settings->endpoint())};
    }
    m_log.failure(error);
    m_sink.setTrouble(error);
}

// What there is to dial, but for the rate limit.
int Connector::lacking(const Demand &demand)
{
    const int idle = demand.active - demand.retiring;
    // A take that waits needs a connection of its own, beside those that are to be parked.
    const int waiting = m_settings->refill == Refill::AtTake ? demand.waitingForAny : 0;
    const int underWay = m_dials.underWay();
    const int kept = std::min(capacity(Sizing::Clock::now()), demand.limit);
    const int wanted = kept - std::min(demand.returning, kept) + waiting;
    return std::min(Sizing::missing(wanted, idle, underWay), std::max(0, demand.room - underWay));
}

int Connector::missing(const Demand &demand)
{
    return std::max(0, lacking(demand) - m_retries.limit().owed());
}

// After a failure, one dial goes ahead to see whether the others have a chance.
void Connector::dial(int count)
{
    count = std::min(count, m_dials.free());
    for (int i = 0; i < count; ++i)
        m_dials.begin({m_settings, m_tls, m_rounds.dialBegun(), generation()});
    m_dials.makeRoomFor(capacity(Sizing::Clock::now()));
}

void Connector::onDialEnded(const DialOutcome &outcome)
{
    if (outcome.kind == DialOutcome::Kind::Withdrawn)
        m_rounds.dialWithdrawn(outcome.round);
    else
        m_rounds.dialEnded(outcome.round, outcome.kind != DialOutcome::Kind::Failed);
    switch (outcome.kind) {
    case DialOutcome::Kind::Made:
        m_sizing->onDialEnded(outcome.endedAt, outcome.endedAt - outcome.begunAt);
        m_retries.succeeded(outcome.begunAt, outcome.endedAt);
        notePeer(outcome.peer);
        break;
    case DialOutcome::Kind::Died:
        backOff(outcome);
        break;
    case DialOutcome::Kind::Failed:
        onFailed(outcome);
        break;
    case DialOutcome::Kind::Withdrawn:
        break;
    }
    continueRound();
}

void Connector::backOff(const DialOutcome &outcome)
{
    const auto when = Sizing::Clock::now();
    if (!m_retries.failed(outcome.begunAt, outcome.error, when, randomShare()))
        return;
    m_roundTimer.stop();
    m_backoffTimer.start(std::chrono::ceil<std::chrono::milliseconds>(*m_retries.backoffEnds() - when));
    showNextAttempt();
}

void Connector::enterFatal(const PoolError &error, quint64 generation)
{
    m_isFatal = true;
    m_roundTimer.stop();
    m_backoffTimer.stop();
    m_retries.endBackoff();
    showNextAttempt();
    m_log.failure(error);
    abandon();
    m_sink.setFatal(error, generation);
}

void Connector::showNextAttempt()
{
    m_sink.setNextAttempt(m_retries.nextAttempt());
}

} // namespace Tidepool
