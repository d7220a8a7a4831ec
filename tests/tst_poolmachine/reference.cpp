// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "reference.h"

#include <algorithm>
#include <limits>
#include <utility>

using namespace Tidepool;
using namespace std::chrono_literals;

Reference::Connection *Reference::find(quint32 id)
{
    const auto found = connections.find(id);
    return found == connections.end() ? nullptr : &found->second;
}

std::vector<Reference::Connection *> Reference::in(Place place)
{
    std::vector<Connection *> result;
    for (auto &[id, connection] : connections) {
        if (connection.place == place)
            result.push_back(&connection);
    }
    std::ranges::sort(result, {}, &Connection::order);
    return result;
}

std::vector<Reference::Connection *> Reference::parked()
{
    auto result = in(Place::Parked);
    std::erase_if(result, [](const Connection *each) { return isControl(each->id); });
    return result;
}

int Reference::count(Place place) const
{
    return static_cast<int>(std::ranges::count(connections, place, [](const auto &each) { return each.second.place; }));
}

int Reference::parkedCount() const
{
    const auto control = connections.find(0);
    const bool isControlParked = control != connections.end() && control->second.place == Place::Parked;
    return count(Place::Parked) - (isControlParked ? 1 : 0);
}

int Reference::retiring() const
{
    return static_cast<int>(std::ranges::count_if(
        connections, [](const auto &each) { return each.second.place == Place::Parked && each.second.isRetiring; }));
}

int Reference::reserved() const
{
    return reservedByServer + static_cast<int>(std::ranges::count_if(connections, [](const auto &each) {
               return each.second.hasReserved;
           }));
}

bool Reference::isFull() const
{
    const int all = parkedCount() + count(Place::ToExamine);
    return all - (policy.isServer ? 0 : retiring()) >= policy.limit;
}

bool Reference::isAwaited(quint32 id, bool byNameOnly) const
{
    return std::ranges::any_of(line, [&](const Wait &wait) { return wait.id ? *wait.id == id : !byNameOnly; });
}

int Reference::room() const
{
    if (policy.overflow == Overflow::ReplaceOldest)
        return std::numeric_limits<int>::max();
    const auto any = static_cast<int>(std::ranges::count_if(line, [](const Wait &wait) { return !wait.id; }));
    return policy.limit + any - (parkedCount() - retiring()) - reserved();
}

PoolState Reference::state() const
{
    if (life != 1)
        return life == 0 ? PoolState::Stopped : life == 2 ? PoolState::Draining : PoolState::Closed;
    if (isPaused)
        return PoolState::Paused;
    if (isUp)
        return PoolState::Ready;
    return hasFailed ? PoolState::Degraded : PoolState::Warming;
}

void Reference::moveTo(Connection &connection, Place place)
{
    connection.place = place;
    connection.order = ++m_order;
    connection.hasReserved = place == Place::ToExamine || (place == Place::Out && connection.hasReserved);
    connection.isRetiring = false;
    connection.isUnwanted = connection.isUnwanted && place != Place::Leased;
}

// --- Ends

void Reference::evict(quint32 id, EvictionCause cause, Gone &gone)
{
    ++counters.evicted[static_cast<size_t>(cause)];
    connections.erase(id);
    gone.ids.push_back(id);
    std::ranges::sort(gone.ids);
}

void Reference::evictAlone(quint32 id, EvictionCause cause, Gone &gone)
{
    find(id)->place = Place::Out;
    if ((cause == EvictionCause::PeerClosed || cause == EvictionCause::SocketError) && policy.isServer
        && parkedCount() == 0)
        isUp = false;
    if (isTroubled && parkedCount() == 0)
        isUp = false;
    evict(id, cause, gone);
}

void Reference::drop(quint32 id, Gone *gone)
{
    ++counters.dropped;
    connections.erase(id);
    if (gone)
        gone->ids.push_back(id);
}

void Reference::evictIdle(EvictionCause cause, Gone &gone)
{
    for (const Place place : {Place::Parked, Place::Ended}) {
        for (const Connection *each : in(place))
            evict(each->id, cause, gone);
    }
}

