// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "reference.h"

#include <map>
#include <memory>
#include <random>
#include <vector>

/// Random calls of a PoolMachine and of a Reference, in virtual time. After each the two must agree.
class ModelRun
{
public:
    ModelRun(bool isServer, unsigned seed);
    ~ModelRun();
    Q_DISABLE_COPY_MOVE(ModelRun)

    /// One call. False if the two did not agree: see problem().
    bool step();
    QString problem() const { return m_problem; }

private:
    using Clock = Tidepool::PoolMachine::Clock;
    /// A connection that is out, and what for.
    struct Out
    {
        enum class For : quint8 { Offer, Take, Service, Examination };
        Tidepool::CheckedOut connection;
        For use = For::Offer;
        bool isWatched = false;
        std::optional<quint32> wanted = {}; // by the take
        quint64 ticket = 0; // of the waiter

        [[nodiscard]] quint32 id() const { return connection->id.value(); }
    };

    [[nodiscard]] unsigned below(unsigned count) { return static_cast<unsigned>(m_random() >> 8U) % count; }
    [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
    [[nodiscard]] quint32 anyId() { return below(14); }
    [[nodiscard]] std::optional<quint32> anyWish() { return chance(25) ? std::optional(anyId()) : std::nullopt; }
    [[nodiscard]] Tidepool::Moment now() const { return {m_now, QDateTime()}; }
    [[nodiscard]] quint64 tokenOf(quint32 id) const { return m_tokens.contains(id) ? m_tokens.at(id) : 77; }
    void check(bool isRight, const char *what);
    void expectSame(const Reference::Gone &expected, const Tidepool::Actions &actions, const char *what);

    void call();
    void arrive();
    void progress();
    void offer(Out &out);
    void serve(Out &out);
    void endTake(Out &out);
    void examine(Out &out);
    void take(std::optional<quint32> wanted);
    void changeLife();
    void changePolicy();
    void fail();
    void endLease();
    void expire();
    void compare();

    Tidepool::PoolMachine m_machine;
    Reference m_reference;
    std::vector<Out> m_outs;
    std::map<quint32, quint64> m_tokens; // the last of each id
    std::minstd_rand m_random;
    Clock::time_point m_now;
    quint64 m_lastTicket = 0;
    const bool m_isServer;
    QString m_problem;
};
