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

/// All connections that a pool knows, by id, and the parked connections in order.
///
/// Not thread-safe: protected by the pool's mutex. An operation on one connection takes constant time in the number of
/// connections, or logarithmic time with lifetimes set. suspectAll(), settleArrivals() and renewExpiries() take linear
/// time.
class IdleStore
{
public:
    /// Returns true if the peer of a descriptor has received all bytes that were sent to it.
    using ArrivalProbe = bool (*)(qintptr descriptor);

    /// @p hasArrived is nullptr where the platform cannot tell.
    explicit IdleStore(ArrivalProbe hasArrived = nullptr) : m_hasArrived(hasArrived) {}
    ~IdleStore() = default;
    Q_DISABLE_COPY_MOVE(IdleStore)

    /// The number of all connections, including connections in state Checking.
    [[nodiscard]] int size() const { return static_cast<int>(m_entries.size()); }
    /// The number of parked connections, including suspects.
    [[nodiscard]] int parkedCount() const { return m_parked.size() + m_underWay.size() + m_suspects.size(); }
    [[nodiscard]] int suspectCount() const { return m_suspects.size(); }
    /// The number of overdue connections among the parked ones.
    [[nodiscard]] int overdueCount() const { return m_overdue; }
    [[nodiscard]] int endedCount() const { return m_ended.size(); }
    [[nodiscard]] int controlCount() const { return m_control.size(); }
    /// The number of buffered bytes in all connections, and in the ended connections.
    [[nodiscard]] qint64 buffered() const { return m_buffered; }
    [[nodiscard]] qint64 bufferedInEnded() const { return m_bufferedInEnded; }
    [[nodiscard]] int leasedCount() const { return m_leased.size() + m_reported.size() + m_givenBack.size(); }
    /// The number of leased connections that their users have given back.
    [[nodiscard]] int givenBackCount() const { return m_givenBack.size(); }
    /// The number of connections in state Checking that were given back and have not been parked since.
    [[nodiscard]] int returnedCount() const { return m_returned.size(); }
    [[nodiscard]] int checkedOutCount() const
    {
        return size() - parkedCount() - endedCount() - controlCount() - leasedCount();
    }
    [[nodiscard]] int retiringCount() const { return m_retiring; }
    [[nodiscard]] bool contains(ConnectionId id) const { return m_entries.find(id.value()) != m_entries.end(); }
    /// Returns nullptr if the connection does not exist any more.
    [[nodiscard]] Entry *find(quint64 token) const;
    [[nodiscard]] Entry *find(ConnectionId id) const;

    /// Adds a connection in state Checking. Returns nullptr if its id is in use.
    Entry *add(std::unique_ptr<Entry> entry);
    /// For a server that hands out the newest connection first: the server prefers a connection whose id has arrived at
    /// the client, if the platform can tell.
    void setPrefersArrived(bool prefers);
    /// From now on, all parked connections count as arrived.
    void settleArrivals();
    /// Changes the state from Checking to Parked, or to Ended if the peer has closed the connection. The control
    /// connection is in no ordered list.
    void park(Entry *entry);
    /// For a connection in state Checking or Leased.
    void setBuffered(Entry *entry, qint64 bytes);
    /// Changes the state from Checking to Leased.
    void lease(Entry *entry);
    /// Changes the state from Leased to Checking.
    void reclaim(Entry *entry);
    /// Removes a connection in state Checking or Leased.
    std::unique_ptr<Entry> remove(Entry *entry);

    /// Changes the next parked connection in order to Checking, suspects last. Returns nullptr if there is none.
    Entry *checkOut(TakeOrder order);
    /// Does the same for the connection named @p id, which can be an ended connection.
    Entry *checkOut(ConnectionId id);
    /// The connection to evict first if there are too many: a suspect, if there is one.
    [[nodiscard]] Entry *oldestParked() const
    {
        if (Entry *suspect = m_suspects.oldest())
            return suspect;
        return m_parked.isEmpty() ? m_underWay.oldest() : m_parked.oldest();
    }
    [[nodiscard]] Entry *oldestEnded() const { return m_ended.oldest(); }
    [[nodiscard]] Entry *control() const { return m_control.oldest(); }
    /// The newest connection of each list. Entry::older leads to the others.
    [[nodiscard]] std::array<const Entry *, 3> newestParked() const
    {
        return {m_underWay.newest(), m_parked.newest(), m_suspects.newest()};
    }
    /// The newest connection of each list, including the ended connections.
    [[nodiscard]] std::array<const Entry *, 4> newestIdle() const
    {
        return {m_underWay.newest(), m_parked.newest(), m_suspects.newest(), m_ended.newest()};
    }
    /// Changes @p entry, parked or ended, to Checking.
    void checkOut(Entry *entry);

    /// Makes all parked connections suspects.
    void suspectAll(Expiry::Clock::time_point now);
    /// Returns the suspects in turn, or nullptr if there is none.
    [[nodiscard]] Entry *nextSuspect();
    void setOverdue(Entry *suspect);
    /// Makes a suspect a normal connection again. In any state.
    void trust(Entry *suspect);
    /// Gives every parked connection a new expiry. The order of the connections does not change.
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

    /// The parked connection whose replacement is due first, or nullptr.
    [[nodiscard]] Entry *nextToRetire() const { return firstOf(m_byRetire); }
    /// The parked connection that must close first, or nullptr.
    [[nodiscard]] Entry *nextToEnd() const { return firstOf(m_byEnd); }
    void setRetiring(Entry *entry);

    /// The taken connection that is held longest and is not reported yet, or nullptr.
    [[nodiscard]] Entry *oldestLease() const { return m_leased.oldest(); }
    void setReported(Entry *entry);
    /// For a connection in state Leased that its user has given back.
    void setGivenBack(Entry *entry);
    /// Stops counting the connection as returned, although it is not parked.
    void endReturn(Entry *entry);
    /// The newest connection of each list: not reported, reported, and given back. Entry::older leads to the others.
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
    EntryList m_control; ///< Parked, but only for a take by its id. At most one.
    EntryList m_leased;
    EntryList m_reported; ///< Leased too, but already reported as held too long.
    EntryList m_givenBack; ///< Leased too, but given back, which its thread has not processed yet.
    EntryList m_returned; ///< Removed from these three lists and not parked yet.
    Deadlines m_byRetire;
    Deadlines m_byEnd;
    int m_retiring = 0;
    int m_overdue = 0;
    qint64 m_buffered = 0;
    qint64 m_bufferedInEnded = 0;
    quint32 m_serial = 0;
};

} // namespace Tidepool
