// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>
#include <tidepool/enums.h>

#include <QtCore/QDateTime>
#include <QtCore/QList>

#include <array>
#include <chrono>

namespace Tidepool {

/// The distribution of a duration: logarithmic buckets from which percentiles are calculated.
class TIDEPOOL_EXPORT Distribution
{
    Q_GADGET
    Q_PROPERTY(qint64 count MEMBER count)
    Q_PROPERTY(double p50 READ p50)
    Q_PROPERTY(double p90 READ p90)
    Q_PROPERTY(double p99 READ p99)
    Q_PROPERTY(double maximum READ maximumMs)

public:
    /// Four buckets to each power of two, from 1 us to about 18 minutes.
    static constexpr int bucketCount = 121;

    /// The number of values.
    qint64 count = 0;
    /// The sum of all values.
    std::chrono::nanoseconds sum{0};
    /// The largest value.
    std::chrono::nanoseconds maximum{0};
    /// buckets[i]: the number of values that are at most bucketBound(i) and greater than bucketBound(i - 1). The last
    /// bucket also counts all greater values.
    std::array<quint32, bucketCount> buckets{};

    /// The upper bound of bucket @p index.
    [[nodiscard]] static std::chrono::nanoseconds bucketBound(int index);
    void add(std::chrono::nanoseconds value);
    /// The values that were added after @p earlier. The maximum is still the maximum of all values.
    [[nodiscard]] Distribution since(const Distribution &earlier) const;
    /// The duration that the part @p share (0 to 1) of all values does not exceed, accurate to 19 %. 0 without values.
    [[nodiscard]] std::chrono::nanoseconds percentile(double share) const;

    [[nodiscard]] double p50() const { return milliseconds(percentile(0.50)); } ///< Milliseconds.
    [[nodiscard]] double p90() const { return milliseconds(percentile(0.90)); } ///< Milliseconds.
    [[nodiscard]] double p99() const { return milliseconds(percentile(0.99)); } ///< Milliseconds.
    [[nodiscard]] double maximumMs() const { return milliseconds(maximum); } ///< Milliseconds.

    friend bool operator==(const Distribution &, const Distribution &) = default;

private:
    [[nodiscard]] quint32 &bucketOf(std::chrono::nanoseconds value);
    static double milliseconds(std::chrono::nanoseconds value)
    {
        return std::chrono::duration<double, std::milli>(value).count();
    }
};

/// Why a client pool has its current capacity. PoolStatus::sizingText() describes the reason in a sentence.
class TIDEPOOL_EXPORT SizingReason
{
    Q_GADGET
    Q_PROPERTY(Tidepool::SizingCause cause MEMBER cause)
    Q_PROPERTY(int needed MEMBER needed)
    Q_PROPERTY(int dialTimeMs READ dialTimeMs)
    Q_PROPERTY(int spareWindowMs READ spareWindowMs)
    Q_PROPERTY(int burstSize MEMBER burstSize)
    Q_PROPERTY(int nextBurstMs READ nextBurstMs)
    Q_PROPERTY(int announced MEMBER announced)

public:
    SizingCause cause = SizingCause::Rule;
    /// The largest number of takes within one dial time, during spareWindow. Between bursts, only takes outside bursts
    /// count.
    int needed = 0;
    std::chrono::milliseconds dialTime{0}; ///< The 90th percentile of the last dials.
    std::chrono::milliseconds spareWindow{0}; ///< ClientPool::spareWindow()
    int burstSize = 0; ///< The largest number of takes within one dial time in the last bursts.
    std::chrono::milliseconds nextBurst{-1}; ///< The time until the next expected burst. -1 ms: no burst is expected.
    int announced = 0; ///< Announced with ClientPool::expect() and not taken yet.

    [[nodiscard]] int dialTimeMs() const { return static_cast<int>(dialTime.count()); } ///< dialTime, in milliseconds.
    [[nodiscard]] int spareWindowMs() const
    {
        return static_cast<int>(spareWindow.count());
    } ///< spareWindow, in milliseconds.
    [[nodiscard]] int nextBurstMs() const
    {
        return static_cast<int>(nextBurst.count());
    } ///< nextBurst, in milliseconds.

