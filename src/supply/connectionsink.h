// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "demand.h"

#include <tidepool/connectionid.h>
#include <tidepool/enums.h>
#include <tidepool/poolerror.h>
#include <tidepool/poolstatus.h>

#include <QtNetwork/QSslSocket>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace Tidepool {

/// A connection that is ready to be parked.
struct Established
{
    std::unique_ptr<QSslSocket> socket; ///< In the I/O thread.
    ConnectionId id;
    quint64 generation = 0; ///< That its supply was in when it was begun.
    std::chrono::steady_clock::time_point begunAt;
    bool hasPlace = false; ///< ConnectionSink::reserve() was true for it.
};

/// Where a supply delivers: the pool, seen from below.
///
/// Called in the pool's I/O thread; by handshakes that run in another one, what they need: enter(), leave(), freshId(),
/// reserve(), unreserve(), claimControlId() and releaseControlId().
class ConnectionSink
{
public:
    using Step = MakingStep;

    virtual ~ConnectionSink() = default;
    ConnectionSink() = default;
    Q_DISABLE_COPY_MOVE(ConnectionSink)

    virtual void enter(Step step) = 0;
    virtual void leave(Step step) = 0;

    [[nodiscard]] virtual Demand demand() const = 0;
    /// Client: lets go of the oldest parked connections that are more than @p keep.
    virtual void evictSurplus(int keep) = 0;
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
    /// comes to nothing, so that the next one of that generation gets it.
    [[nodiscard]] virtual bool claimControlId(quint64 generation) = 0;
    virtual void releaseControlId(quint64 generation) = 0;

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
    /// Why the capacity is what it is. @p nextBurst: when one is expected, if anything is known of it.
    virtual void setSizing(const SizingReason &reason,
                           std::optional<std::chrono::steady_clock::time_point> nextBurst) = 0;
    /// The end of a backoff, or that none runs.
    virtual void setNextAttempt(std::optional<std::chrono::steady_clock::time_point> when) = 0;
    /// Nothing can be dialled until settings change; no error ends that. @p generation: of what failed.
    virtual void setFatal(const PoolError &error, quint64 generation) = 0;
    /// Client: begins a new generation, as Pool::flush() does, and returns it. Empty, and without effect, if
    /// @p generation is not the present one: then the next is on its way already. After Renewal::Sleep the pool counts
    /// as waking until @p quietUntil.
    [[nodiscard]] virtual std::optional<quint64> renew(quint64 generation, Renewal cause,
                                                       std::chrono::steady_clock::time_point quietUntil) = 0;
    /// Client: there is no network, and nothing is dialled.
    virtual void setOffline(bool isOffline) = 0;
};

/// Counts a connection being made in one gauge of the sink, for as long as it lives.
class StepGuard
{
public:
    StepGuard(ConnectionSink &sink, ConnectionSink::Step step) : m_sink(sink), m_step(step) { m_sink.enter(m_step); }
    ~StepGuard() { m_sink.leave(m_step); }
    Q_DISABLE_COPY_MOVE(StepGuard)

    void moveTo(ConnectionSink::Step step)
    {
        if (step == m_step)
            return;
        m_sink.enter(step);
        m_sink.leave(m_step);
        m_step = step;
    }

private:
    ConnectionSink &m_sink;
    ConnectionSink::Step m_step;
};

} // namespace Tidepool