void Reference::trimEnded(Gone &gone)
{
    for (;;) {
        const auto ended = in(Place::Ended);
        qint64 held = 0;
        for (const Connection *each : ended)
            held += each->held;
        if (static_cast<int>(ended.size()) <= policy.limit && held <= pooledReadBuffers)
            return;
        evict(ended.front()->id, EvictionCause::PeerClosed, gone);
    }
}

void Reference::failAll(Gone &gone)
{
    for (const Wait &wait : std::exchange(line, {})) {
        gone.failed.push_back(wait.ticket);
        ++counters.takesFailed;
    }
}

// --- Life

Reference::Gone Reference::setPolicy(const CorePolicy &newPolicy)
{
    Gone gone;
    const bool hasNewClients = newPolicy.allowedClients != policy.allowedClients;
    const bool hasNewLifetimes = newPolicy.lifetimes != policy.lifetimes;
    policy = newPolicy;
    if (hasNewClients) {
        for (const Place place : {Place::Parked, Place::Ended}) {
            for (const Connection *each : in(place)) {
                if (!policy.allowedClients.admits(each->address))
                    evict(each->id, EvictionCause::NotAllowed, gone);
            }
        }
    }
    const auto isTooMuch = [this] {
        return !policy.isServer && policy.maximumTotal > 0
            && static_cast<int>(connections.size()) > policy.maximumTotal;
    };
    while (parkedCount() > 0 && (parkedCount() > policy.limit || isTooMuch()))
        evict(parked().front()->id, EvictionCause::Surplus, gone);
    trimEnded(gone);
    if (hasNewLifetimes) {
        for (Connection *each : parked()) {
            each->isRetiring = false;
            each->expiry = expiryOf(policy.lifetimes, each->establishedAt, each->since, 0.0);
        }
    }
    if (policy.isServer)
        capacity = policy.limit;
    return gone;
}

void Reference::open()
{
    life = 1;
    isPaused = isUp = hasFailed = isTroubled = isFatal = false;
    ++generation;
}

Reference::Gone Reference::drain()
{
    Gone gone;
    if (life != 1)
        return gone;
    life = 2;
    ++generation;
    evictIdle(EvictionCause::PoolClosed, gone);
    failAll(gone);
    return gone;
}

Reference::Gone Reference::shutDown()
{
    Gone gone;
    if (life == 0 || life == 3)
        return gone;
    life = 3;
    ++generation;
    evictIdle(EvictionCause::PoolClosed, gone);
    for (const Connection *each : in(Place::ToExamine))
        evictAlone(each->id, EvictionCause::PoolClosed, gone);
    failAll(gone);
    return gone;
}

Reference::Gone Reference::flush()
{
    Gone gone;
    ++generation;
    evictIdle(EvictionCause::Flushed, gone);
    return gone;
}

std::optional<Reference::Gone> Reference::evictNamed(quint32 id)
{
    Connection *named = find(id);
    if (!named || named->place == Place::Leased)
        return std::nullopt;
    Gone gone;
    if (named->place == Place::Parked || named->place == Place::Ended)
        evictAlone(id, EvictionCause::Requested, gone);
    else
        named->isUnwanted = true;
    return gone;
}

std::optional<EvictionCause> Reference::causeToGo(const Connection &connection) const
{
    if (connection.generation != generation)
        return life == 1 ? EvictionCause::Flushed : EvictionCause::PoolClosed;
    return connection.isUnwanted ? std::optional(EvictionCause::Requested) : std::nullopt;
}

// --- Takes

std::optional<quint32> Reference::checkOut(std::optional<quint32> id)
{
    if (life != 1)
        return {};
    Connection *found = nullptr;
    if (id) {
        found = find(*id);
        if (!found || (found->place != Place::Parked && found->place != Place::Ended))
            return {};
    } else {
        const auto all = parked();
        if (all.empty())
            return {};
        found = policy.order == TakeOrder::NewestFirst ? all.back() : all.front();
    }
    moveTo(*found, Place::Out);
    return found->id;
}

bool Reference::leaseWarm(quint32 id, TimePoint now)
{
    Connection &taken = *find(id);
    if (causeToGo(taken))
        return false;
    ++counters.takesAsked;
    ++counters.servedWarm;
    ++counters.takenTotal;
    moveTo(taken, Place::Leased);
    taken.since = now;
    taken.isReported = false;
    taken.held = 0;
    return true;
}