    friend bool operator==(const SizingReason &, const SizingReason &) = default;
};

/// Every gauge and counter of a pool at one moment. All values were read under one lock, so the metrics are consistent.
///
/// The counters balance. The sum of established and givenBack equals the sum of active, ended, control, checking,
/// takenTotal, evictedTotal() and dropped. takesAsked equals the sum of servedWarm, servedAfterWait, takesFailed,
/// takesCancelled and waiting.
class TIDEPOOL_EXPORT PoolStatus
{
    Q_GADGET
    Q_PROPERTY(Tidepool::PoolState state MEMBER state)
    Q_PROPERTY(int active MEMBER active)
    Q_PROPERTY(int idle MEMBER active)
    Q_PROPERTY(int capacity MEMBER capacity)
    Q_PROPERTY(Tidepool::SizingReason sizing MEMBER sizing)
    Q_PROPERTY(int connecting MEMBER connecting)
    Q_PROPERTY(int handshaking MEMBER handshaking)
    Q_PROPERTY(int waiting MEMBER waiting)
    Q_PROPERTY(int checking MEMBER checking)
    Q_PROPERTY(int ended MEMBER ended)
    Q_PROPERTY(int control MEMBER control)
    Q_PROPERTY(int suspects MEMBER suspects)
    Q_PROPERTY(int leased MEMBER leased)
    Q_PROPERTY(int errorCount MEMBER errorCount)
    Q_PROPERTY(int nextAttemptMs READ nextAttemptMs)
    Q_PROPERTY(bool waking MEMBER waking)
    Q_PROPERTY(bool offline MEMBER offline)
    Q_PROPERTY(int idleLifetimeMs READ idleLifetimeMs)
    Q_PROPERTY(Tidepool::Diagnosis diagnosis MEMBER diagnosis)
    Q_PROPERTY(int failedInARow MEMBER failedInARow)
    Q_PROPERTY(quint64 generation MEMBER generation)
    Q_PROPERTY(qint64 parkedTotal MEMBER parkedTotal)
    Q_PROPERTY(qint64 takenTotal MEMBER takenTotal)
    Q_PROPERTY(qint64 givenBack MEMBER givenBack)
    Q_PROPERTY(qint64 established MEMBER established)
    Q_PROPERTY(qint64 dropped MEMBER dropped)
    Q_PROPERTY(qint64 overflowed MEMBER overflowed)
    Q_PROPERTY(qint64 refused MEMBER refused)
    Q_PROPERTY(qint64 sleeps MEMBER sleeps)
    Q_PROPERTY(qint64 networkChanges MEMBER networkChanges)
    Q_PROPERTY(qint64 takesAsked MEMBER takesAsked)
    Q_PROPERTY(qint64 servedWarm MEMBER servedWarm)
    Q_PROPERTY(qint64 servedAfterWait MEMBER servedAfterWait)
    Q_PROPERTY(qint64 takesFailed MEMBER takesFailed)
    Q_PROPERTY(qint64 takesCancelled MEMBER takesCancelled)
    Q_PROPERTY(qint64 failedTotal READ failedTotal)
    Q_PROPERTY(qint64 evictedTotal READ evictedTotal)
    Q_PROPERTY(QString lastError MEMBER lastError)
    Q_PROPERTY(Tidepool::ErrorKind lastErrorKind MEMBER lastErrorKind)
    Q_PROPERTY(Tidepool::Distribution dialTime MEMBER dialTime)
    Q_PROPERTY(Tidepool::Distribution waitTime MEMBER waitTime)

public:
    // Gauges
    PoolState state = PoolState::Stopped;
    int active = 0; ///< Parked and ready now. The Go package uses this name.
    int capacity = 0; ///< The number of parked connections to keep (client) or to admit (server).
    std::chrono::milliseconds interval{0}; ///< The time between two rounds (client), or 0 (server).
    SizingReason sizing; ///< Why the client pool has its current capacity.
    int connecting = 0; ///< Resolving or connecting TCP.
    int handshaking = 0; ///< In the TLS handshake, or waiting for the id.
    int waiting = 0; ///< Waiting takes.
    int checking = 0; ///< Being examined at the moment, and therefore not active.
    /// The connections that the peer closed and that still have unread bytes. Kept for take(ConnectionId), for
    /// Timeouts::take.
    int ended = 0;
    /// 1 if the control connection, with the id 00000000, is parked. Only take(ConnectionId) takes the control
    /// connection.
    int control = 0;
    /// A client: the number of active connections whose server may be gone. There was a sign of a failure, such as a
    /// dial that timed out, and nothing has arrived on the connection since that sign. The pool hands these connections
    /// out last. See docs/recovery.md. On Linux only, 0 on other systems.
    int suspects = 0;
    int leased = 0; ///< Taken, and still held by a Connection.
    int errorCount = 0; ///< addError() since resetErrorCount().
    quint64 generation = 0; ///< Raised by flush(), by new settings, and by the events of Recovery.
    /// A client: the time until the next dial, after failures or after the loss of new connections. -1 ms: the pool
    /// does not wait.
    std::chrono::milliseconds nextAttempt{-1};
    bool waking = false; ///< A client: the machine has slept, less than Recovery::quietTime ago.
    bool offline = false; ///< A client: there is no network, and the pool does not dial.
    /// A client: the idle time after which the server, or a firewall on the way, closes a parked connection. The value
    /// is known when this has happened three times at about the same age, more than 10 s and less than a day.
    /// Connections that are closed together count as one. The value stays valid for 20 times its own length, and each
    /// new generation resets it. Zero if the value is not known. See Lifetimes::learnsIdle.
    std::chrono::milliseconds idleLifetime{0};
    Diagnosis diagnosis = Diagnosis::None; ///< A client: the problem, from lastError, offline and idleLifetime.
    int failedInARow = 0; ///< A client: failed attempts since the last success or the start of this generation.

