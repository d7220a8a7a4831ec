// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "entry.h"

#include <tidepool/enums.h>

#include <array>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

namespace Tidepool {

/// All connections a pool knows of, by id, and the parked ones in order.
///
/// Not thread-safe: it lives under the pool's mutex. What concerns one connection takes constant time; with lifetimes
/// set, logarithmic. What concerns all of them takes time in proportion: suspectAll(), renewExpiries().
class IdleStore
{
public:
    /// Whether the peer of a descriptor has all that was sent to it.
    using ArrivalProbe = bool (*)(qintptr descriptor);

    /// @p hasArrived: nullptr where nobody can tell.
    explicit IdleStore(ArrivalProbe hasArrived = nullptr) : m_hasArrived(hasArrived) {}
    ~IdleStore() = default;
    Q_DISABLE_COPY_MOVE(IdleStore)

    /// All, those in state Checking included.
    [[nodiscard]] int size() const { return static_cast<int>(m_entries.size()); }
    /// Suspects included.
    [[nodiscard]] int parkedCount() const { return m_parked.size() + m_underWay.size() + m_suspects.size(); }
    [[nodiscard]] int suspectCount() const { return m_suspects.size(); }
    /// Of these, the overdue ones.
    [[nodiscard]] int overdueCount() const { return m_overdue; }
    [[nodiscard]] int endedCount() const { return m_ended.size(); }
    [[nodiscard]] int controlCount() const { return m_control.size(); }
    /// The bytes held in all, and those in the ended ones.
    [[nodiscard]] qint64 buffered() const { return m_buffered; }
    [[nodiscard]] qint64 bufferedInEnded() const { return m_bufferedInEnded; }
    [[nodiscard]] int leasedCount() const { return m_leased.size() + m_reported.size() + m_givenBack.size(); }
    /// Of these, those that their users have given back.
    [[nodiscard]] int givenBackCount() const { return m_givenBack.size(); }
    /// Those in state Checking that came back, and were not parked since.
    [[nodiscard]] int returnedCount() const { return m_returned.size(); }
    [[nodiscard]] int checkedOutCount() const
    {
        return size() - parkedCount() - endedCount() - controlCount() - leasedCount();
    }
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

    /// Parked to Checking: the next one in order, suspects last; nullptr if there is none.
    Entry *checkOut(TakeOrder order);
    /// The same of the connection named @p id, which may be an ended one.
    Entry *checkOut(ConnectionId id);
    /// The first to go if there are too many: a suspect, if there is one.
    [[nodiscard]] Entry *oldestParked() const
    {
        if (Entry *suspect = m_suspects.oldest())
            return suspect;
        return m_parked.isEmpty() ? m_underWay.oldest() : m_parked.oldest();
    }
    [[nodiscard]] Entry *oldestEnded() const { return m_ended.oldest(); }
    [[nodiscard]] Entry *control() const { return m_control.oldest(); }
    /// Those after it: Entry::older.
    [[nodiscard]] std::array<const Entry *, 3> newestParked() const
    {
        return {m_underWay.newest(), m_parked.newest(), m_suspects.newest()};
    }
    /// The same with the ended ones.
    [[nodiscard]] std::array<const Entry *, 4> newestIdle() const
    {
        return {m_underWay.newest(), m_parked.newest(), m_suspects.newest(), m_ended.newest()};
    }
    /// To Checking, of a given one, parked or ended.
    void checkOut(Entry *entry);

    /// All that are parked become suspects.
    void suspectAll(Expiry::Clock::time_point now);
    /// The suspects in turn; nullptr if there is none.
    [[nodiscard]] Entry *nextSuspect();
    void setOverdue(Entry *suspect);
    /// A suspect is none any more. In any state.
    void trust(Entry *suspect);
    /// Gives every parked one a new expiry; all stand in line as before.
    template <typename Renew>
    void renewExpiries(Renew renew)
    {
        settleArrivals();
        for (EntryList *list : {&m_parked, &m_suspects}) {
            for (int left = list->size(); left > 0; --left) {
                Entry *entry = list->oldest();
                checkOut(entry);
                entry->expiry = renew(*entry);
                park(entry);
            }
        }
    }

    /// The parked one whose replacement is due first, or nullptr.
    [[nodiscard]] Entry *nextToRetire() const { return firstOf(m_byRetire); }
    /// The parked one that has to go first, or nullptr.
    [[nodiscard]] Entry *nextToEnd() const { return firstOf(m_byEnd); }
    void setRetiring(Entry *entry);

    /// The taken one that is held longest and not reported yet, or nullptr.
    [[nodiscard]] Entry *oldestLease() const { return m_leased.oldest(); }
    void setReported(Entry *entry);
    /// In state Leased: its user has given it back.
    void setGivenBack(Entry *entry);
    /// It counts as returned no longer, though it is not parked.
    void endReturn(Entry *entry);
    /// The newest of those not reported, reported, and given back; those after each: Entry::older.
    [[nodiscard]] std::array<const Entry *, 3> newestLeased() const
    {
        return {m_leased.newest(), m_reported.newest(), m_givenBack.newest()};
    }

private:
    using Deadlines = std::set<std::pair<Expiry::Clock::time_point, Entry *>>;
    static Entry *firstOf(const Deadlines &deadlines)
    {
        return deadlines.empty() ? nullptr : deadlines.begin()->second;
    }

    void promote(Entry *entry);
    void promoteArrived();
    void removeUnderWay(Entry *entry);
    void removeSuspect(Entry *entry);
    void removeLeased(Entry *entry);

    const ArrivalProbe m_hasArrived;
    std::unordered_map<quint32, std::unique_ptr<Entry>> m_entries;
    EntryList m_underWay;
    Entry *m_nextToLookAt = nullptr; ///< In m_underWay.
    bool m_prefersArrived = false;
    EntryList m_parked;
    EntryList m_suspects; ///< Parked too.
    Entry *m_nextSuspect = nullptr; ///< In m_suspects.
    EntryList m_ended;
    EntryList m_control; ///< Parked, but for nobody who does not name it; one at most.
    EntryList m_leased;
    EntryList m_reported; ///< Leased too, but already reported as held too long.
    EntryList m_givenBack; ///< Leased too, but given back: its thread has still to do so.
    EntryList m_returned; ///< Out of these three, and not parked yet.
    Deadlines m_byRetire;
    Deadlines m_byEnd;
    int m_retiring = 0;
    int m_overdue = 0;
    qint64 m_buffered = 0;
    qint64 m_bufferedInEnded = 0;
    quint32 m_serial = 0;
};

} // namespace Tidepool
