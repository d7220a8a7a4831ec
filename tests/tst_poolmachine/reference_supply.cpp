// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "reference.h"

#include <algorithm>
#include <utility>

using namespace Tidepool;
using namespace std::chrono_literals;

// --- Examinations and ends of leases

bool Reference::examine(quint32 id)
{
    Connection &reported = *find(id);
    reported.hasNews = reported.hasNews || reported.place == Place::Out || reported.place == Place::ToExamine;
    if (reported.place != Place::Parked)
        return false;
    moveTo(reported, Place::ToExamine);
    return true;
}

std::optional<quint32> Reference::nextToExamine()
{
    const auto all = in(Place::ToExamine);
    if (all.empty())
        return {};
    all.front()->place = Place::Out; // with its reservation
    return all.front()->id;
}

void Reference::examined(quint32 id, qint64 held, bool isUnfinished)
{
    find(id)->held = held;
    if (isUnfinished && find(id)->generation == generation)
        moveTo(*find(id), Place::ToExamine);
}

Reference::Gone Reference::evictExamined(quint32 id, EvictionCause cause)
{
    Gone gone;
    counters.parkedTotal += std::exchange(find(id)->isCounted, true) ? 0 : 1;
    evictAlone(id, cause, gone);
    return gone;
}

bool Reference::giveBack(quint32 id, bool isGood, bool hasSpoken)
{
    Connection &returned = *find(id);
    const bool isWelcome =
        (parkedCount() < policy.limit || isAwaited(id)) && life == 1 && returned.generation == generation;
    if (!isGood) {
        ++counters.failed[static_cast<size_t>(Phase::Validate)];
        connections.erase(id);
        return false;
    }
    ++counters.givenBack;
    if (!isWelcome) {
        drop(id, nullptr);
        return false;
    }
    moveTo(returned, Place::Out);
    returned.isCounted = false;
    returned.hasSpoken = hasSpoken;
    returned.hasEnded = false;
    return true;
}

void Reference::leaseEnded(quint32 id)
{
    connections.erase(id);
}

// --- Time

Reference::Gone Reference::expire(TimePoint now)
{
    Gone gone;
    for (const Wait &wait : line) {
        if (wait.deadline <= now) {
            gone.failed.push_back(wait.ticket);
            ++counters.takesFailed;
        }
    }
    std::erase_if(line, [&](const Wait &wait) { return wait.deadline <= now; });
    std::ranges::sort(gone.failed);
    for (Connection *each : parked())
        each->isRetiring = each->isRetiring || each->expiry.retire <= now;
    for (;;) { // those that end first go first
        auto all = parked();
        std::ranges::stable_sort(all, {}, [](const Connection *each) { return each->expiry.end; });
        if (all.empty() || all.front()->expiry.end == TimePoint::max())
            break;
        const bool isReplaced = !policy.isServer && parkedCount() > capacity;
        if (all.front()->expiry.end > now && !(all.front()->isRetiring && isReplaced))
            break;
        evict(all.front()->id, EvictionCause::Expired, gone);
    }
    for (const Connection *each : in(Place::Ended)) {
        if (each->since + policy.takeTimeout <= now)
            evict(each->id, EvictionCause::PeerClosed, gone);
    }
    for (Connection *each : in(Place::Leased)) {
        if (policy.leaseThreshold > 0ms && each->since + policy.leaseThreshold <= now)
            each->isReported = true;
    }
    return gone;
}

Reference::TimePoint Reference::nextDeadline() const
{
    auto next = TimePoint::max();
    for (const Wait &wait : line)
        next = std::min(next, wait.deadline);
    for (const auto &[id, each] : connections) {
        if (each.place == Place::Parked && !isControl(id))
            next = std::min(next, each.isRetiring ? each.expiry.end : each.expiry.retire);
        if (each.place == Place::Ended)
            next = std::min(next, each.since + policy.takeTimeout);
        if (each.place == Place::Leased && !each.isReported && policy.leaseThreshold > 0ms)
            next = std::min(next, each.since + policy.leaseThreshold);
    }
    return next;
}

// --- The supply

Reference::Arrival Reference::established(Connection made, bool isNamesakeGone)
{
    Arrival arrival;
    const quint32 id = made.id;
    reservedByServer -= made.hasReserved ? 1 : 0; // it is the connection's now
    ++counters.established;
    const auto unwanted = [&] {
        ++counters.dropped;
        return arrival;
    };
    if (life != 1 || made.generation != generation)
        return unwanted();
    if (!isTroubled) {
        isUp = true;
        hasFailed = false;
    }
    bool isRoom = isControl(id) || isAwaited(id) || !isFull();
    if (!isRoom && retiring() > 0) {
        auto all = parked();
        std::ranges::stable_sort(all, {}, [](const Connection *each) { return each->expiry.end; });
        evictAlone(all.front()->id, EvictionCause::Expired, arrival.gone);
        isRoom = true;
    } else if (!isRoom && policy.overflow == Overflow::ReplaceOldest && parkedCount() > 0) {
        evictAlone(parked().front()->id, EvictionCause::Replaced, arrival.gone);
        isRoom = true;
    } else if (!isRoom && policy.overflow == Overflow::ReplaceOldest) {
        const auto all = in(Place::ToExamine);
        const auto oldest = std::ranges::find_if(all, [this](const Connection *each) { return !isControl(each->id); });
        isRoom = oldest != all.end();
        if (isRoom)
            evictAlone((*oldest)->id, EvictionCause::Replaced, arrival.gone);
    }
    if (!isRoom && !(made.hasReserved && policy.overflow == Overflow::Refuse)) {
        ++counters.overflowed;
        return unwanted();
    }
    if (Connection *old = find(id); old && !policy.isServer) {
        if (old->place == Place::Leased)
            connections.erase(id);
        else if (old->place == Place::Ended || (old->place == Place::Parked && isNamesakeGone))
            evictAlone(id, EvictionCause::PeerClosed, arrival.gone);
    }
    if (find(id)) {
        attemptFailed();
        ++counters.failed[static_cast<size_t>(Phase::Identify)];
        return unwanted();
    }
    connections[id] = std::move(made);
    arrival.isWanted = true;
    return arrival;
}

void Reference::attemptFailed()
{
    if (policy.isServer)
        return;
    hasFailed = true;
    isUp = isUp && parkedCount() > 0;
}

void Reference::setTrouble(bool isNowTroubled)
{
    isTroubled = hasFailed = isNowTroubled;
    if (parkedCount() == 0)
        isUp = false;
    else if (!isNowTroubled)
        isUp = life == 1;
    counters.failed[static_cast<size_t>(Phase::Validate)] += isNowTroubled ? 1 : 0;
}

Reference::Gone Reference::setFatal(bool isNowFatal)
{
    Gone gone;
    isFatal = hasFailed = isNowFatal;
    if (!isNowFatal)
        return gone;
    isUp = isUp && parkedCount() > 0;
    failAll(gone);
    return gone;
}
