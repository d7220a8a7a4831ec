// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "idlestore.h"

namespace Tidepool {

Entry *IdleStore::find(quint64 token) const
{
    const auto found = m_entries.find(static_cast<quint32>(token >> 32));
    return found != m_entries.end() && found->second->token() == token ? found->second.get() : nullptr;
}

Entry *IdleStore::find(ConnectionId id) const
{
    const auto found = m_entries.find(id.value());
    return found != m_entries.end() ? found->second.get() : nullptr;
}

Entry *IdleStore::add(std::unique_ptr<Entry> entry)
{
    entry->serial = ++m_serial;
    const quint32 key = entry->id.value();
    const auto [place, isNew] = m_entries.try_emplace(key, std::move(entry));
    return isNew ? place->second.get() : nullptr;
}

void IdleStore::park(Entry *entry)
{
    endReturn(entry);
    if (entry->hasEnded) {
        entry->state = Entry::State::Ended;
        m_ended.add(entry);
        m_bufferedInEnded += entry->buffered;
        return;
    }
    entry->state = Entry::State::Parked;
    if (entry->isControl()) {
        m_control.add(entry);
        return;
    }
    if (entry->isSuspect) {
        m_suspects.add(entry);
        m_overdue += entry->isOverdue ? 1 : 0;
    } else if (m_prefersArrived && !entry->hasArrived) {
        entry->isUnderWay = true;
        m_underWay.add(entry);
        promoteArrived();
    } else {
        m_parked.add(entry);
    }
    if (entry->expiry.end != Expiry::Clock::time_point::max()) {
        m_byRetire.emplace(entry->expiry.retire, entry);
        m_byEnd.emplace(entry->expiry.end, entry);
    }
}

void IdleStore::setPrefersArrived(bool prefers)
{
    m_prefersArrived = prefers && m_hasArrived;
    if (!m_prefersArrived)
        settleArrivals();
}

void IdleStore::settleArrivals()
{
    while (Entry *entry = m_underWay.oldest())
        promote(entry);
}

// Limited, because it runs under the pool's mutex. Ids arrive approximately in order. The function checks the
// connections that were parked longest first, and some others in turn, because one connection that never arrives must
// not delay the rest.
void IdleStore::promoteArrived()
{
    constexpr int atOnce = 64;
    constexpr int othersAtOnce = 4;
    for (int i = 0; i < atOnce && !m_underWay.isEmpty() && m_hasArrived(m_underWay.oldest()->descriptor); ++i)
        promote(m_underWay.oldest());
    for (int i = 0; i < othersAtOnce && !m_underWay.isEmpty(); ++i) {
        Entry *entry = m_nextToLookAt ? m_nextToLookAt : m_underWay.oldest();
        m_nextToLookAt = entry->newer;
        if (m_hasArrived(entry->descriptor))
            promote(entry);
    }
}

void IdleStore::promote(Entry *entry)
{
    removeUnderWay(entry);
    entry->hasArrived = true;
    m_parked.add(entry);
}

void IdleStore::removeUnderWay(Entry *entry)
{
    if (m_nextToLookAt == entry)
        m_nextToLookAt = entry->newer;
    m_underWay.remove(entry);
    entry->isUnderWay = false;
}

void IdleStore::setBuffered(Entry *entry, qint64 bytes)
{
    m_buffered += bytes - std::exchange(entry->buffered, bytes);
}

void IdleStore::lease(Entry *entry)
{
    endReturn(entry);
    setBuffered(entry, 0);
    entry->state = Entry::State::Leased;
    entry->isReported = entry->isGivenBack = false;
    m_leased.add(entry);
}

void IdleStore::removeLeased(Entry *entry)
{
    EntryList &list = entry->isGivenBack ? m_givenBack : entry->isReported ? m_reported : m_leased;
    list.remove(entry);
    entry->state = Entry::State::Checking;
}

void IdleStore::setGivenBack(Entry *entry)
{
    removeLeased(entry);
    entry->state = Entry::State::Leased;
    entry->isGivenBack = true;
    m_givenBack.add(entry);
}

void IdleStore::reclaim(Entry *entry)
{
    removeLeased(entry);
    entry->isReturned = true;
    m_returned.add(entry);
}

void IdleStore::endReturn(Entry *entry)
{
    if (std::exchange(entry->isReturned, false))
        m_returned.remove(entry);
}

std::unique_ptr<Entry> IdleStore::remove(Entry *entry)
{
    if (entry->state == Entry::State::Leased)
        removeLeased(entry);
    endReturn(entry);
    setBuffered(entry, 0);
    const auto found = m_entries.find(entry->id.value());
    auto result = std::move(found->second);
    m_entries.erase(found);
    return result;
}

Entry *IdleStore::checkOut(TakeOrder order)
{
    promoteArrived();
    Entry *entry = order == TakeOrder::NewestFirst ? m_parked.newest() : m_parked.oldest();
    if (!entry)
        entry = m_underWay.oldest(); // most likely the next one to arrive
    if (!entry)
        entry = order == TakeOrder::NewestFirst ? m_suspects.newest() : m_suspects.oldest();
    if (entry)
        checkOut(entry);
    return entry;
}

Entry *IdleStore::checkOut(ConnectionId id)
{
    const auto found = m_entries.find(id.value());
    if (found == m_entries.end() || !found->second->isIdle())
        return nullptr;
    checkOut(found->second.get());
    return found->second.get();
}

void IdleStore::checkOut(Entry *entry)
{
    if (std::exchange(entry->state, Entry::State::Checking) == Entry::State::Ended) {
        m_ended.remove(entry);
        m_bufferedInEnded -= entry->buffered;
        return;
    }
    if (entry->isControl()) {
        m_control.remove(entry);
        return;
    }
    if (entry->isUnderWay)
        removeUnderWay(entry);
    else if (entry->isSuspect)
        removeSuspect(entry);
    else
        m_parked.remove(entry);
    if (entry->expiry.end == Expiry::Clock::time_point::max())
        return;
    m_byRetire.erase({entry->expiry.retire, entry});
    m_byEnd.erase({entry->expiry.end, entry});
    if (std::exchange(entry->isRetiring, false))
        --m_retiring;
}

void IdleStore::suspectAll(Expiry::Clock::time_point now)
{
    settleArrivals();
    while (Entry *entry = m_parked.oldest()) {
        m_parked.remove(entry);
        entry->isSuspect = true;
        entry->suspectedAt = now;
        m_suspects.add(entry);
    }
}

Entry *IdleStore::nextSuspect()
{
    Entry *entry = m_nextSuspect ? m_nextSuspect : m_suspects.oldest();
    m_nextSuspect = entry ? entry->newer : nullptr;
    return entry;
}

void IdleStore::setOverdue(Entry *suspect)
{
    suspect->isOverdue = true;
    ++m_overdue;
}

void IdleStore::removeSuspect(Entry *entry)
{
    if (m_nextSuspect == entry)
        m_nextSuspect = entry->newer;
    m_suspects.remove(entry);
    m_overdue -= entry->isOverdue ? 1 : 0;
}

void IdleStore::trust(Entry *suspect)
{
    const bool isParked = suspect->state == Entry::State::Parked;
    if (isParked)
        removeSuspect(suspect);
    suspect->isSuspect = suspect->isOverdue = false;
    if (isParked)
        m_parked.add(suspect);
}

void IdleStore::setRetiring(Entry *entry)
{
    entry->isRetiring = true;
    ++m_retiring;
    m_byRetire.erase({entry->expiry.retire, entry});
}

void IdleStore::setReported(Entry *entry)
{
    m_leased.remove(entry);
    m_reported.add(entry);
    entry->isReported = true;
}

} // namespace Tidepool
