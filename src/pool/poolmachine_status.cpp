// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../policy/diagnosis.h"
#include "poolmachine.h"

#include <algorithm>

namespace Tidepool {

PoolState PoolMachine::state() const
{
    switch (m_life) {
    case Life::Stopped:
        return PoolState::Stopped;
    case Life::Draining:
        return PoolState::Draining;
    case Life::Closed:
        return PoolState::Closed;
    case Life::Running:
        break;
    }
    if (m_isPaused)
        return PoolState::Paused;
    if (m_health.isOffline && m_store.parkedCount() == 0)
        return PoolState::Degraded;
    if (m_health.isUp)
        return PoolState::Ready;
    return m_health.hasFailed ? PoolState::Degraded : PoolState::Warming;
}

// The last attempt may have failed long ago, or in an older generation: with nothing lacking, nothing is dialled, and
// nothing is wrong.
Diagnosis PoolMachine::diagnosis() const
{
    if (m_policy.isServer)
        return Diagnosis::None;
    if (m_health.hasStartFailed)
        return diagnose(m_health.lastError, false, false);
    if (!isRunning())
        return Diagnosis::None;
    const bool isLacking = m_store.parkedCount() - m_store.overdueCount() < m_capacity || m_waiters.size() > 0;
    const bool isFailing = (isLacking && m_health.failedInARow > 0) || m_health.fatal || m_health.trouble;
    const bool isSettled = m_isPaused || !isFailing;
    return diagnose(isSettled ? PoolError() : m_health.lastError, m_health.isOffline,
                    m_idleLifetime.known().count() > 0);
}

PoolStatus PoolMachine::status(Clock::time_point now) const
{
    PoolStatus result;
    result.state = state();
    result.active = m_store.parkedCount();
    result.capacity = m_capacity;
    result.interval = m_interval;
    result.connecting = m_making[static_cast<size_t>(MakingStep::Connecting)];
    result.handshaking = m_making[static_cast<size_t>(MakingStep::Handshaking)];
    result.waiting = m_waiters.size();
    result.checking = m_store.checkedOutCount();
    result.ended = m_store.endedCount();
    result.control = m_store.controlCount();
    result.suspects = m_store.suspectCount();
    result.leased = m_store.leasedCount();
    result.errorCount = m_errorCount;
    result.generation = m_generation;
    result.sizing = m_sizing;
    if (m_nextBurst && isRunning() && *m_nextBurst > now)
        result.sizing.nextBurst = std::chrono::ceil<std::chrono::milliseconds>(*m_nextBurst - now);
    if (m_health.nextAttempt && isRunning()) {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*m_health.nextAttempt - now);
        result.nextAttempt = std::max(rest, std::chrono::milliseconds(0));
    }
    result.waking = isRunning() && m_health.wakingUntil && now < *m_health.wakingUntil;
    result.offline = isRunning() && m_health.isOffline;
    result.idleLifetime = m_idleLifetime.known();
    result.diagnosis = diagnosis();
    result.failedInARow = m_policy.isServer ? 0 : m_health.failedInARow;
    result.sleeps = m_counters.renewals[static_cast<size_t>(Renewal::Sleep)];
    result.networkChanges = m_counters.renewals[static_cast<size_t>(Renewal::Network)];
    result.established = m_counters.established;
    result.dropped = m_counters.dropped;
    result.parkedTotal = m_counters.parkedTotal;
    result.takenTotal = m_counters.takenTotal;
    result.givenBack = m_counters.givenBack;
    result.overflowed = m_counters.overflowed;
    result.refused = m_counters.refused;
    result.failed = m_counters.failed;
    result.evicted = m_counters.evicted;
    result.takesAsked = m_counters.takesAsked;
    result.servedWarm = m_counters.servedWarm;
    result.servedAfterWait = m_counters.servedAfterWait;
    result.takesFailed = m_counters.takesFailed;
    result.takesCancelled = m_counters.takesCancelled;
    result.dialTime = m_counters.dialTime;
    result.waitTime = m_counters.waitTime;
    result.lastError = m_health.lastError.message();
    result.lastErrorKind = m_health.lastError.kind();
    return result;
}

QList<ConnectionRecord> PoolMachine::connections(int limit, Clock::time_point now) const
{
    const auto since = [now](Clock::time_point then) {
        using std::chrono::milliseconds;
        return std::max(std::chrono::duration_cast<milliseconds>(now - then), milliseconds(0));
    };
    QList<ConnectionRecord> result;
    const auto addUpTo = [&](int lines, const Entry *newest) {
        for (const Entry *entry = newest; entry && result.size() < lines; entry = entry->older) {
            ConnectionRecord line;
            line.id = entry->id;
            line.isTaken = entry->state == Entry::State::Leased;
            line.peer = entry->peer;
            line.cipher = entry->cipher;
            line.peerCertificate = entry->peerCertificate;
            line.age = since(entry->establishedAt);
            line.idle = since(entry->parkedAt);
            result.append(line);
        }
    };
    result.reserve(std::clamp(m_store.size(), 0, std::max(limit, 0)));
    // Many parked connections must not hide the connections in use.
    const int linesOfTaken = std::min(m_store.leasedCount(), limit / 2);
    for (const Entry *newest : m_store.newestParked())
        addUpTo(limit - linesOfTaken, newest);
    addUpTo(limit, m_store.control());
    for (const Entry *newest : m_store.newestLeased())
        addUpTo(limit, newest);
    return result;
}