    // Counters of connections, since the pool was made
    qint64 established = 0; ///< Dialled or accepted, handshake done, id known.
    qint64 dropped = 0; ///< Established, but not parked: old generation, or the pool was closed or full.
    qint64 parkedTotal = 0; ///< Parked or given directly to a waiting take, including returned connections.
    qint64 takenTotal = 0; ///< Handed out.
    qint64 givenBack = 0; ///< Taken connections that giveBack() returned.
    qint64 overflowed = 0; ///< Refused because the server pool was full, or because of the handshake limit.
    qint64 refused = 0; ///< Refused by allowedClients.
    std::array<qint64, phaseCount> failed{}; ///< Attempts that failed, by Phase.
    std::array<qint64, evictionCauseCount> evicted{}; ///< Parked connections that left untaken, by EvictionCause.
    qint64 sleeps = 0; ///< New generations because the machine had slept: Recovery::noticesSleep.
    qint64 networkChanges = 0; ///< New generations because of another network: Recovery::followsNetwork.

    // Counters of takes
    qint64 takesAsked = 0;
    qint64 servedWarm = 0; ///< Served at once with a parked connection.
    qint64 servedAfterWait = 0; ///< Served after a wait.
    qint64 takesFailed = 0; ///< Timed out, refused or closed.
    qint64 takesCancelled = 0; ///< Cancelled by QFuture::cancel().

    // Distributions
    Distribution dialTime; ///< The time from the start of a dial (or the accept) until parked.
    Distribution waitTime; ///< The time from take() until served, including takes served at once.

    QString lastError; ///< The last dial or accept error as a sentence. Empty after a success.
    ErrorKind lastErrorKind = ErrorKind::None; ///< The kind of the last error. None after a success.

    [[nodiscard]] int nextAttemptMs() const { return static_cast<int>(nextAttempt.count()); } ///< Milliseconds.
    [[nodiscard]] int idleLifetimeMs() const { return static_cast<int>(idleLifetime.count()); } ///< Milliseconds.
    [[nodiscard]] qint64 failedIn(Phase phase) const { return failed[static_cast<size_t>(phase)]; }
    [[nodiscard]] qint64 evictedBy(EvictionCause cause) const { return evicted[static_cast<size_t>(cause)]; }
    [[nodiscard]] qint64 failedTotal() const;
    [[nodiscard]] qint64 evictedTotal() const;
    /// The state in a few words, for people: "Ready: 24 warm", "Degraded: connection refused, next try in 3.2 s",
    /// "Waking: 1 connecting", "Degraded: no network". lastError says what to do about an error.
    [[nodiscard]] QString stateText() const;
    /// Why the pool has its current capacity, in one sentence, for people: "34: up to 33 were taken within one dial
    /// time in the last 60 s; the next burst is expected in 2.1 s".
    [[nodiscard]] QString sizingText() const;
    /// The meaning of idleLifetime in one sentence, for people: "Connections that are idle for 5 min 50 s are closed by
    /// the server, or by a firewall on the way". Empty if idleLifetime is not known.
    [[nodiscard]] QString idleText() const;
    /// The meaning of diagnosis and how often it was seen, in one sentence, for people: "Nothing answers at the
    /// server's address: 12 attempts in a row failed". Empty if no problem is known. lastError says what to do.
    [[nodiscard]] QString diagnosisText() const;
};

/// One entry of a pool's eviction log: a connection that left the pool without being taken.
class TIDEPOOL_EXPORT EvictionRecord
{
    Q_GADGET
    Q_PROPERTY(Tidepool::ConnectionId id MEMBER id)
    Q_PROPERTY(Tidepool::EvictionCause cause MEMBER cause)
    Q_PROPERTY(bool byPeer READ isByPeer)
    Q_PROPERTY(QDateTime when MEMBER when)
    Q_PROPERTY(qint64 ageMs READ ageMs)
    Q_PROPERTY(qint64 idleMs READ idleMs)
    Q_PROPERTY(QString errorText MEMBER errorText)

public:
    ConnectionId id;
    EvictionCause cause = EvictionCause::PeerClosed;
    QDateTime when; ///< UTC.
    std::chrono::milliseconds age{0}; ///< The time since it was established.
    std::chrono::milliseconds idle{0}; ///< The time since it was parked.
    QString errorText; ///< The socket's error text, if there is one.

    /// True if the peer, or the network on the way to the peer, ended the connection. False if this pool ended it.
    [[nodiscard]] bool isByPeer() const
    {
        return cause == EvictionCause::PeerClosed || cause == EvictionCause::SocketError;
    }
    [[nodiscard]] qint64 ageMs() const { return age.count(); } ///< age, in milliseconds.
    [[nodiscard]] qint64 idleMs() const { return idle.count(); } ///< idle, in milliseconds.
};

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::PoolStatus)
