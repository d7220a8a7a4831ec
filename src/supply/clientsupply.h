// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../policy/dialwindow.h"
#include "../policy/ratelimit.h"
#include "dial.h"
#include "repeatedlog.h"
#include "supply.h"

#include <unordered_map>

namespace Tidepool {

/// Dials a client pool's connections: rounds by the Classic rule, refill, backoff, and the limits of both.
///
/// Lives in the lane and owns the dials under way.
class ClientSupply final : public Supply
{
    Q_OBJECT

public:
    ClientSupply(Sink &sink, const ClientSettings &settings);
    ~ClientSupply() override;

    void start() override;
    void wake() override;
    void setPaused(bool paused) override;
    void abandon() override;

    /// @p newGeneration: what a connection is has changed, so that failures so far mean nothing; it begins now.
    void setSettings(const ClientSettings &settings, std::optional<quint64> newGeneration);
    void retryNow();

private:
    void applySettings(const ClientSettings &settings);
    void beginRound();
    void continueRound();
    void endRound();
    void refill();
    void settleAccounts(const Demand &demand);
    void explainTrouble(EvictionCause cause);
    [[nodiscard]] bool mayDial(const Demand &demand) const;
    [[nodiscard]] int missing(const Demand &demand) const;
    void dial(int count);
    void onFinished(Dial *dial);
    void onFailed(Dial *dial);
    void backOff(bool isLasting = false);
    void endBackoff();
    void stopBackoff();
    void showNextAttempt();
    void noteSuccess();
    void forgetFailures();
    void stopForGood(const PoolError &error, quint64 generation);
    std::unique_ptr<Dial> remove(Dial *dial);

    Sink &m_sink;
    std::shared_ptr<const ClientSettings> m_settings;
    std::shared_ptr<const TlsConfiguration> m_tls;
    QString m_advice; ///< About the TLS settings, as logged last.
    PoolError m_problem; ///< Why these settings cannot work, if so.
    Bounds m_bounds;
    int m_capacity = 0;
    std::chrono::milliseconds m_interval{0};

    std::unordered_map<Dial *, std::unique_ptr<Dial>> m_dials;
    int m_roomFor = 0; ///< For so many connections, room was made for descriptors.
    QTimer m_roundTimer;
    QTimer m_backoffTimer;
    QTimer m_limitTimer; ///< Until the rate limit may allow more.
    RateLimit m_limit;
    DialWindow m_window;
    qint64 m_taken = 0; ///< Of these takes the rate limit knows.
    bool m_isTroubled = false; ///< The sink was told so.
    int m_round = 0;
    int m_leftOfRound = 0; ///< Still to be dialled in this round.
    int m_dialsOfRound = 0; ///< Under way.
    bool m_isRoundOpen = false;
    int m_created = 0; ///< Since the capacity was last adapted.
    int m_failures = 0; ///< Steps of the backoff: each failure adds one, each success halves them.
    std::chrono::steady_clock::time_point m_backoffBegan;
    std::chrono::steady_clock::time_point m_backoffEnds;
    bool m_isPaused = false;
    bool m_isStarted = false;
    bool m_isFatal = false;
    RepeatedLog m_log{this};
};

} // namespace Tidepool
