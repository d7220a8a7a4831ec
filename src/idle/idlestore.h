// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "entry.h"

#include <tidepool/vocabulary.h>

#include <array>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

namespace Tidepool {

/// All connections a pool knows of, by id, and the parked ones in order.
///
/// Not thread-safe: it lives under the pool's mutex. Every operation takes constant time in the number of
/// connections; with lifetimes set, logarithmic.
class IdleStore
{
public:
    IdleStore() = default;
    ~IdleStore() = default;
    Q_DISABLE_COPY_MOVE(IdleStore)

    /// All, those in state Checking included.
    [[nodiscard]] int size() const { return static_cast<int>(m_entries.size()); }
    [[nodiscard]] int parkedCount() const { return m_parked.size() + m_underWay.size(); }
    [[nodiscard]] int endedCount() const { return m_ended.size(); }
    [[nodiscard]] int controlCount() const { return m_control.size(); }
    /// The bytes held in all, and those in the ended ones.
    [[nodiscard]] qint64 buffered() const { return m_buffered; }
    [[nodiscard]] qint64 bufferedInEnded() const { return m_bufferedInEnded; }
    [[nodiscard]] int leasedCount() const { return m_leased.size() + m_reported.size(); }
    [[nodiscard]] int retiringCount() const { return m_retiring; }
    [[nodiscard]] bool contains(ConnectionId id) const { return m_entries.find(id.value()) != m_entries.end(); }
    /// nullptr if it is gone.
    [[nodiscard]] Entry *find(quint64 token) const;
    [[nodiscard]] Entry *find(ConnectionId id) const;

    /// Adds a connection in state Checking; nullptr if its id is in use.
    Entry *add(std::unique_ptr<Entry> entry);
    /// For a server that hands out the newest first: it hands out one whose id has arrived at the client, if it can
    /// tell.
    void setPrefersArrived(bool prefers);
    /// From now on all that are parked count as arrived.
    void settleArrivals();
    /// Checking to Parked; to Ended if its peer has closed it. The control connection is in no order.
    void park(Entry *entry);
    /// In state Checking or Leased.
    void setBuffered(Entry *entry, qint64 bytes);
    /// Checking to Leased.
    void lease(Entry *entry);
    /// Leased to Checking.
    void reclaim(Entry *entry);
    /// Removes a connection in state Checking or Leased.
    std::unique_ptr<Entry> remove(Entry *entry);

    /// Parked to Checking: the next one in order; nullptr if there is none.
    Entry *checkOut(TakeOrder order);
    /// The same of the connection named @p id, which may be an ended one.
    Entry *checkOut(ConnectionId id);
    [[nodiscard]] Entry *oldestParked() const { return m_parked.isEmpty() ? m_underWay.oldest() : m_parked.oldest(); }
    [[nodiscard]] Entry *oldestEnded() const { return m_ended.oldest(); }
    [[nodiscard]] Entry *control() const { return m_control.oldest(); }
    /// Those after it: Entry::older.
    [[nodiscard]] std::array<const Entry *, 2> newestParked() const { return {m_underWay.newest(), m_parked.newest()}; }
    /// The same with the ended ones.
    [[nodiscard]] std::array<const Entry *, 3> newestIdle() const
    {
        return {m_underWay.newest(), m_parked.newest(), m_ended.newest()};
    }
    /// To Checking, of a given one, parked or ended.
    void checkOut(Entry *entry);

    /// The parked one whose replacement is due first, or nullptr.
    [[nodiscard]] Entry *nextToRetire() const { return firstOf(m_byRetire); }
    /// The parked one that has to go first, or nullptr.
    [[nodiscard]] Entry *nextToEnd() const { return firstOf(m_byEnd); }
    void setRetiring(Entry *entry);

    /// The taken one that is held longest and not reported yet, or nullptr.
    [[nodiscard]] Entry *oldestLease() const { return m_leased.oldest(); }
    void setReported(Entry *entry);
    /// The newest not reported, and the newest reported; those after each: Entry::older.
    [[nodiscard]] std::array<const Entry *, 2> newestLeased() const { return {m_leased.newest(), m_reported.newest()}; }

private:
    using Deadlines = std::set<std::pair<Expiry::Clock::time_point, Entry *>>;
    static Entry *firstOf(const Deadlines &deadlines)
    {
        return deadlines.empty() ? nullptr : deadlines.begin()->second;
    }

    void promote(Entry *entry);
    void promoteArrived();
    void removeUnderWay(Entry *entry);

    std::unordered_map<quint32, std::unique_ptr<Entry>> m_entries;
    EntryList m_underWay;
    Entry *m_nextToLookAt = nullptr; ///< In m_underWay.
    bool m_prefersArrived = false;
    EntryList m_parked;
    EntryList m_ended;
    EntryList m_control; ///< Parked, but for nobody who does not name it; one at most.
    EntryList m_leased;
    EntryList m_reported; ///< Leased too, but already reported as held too long.
    Deadlines m_byRetire;
    Deadlines m_byEnd;
    int m_retiring = 0;
    qint64 m_buffered = 0;
    qint64 m_bufferedInEnded = 0;
    quint32 m_serial = 0;
};

} // namespace Tidepool
