// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>
#include <tidepool/poolerror.h>
#include <tidepool/vocabulary.h>

#include <QtNetwork/QSslSocket>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace Tidepool {

/// The id of the one connection that a Go pool server keeps for the application's own talk. No other gets it.
inline constexpr ConnectionId controlId{0};

/// A connection that is ready to be parked.
struct Established
{
    std::unique_ptr<QSslSocket> socket; ///< In the lane.
    ConnectionId id;
    quint64 generation = 0; ///< That its supply was in when it was begun.
    std::chrono::steady_clock::time_point begunAt;
    bool hasPlace = false; ///< Sink::reserve() was true for it.
};

/// What a pool wants from its supply.
struct Demand
{
    int active = 0; ///< Parked now.
    int retiring = 0; ///< Of these, those about to be replaced.
    int returning = 0; ///< Taken, and expected to be given back soon.
    int room = 0; ///< So many more may be made, those under way included.
    int waitingForAny = 0; ///< Takes that any new connection would serve.
    qint64 taken = 0; ///< Handed out so far.
    bool hasLosses = false; ///< takeLosses() has something to tell.
    bool isOpen = false; ///< What is made now can be parked: the pool runs.
};

/// A parked connection that nobody took and that the pool did not let go by itself.
struct Loss
{
    std::chrono::steady_clock::duration age; ///< Since it was made.
    EvictionCause cause;
};

/// Where a supply delivers: the pool, seen from below. Called in the lane.
class Sink
{
public:
    /// The two gauges of connections being made.
    enum class Step : quint8 { Connecting, Handshaking };

    virtual ~Sink() = default;
    Sink() = default;
    Q_DISABLE_COPY_MOVE(Sink)

    virtual void enter(Step step) = 0;
    virtual void leave(Step step) = 0;

    [[nodiscard]] virtual Demand demand() const = 0;
    /// The losses since the last call.
    [[nodiscard]] virtual std::vector<Loss> takeLosses() = 0;
    /// An id that no connection of the pool has.
    [[nodiscard]] virtual ConnectionId freshId() const = 0;
    /// Server: how many more connections the pool would take now. Those that have a place already count as taken.
    [[nodiscard]] virtual int room() const = 0;
    /// Server: keeps a place for a connection that is about to be told its id; false if there is none. It ends with
    /// established() or unreserve().
    [[nodiscard]] virtual bool reserve() = 0;
    virtual void unreserve() = 0;
    /// Server: true for the first connection of @p generation: it is to get the controlId. releaseControlId() if it
    /// comes to nothing, so that the next one gets it.
    [[nodiscard]] virtual bool claimControlId(quint64 generation) = 0;
    virtual void releaseControlId() = 0;

    /// False if it was no good.
    virtual bool established(Established connection) = 0;
    virtual void attemptFailed(const PoolError &error) = 0;
    /// Connections are made, but they do not last: once the last is lost, new ones do not make the pool ready until the
    /// next call with no error.
    virtual void setTrouble(const PoolError &error) = 0;
    /// A connection was refused by allowedClients.
    virtual void clientRefused() = 0;
    /// A connection was refused by a limit.
    virtual void clientOverflowed() = 0;
    /// What the pool shows as capacity and interval.
    virtual void setTarget(int capacity, std::chrono::milliseconds interval) = 0;
    /// The end of a backoff, or that none runs.
    virtual void setNextAttempt(std::optional<std::chrono::steady_clock::time_point> when) = 0;
    /// Nothing can be dialled until settings change; no error ends that. @p generation: of what failed.
    virtual void setFatal(const PoolError &error, quint64 generation) = 0;
};

/// Counts a connection being made in one gauge of the sink, for as long as it lives.
class StepGuard
{
public:
    StepGuard(Sink &sink, Sink::Step step) : m_sink(sink), m_step(step) { m_sink.enter(m_step); }
    ~StepGuard() { m_sink.leave(m_step); }
    Q_DISABLE_COPY_MOVE(StepGuard)

    void moveTo(Sink::Step step)
    {
        if (step == m_step)
            return;
        m_sink.enter(step);
        m_sink.leave(m_step);
        m_step = step;
    }

private:
    Sink &m_sink;
    Sink::Step m_step;
};

} // namespace Tidepool
