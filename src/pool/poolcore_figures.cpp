// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolcore.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
constexpr size_t maximumEvents = 65'536; // a facade whose thread hangs must not cost unbounded memory
} // namespace

PoolState PoolCore::state() const
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
    if (m_isUp)
        return PoolState::Ready;
    return m_hasFailed ? PoolState::Degraded : PoolState::Warming;
}

PoolStatus PoolCore::statusLocked() const
{
    PoolStatus result = m_figures;
    result.state = state();
    result.active = m_store.parkedCount();
    result.ended = m_store.endedCount();
    result.control = m_store.controlCount();
    result.leased = m_store.leasedCount();
    result.waiting = m_waiters.size() + m_serving;
    result.lastError = m_lastError.message();
    result.lastErrorKind = m_lastError.kind();
    if (m_nextAttempt && m_life == Life::Running) {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*m_nextAttempt - Clock::now());
        result.nextAttempt = std::max(rest, std::chrono::milliseconds(0));
    }
    return result;
}

PoolStatus PoolCore::status() const
{
    const Lock lock(m_mutex);
    return statusLocked();
}

// Only what is wrong with the wait itself carries the figures.
PoolError PoolCore::withStatus(PoolError error, Lock &lock) const
{
    if (error.phase() != Phase::Wait) {
        lock.unlock();
        return error;
    }
    const PoolStatus figures = statusLocked();
    lock.unlock();
    error.setStatus(figures);
    return error;
}

PoolError PoolCore::lastError() const
{
    const Lock lock(m_mutex);
    return m_lastError;
}

QList<EvictionRecord> PoolCore::evictions() const
{
    const Lock lock(m_mutex);
    return QList<EvictionRecord>(m_ledger.begin(), m_ledger.end());
}

QList<ConnectionRecord> PoolCore::connections(int limit) const
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    QList<ConnectionRecord> result;
    const auto addUpTo = [&result, now = Clock::now()](int lines, const Entry *newest) {
        for (const Entry *entry = newest; entry && result.size() < lines; entry = entry->older) {
            ConnectionRecord line;
            line.id = entry->id;
            line.isTaken = entry->state == Entry::State::Leased;
            line.peer = entry->peer;
            line.cipher = entry->cipher;
            line.age = duration_cast<milliseconds>(now - entry->establishedAt);
            line.idle = duration_cast<milliseconds>(now - entry->parkedAt);
            result.append(line);
        }
    };
    const Lock lock(m_mutex);
    result.reserve(std::clamp(m_store.size(), 0, std::max(limit, 0)));
    // A large pool of parked ones must not hide what is in use.
    const int linesOfTaken = std::min(m_store.leasedCount(), limit / 2);
    for (const Entry *newest : m_store.newestParked())
        addUpTo(limit - linesOfTaken, newest);
    addUpTo(limit, m_store.control());
    for (const Entry *newest : m_store.newestLeased())
        addUpTo(limit, newest);
    return result;
}

std::vector<PoolEvent> PoolCore::takeEvents()
{
    const Lock lock(m_mutex);
    m_hasEvents = false;
    return std::exchange(m_events, {});
}

void PoolCore::record(PoolEvent::Kind kind, ConnectionId id, EvictionCause cause, const PoolError &error)
{
    if ((m_wanted & bit(kind)) == 0 || m_events.size() >= maximumEvents)
        return;
    m_events.push_back({kind, id, cause, error});
    m_hasEvents = true;
}

void PoolCore::recordEviction(const Entry &entry, EvictionCause cause, const QString &text)
{
    ++m_figures.evicted[static_cast<size_t>(cause)];
    writeLedger(entry, cause, text, {});
    record(PoolEvent::Kind::Evicted, entry.id, cause);
}

void PoolCore::writeLedger(const Entry &entry, EvictionCause cause, const QString &text, const Moment &now)
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    EvictionRecord line;
    line.id = entry.id;
    line.cause = cause;
    line.when = now.utc;
    line.age = duration_cast<milliseconds>(now.steady - entry.establishedAt);
    line.idle = duration_cast<milliseconds>(now.steady - entry.parkedAt);
    line.errorText = text;
    m_ledger.push_back(std::move(line));
    if (m_ledger.size() > ledgerSize)
        m_ledger.pop_front();
}

void PoolCore::addError()
{
    {
        const Lock lock(m_mutex);
        ++m_figures.errorCount;
    }
    changed();
}

void PoolCore::resetErrorCount()
{
    {
        const Lock lock(m_mutex);
        m_figures.errorCount = 0;
    }
    changed();
}

void PoolCore::setStartError(const PoolError &error)
{
    {
        const Lock lock(m_mutex);
        m_lastError = error;
    }
    changed();
}

} // namespace Tidepool
