// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/repeatedlog.h"
#include "../policy/expectations.h"
#include "../policy/retryschedule.h"
#include "../policy/rounds.h"
#include "../policy/sizing.h"
#include "dials.h"
#include "learnedshelf.h"
#include "machine.h"
#include "supply.h"

namespace Tidepool {

/// Dials a client pool's connections: as many as a Sizing wants, as soon as a RetrySchedule allows.
///
/// Lives in the I/O thread.
class Connector final : public Supply
{
    Q_OBJECT

public:
    /// The sizing goes on from what lies on @p shelf, and puts there what it learns.
    Connector(ConnectionSink &sink, const ConnectorSettings &settings, std::shared_ptr<LearnedShelf> shelf);
    ~Connector() override;

    void start() override;
    void wake() override;
    void setPaused(bool paused) override;
    void abandon() override;

    /// @p newGeneration: what a connection is has changed, so that failures so far mean nothing; it begins now.
    void setSettings(const ConnectorSettings &settings, std::optional<quint64> newGeneration);
    void retryNow();
    /// @p connections takes are to come before @p until.
    void expect(int connections, Sizing::Time until);
    /// The sizing goes on from the latest on the shelf.
    void learn();

private:
    struct Shown
    {
        int capacity = 0;
        std::chrono::milliseconds interval{0};
        SizingReason reason;
        std::optional<Sizing::Time> nextBurst;
        friend bool operator==(const Shown &, const Shown &) = default;
    };
    void applySettings(const ConnectorSettings &settings);
    void beginRound();
    void continueRound();
    void endRound();
    void refill();
    void settleAccounts(const Demand &demand);
    void noteTakes(const Demand &demand);
    void armNextChange();
    void explainTrouble(EvictionCause cause);
    [[nodiscard]] bool mayDial(const Demand &demand) const;
    /// How many connections to have.
    [[nodiscard]] int capacity(Sizing::Time now);
    [[nodiscard]] int lacking(const Demand &demand);
    [[nodiscard]] int missing(const Demand &demand);
    void dial(int count);
    void onDialEnded(const DialOutcome &outcome);
    void onFailed(const DialOutcome &outcome);
    void backOff(const DialOutcome &outcome);
    void endBackoff();
    void forgetFailures();
    void enterFatal(const PoolError &error, quint64 generation);
    void showTarget();
    void showNextAttempt();
    void takeFromShelf();
    void putOnShelf(Sizing::Time now);

    // Recovery: connector_recovery.cpp
    void followMachine();
    /// Sees what has become of the machine. May begin a new generation, or dials.
    /// True if what was begun before says nothing any more.
    bool lookAround();
    [[nodiscard]] std::optional<QString> sourceOfDials() const;
    void notePeer(const QHostAddress &peer);
    void forgetPeer();
    void startOver(const MachineChange &change);
    void stopForOutage();
    void dialAtOnce();
    void showOffline();
    /// Its failure is no news.
    [[nodiscard]] bool isQuiet(const DialOutcome &outcome) const;

    ConnectionSink &m_sink;
    std::shared_ptr<const ConnectorSettings> m_settings;
    std::shared_ptr<const TlsConfiguration> m_tls;
    QString m_advice; ///< About the TLS settings, as logged last.
    PoolError m_problem; ///< Why these settings cannot work, if so.
    Dials m_dials;
    std::unique_ptr<Sizing> m_sizing;
    const std::shared_ptr<LearnedShelf> m_shelf;
    quint64 m_edition = 0; ///< The shelf's edition that the sizing began with.
    Sizing::Time m_shelvedAt;
    Expectations m_expected;
    Rounds m_rounds;
    RetrySchedule m_retries;
    QTimer m_roundTimer;
    QTimer m_backoffTimer;
    QTimer m_offlineTimer;
    QTimer m_limitTimer; ///< Until the rate limit may allow more.
    QTimer m_changeTimer; ///< Until the sizing wants more or fewer although nothing happens.
    Sizing::Time m_nextChange; ///< For which that runs, if it does.
    std::optional<Shown> m_shown; ///< What the sink was told last.
    Demand m_known; ///< What the rate limit and the sizing have heard of.
    bool m_isTroubled = false; ///< The sink was told so.
    bool m_isPaused = false;
    bool m_isStarted = false;
    bool m_isFatal = false;
    RepeatedLog m_log{this};
    std::shared_ptr<Machine> m_machine = Machine::current();
    MachineWatch m_watch;
    QHostAddress m_peer; ///< A dial's that succeeded.
    bool m_isPeerDoubtful = false; ///< Dials have failed since.
    std::shared_ptr<void> m_following; ///< Machine::changed()
    bool m_isOfflineShown = false; ///< The sink was told so.
};

} // namespace Tidepool