Reference::Gone Reference::putAside(quint32 id, std::optional<EvictionCause> fault)
{
    Gone gone;
    if (const auto cause = causeToGo(*find(id)))
        fault = cause;
    if (fault)
        evictAlone(id, *fault, gone);
    else
        moveTo(*find(id), Place::ToExamine);
    return gone;
}

bool Reference::startWaiting(quint64 ticket, std::optional<quint32> id, TimePoint deadline)
{
    ++counters.takesAsked;
    if (life != 1 || isFatal || static_cast<int>(line.size()) >= policy.maximumWaiting) {
        ++counters.takesFailed;
        return false;
    }
    line.push_back({ticket, id, deadline});
    return true;
}

void Reference::refuseTry()
{
    ++counters.takesAsked;
    ++counters.takesFailed;
}

bool Reference::cancel(quint64 ticket)
{
    const bool wasInLine = std::erase_if(line, [&](const Wait &wait) { return wait.ticket == ticket; }) > 0;
    counters.takesCancelled += wasInLine ? 1 : 0;
    return wasInLine;
}

bool Reference::fail(quint64 ticket)
{
    const bool wasInLine = std::erase_if(line, [&](const Wait &wait) { return wait.ticket == ticket; }) > 0;
    counters.takesFailed += wasInLine ? 1 : 0;
    return wasInLine;
}

Reference::Offer Reference::offer(quint32 id, bool isWatched, TimePoint now)
{
    Connection &offered = *find(id);
    const bool isForAny = !offered.hasEnded && !isControl(id);
    std::optional<EvictionCause> cause;
    if (offered.hasSpoken && policy.unsolicited == Unsolicited::Evict)
        cause = EvictionCause::Unsolicited;
    else if (policy.isServer && !policy.allowedClients.admits(offered.address))
        cause = EvictionCause::NotAllowed;
    else if (causeToGo(offered))
        cause = causeToGo(offered);
    else if (isWatched && isForAny && !offered.hasReserved && isFull() && !isAwaited(id))
        cause = EvictionCause::Surplus;
    Offer result;
    if (cause) {
        const bool wasGood = *cause == EvictionCause::Unsolicited || *cause == EvictionCause::Surplus
            || *cause == EvictionCause::Requested;
        if (wasGood && !std::exchange(offered.isCounted, true))
            ++counters.parkedTotal;
        if (offered.isCounted)
            evictAlone(id, *cause, result.gone);
        else
            drop(id, &result.gone);
        return result;
    }
    auto first = std::ranges::find_if(line, [&](const Wait &wait) { return wait.id == id; });
    if (first == line.end() && isForAny)
        first = std::ranges::find_if(line, [](const Wait &wait) { return !wait.id; });
    if (first != line.end()) {
        result = {Next::Serve, first->ticket};
        served_.insert(first->ticket);
        line.erase(first);
        return result;
    }
    if (!isWatched)
        return {Next::Watch};
    if (!std::exchange(offered.isCounted, true)) {
        ++counters.parkedTotal;
        offered.since = now;
    }
    if (offered.hasEnded)
        offered.since = now;
    if (offered.hasEnded && policy.isServer && parkedCount() == 0)
        isUp = false;
    offered.expiry = isForAny ? expiryOf(policy.lifetimes, offered.establishedAt, offered.since, 0.0) : Expiry();
    moveTo(offered, offered.hasEnded ? Place::Ended : Place::Parked);
    result.isReported = std::exchange(offered.hasNews, false);
    trimEnded(result.gone);
    return result;
}

void Reference::served(quint64 ticket, quint32 id, TimePoint now)
{
    served_.erase(ticket);
    Connection &taken = *find(id);
    counters.parkedTotal += std::exchange(taken.isCounted, true) ? 0 : 1;
    ++counters.servedAfterWait;
    ++counters.takenTotal;
    moveTo(taken, Place::Leased);
    taken.since = now;
    taken.isReported = false;
    taken.held = 0;
}

void Reference::notServed(quint64 ticket, bool isCancelled)
{
    served_.erase(ticket);
    ++(isCancelled ? counters.takesCancelled : counters.takesFailed);
}

void Reference::takeBack(quint32 id)
{
    moveTo(*find(id), Place::Out);
    find(id)->isCounted = false;
    ++counters.givenBack;
}