std::vector<const Entry *> PoolMachine::held() const
{
    std::vector<const Entry *> result;
    for (const Entry *newest : m_store.newestIdle()) {
        for (const Entry *entry = newest; entry; entry = entry->older)
            result.push_back(entry);
    }
    if (const Entry *control = m_store.control())
        result.push_back(control);
    for (const CheckedOut &out : m_toExamine)
        result.push_back(&*out);
    return result;
}

// --- The invariants

// Takes constant time.
QString PoolMachine::counterViolation() const
{
    qint64 evicted = 0;
    for (const qint64 count : m_counters.evicted)
        evicted += count;
    const Counters &sum = m_counters;
    const qint64 present = m_store.size() - m_store.leasedCount();
    if (sum.established + sum.givenBack != present + sum.takenTotal + evicted + sum.dropped)
        return QStringLiteral("Connections came that neither are here nor left.");
    if (sum.takesAsked
        != sum.servedWarm + sum.servedAfterWait + sum.takesFailed + sum.takesCancelled + m_waiters.size())
        return QStringLiteral("Takes were asked that neither wait nor ended.");
    if (sum.takenTotal != sum.servedWarm + sum.servedAfterWait)
        return QStringLiteral("Connections were taken that served nobody.");
    if (m_store.checkedOutCount() < static_cast<int>(m_toExamine.size()) || m_reserved < 0)
        return QStringLiteral("A gauge is below zero.");
    if (m_life == Life::Closed && (present != m_store.checkedOutCount() || m_waiters.lineSize() > 0))
        return QStringLiteral("A closed pool holds a connection, or somebody waits.");
    return {};
}

QString PoolMachine::entryViolation(const Entry &entry) const
{
    if (!entry.isIdle())
        return QStringLiteral("Connection %1 is in the list of another state.").arg(entry.id.toString());
    if (entry.generation != m_generation)
        return QStringLiteral("Connection %1 of an older generation is parked.").arg(entry.id.toString());
    if (entry.state == Entry::State::Ended && (entry.isSuspect || entry.probed))
        return QStringLiteral("Connection %1 has ended, and is suspected.").arg(entry.id.toString());
    if (entry.isSuspect ? !m_probe : entry.isOverdue || entry.probed)
        return QStringLiteral("Connection %1 is asked, and is no suspect.").arg(entry.id.toString());
    if (entry.hasPlace)
        return QStringLiteral("Parked connection %1 keeps a place.").arg(entry.id.toString());
    const bool isForAny = entry.state == Entry::State::Parked && !entry.isControl();
    if (isForAny ? m_waiters.isAwaited(entry.id) : m_waiters.isAwaitedByName(entry.id))
        return QStringLiteral("Somebody waits whom connection %1 would serve.").arg(entry.id.toString());
    return {};
}

QString PoolMachine::violation() const
{
    if (QString broken = counterViolation(); !broken.isEmpty())
        return broken;
    int idle = 0;
    int overdue = 0;
    const auto look = [&](const Entry *newest) {
        for (const Entry *entry = newest; entry; entry = entry->older) {
            ++idle;
            overdue += entry->isOverdue ? 1 : 0;
            if (QString broken = entryViolation(*entry); !broken.isEmpty())
                return broken;
        }
        return QString();
    };
    for (const Entry *newest : m_store.newestIdle()) {
        if (QString broken = look(newest); !broken.isEmpty())
            return broken;
    }
    if (QString broken = look(m_store.control()); !broken.isEmpty())
        return broken;
    if (idle != m_store.parkedCount() + m_store.endedCount() + m_store.controlCount())
        return QStringLiteral("A list does not hold what it counts.");
    if (overdue != m_store.overdueCount())
        return QStringLiteral("The overdue suspects are not those that are counted.");
    int leased = 0;
    for (const Entry *newest : m_store.newestLeased()) {
        for (const Entry *entry = newest; entry; entry = entry->older) {
            ++leased;
            if (entry->isSuspect || entry->probed)
                return QStringLiteral("Taken connection %1 is a suspect.").arg(entry->id.toString());
            if (entry->state != Entry::State::Leased)
                return QStringLiteral("A connection that is not taken is in the list of the taken ones.");
        }
    }
    if (leased != m_store.leasedCount())
        return QStringLiteral("The list of the taken ones does not hold what it counts.");
    return {};
}

} // namespace Tidepool
