// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "pool/poolmachine.h"

#include <QtTest/QTest>

#include <utility>
#include <vector>

/// Fails the test if a rule of the machine is broken.
#define VERIFY_RULES(bench) \
    do { \
        const QString violation = (bench).machine.violation(); \
        QVERIFY2(violation.isEmpty(), qPrintable(violation)); \
    } while (false)

namespace TestSupport {

using namespace Tidepool;
using namespace std::chrono_literals;

using Ids = std::vector<quint32>;
using Next = PoolMachine::Offer::Next;

/// A pool's rules in virtual time, open for connections named by small numbers.
struct Bench
{
    explicit Bench(const CorePolicy &policy = {}, const PeerProbe *probe = nullptr) : machine(nullptr, 1, probe)
    {
        for (const auto kind : {PoolEvent::Kind::Parked, PoolEvent::Kind::Taken, PoolEvent::Kind::Evicted,
                                PoolEvent::Kind::Readable, PoolEvent::Kind::HeldLong, PoolEvent::Kind::Failed})
            machine.want(kind);
        (void)machine.setPolicy(policy, moment());
        generation = machine.open(4, 1s);
    }

    [[nodiscard]] Moment moment() const { return {now, QDateTime()}; }
    [[nodiscard]] PoolStatus status() const { return machine.status(now); }
    [[nodiscard]] PoolMachine::Arrival establish(quint32 id, bool hasPlace = false)
    {
        auto made = std::make_unique<Entry>();
        made->id = ConnectionId(id);
        made->generation = generation;
        made->hasPlace = hasPlace;
        made->establishedAt = made->parkedAt = now;
        return machine.established(std::move(made), now - 5ms, false, moment());
    }
    /// Offers it until it is parked, has left, or is to be handed to the waiter whose ticket is returned.
    quint64 offer(CheckedOut &out, Actions *actions = nullptr)
    {
        for (bool isWatched = false;; isWatched = true) {
            auto offered = machine.offer(out, isWatched, moment());
            if (offered.next == Next::Watch)
                continue;
            if (actions)
                *actions = std::move(offered.actions);
            if (offered.next == Next::Serve)
                (void)machine.served(offered.ticket, std::move(out), now);
            return offered.ticket;
        }
    }
    /// The ticket of who got it, or 0.
    quint64 arrive(quint32 id)
    {
        auto arrival = establish(id);
        return arrival.out ? offer(arrival.out) : 0;
    }
    /// 0xffffffff if there is none.
    quint32 take(std::optional<ConnectionId> id = {})
    {
        CheckedOut out = machine.checkOut(id);
        if (!out)
            return 0xffffffff;
        const quint32 taken = out->id.value();
        tokens.push_back(out->token());
        if (machine.leaseWarm(out, now, now))
            return taken;
        (void)machine.putAside(std::move(out), {}, {}, moment());
        return 0xffffffff;
    }
    /// A parked one is found to be dead.
    [[nodiscard]] bool die(quint32 id, EvictionCause cause = EvictionCause::PeerClosed)
    {
        CheckedOut out = machine.checkOut(ConnectionId(id));
        if (!out)
            return false;
        (void)machine.evictExamined(std::move(out), cause, {}, moment());
        return true;
    }
    void goOnAtTheNextDeadline()
    {
        now = machine.nextDeadline();
        (void)machine.expire(moment());
    }
    quint64 wait(std::optional<ConnectionId> id = {}, std::chrono::milliseconds timeout = 1s)
    {
        return machine.startWaiting(id, timeout, now).ticket;
    }
    [[nodiscard]] std::vector<PoolEvent::Kind> events()
    {
        std::vector<PoolEvent::Kind> kinds;
        for (const PoolEvent &event : machine.takeEvents())
            kinds.push_back(event.kind);
        return kinds;
    }

    PoolMachine machine;
    PoolMachine::Clock::time_point now{1h};
    quint64 generation = 0;
    std::vector<quint64> tokens; // of what was taken
};

inline Ids closed(const Actions &actions)
{
    Ids ids;
    for (const auto *list : {&actions.closeHere, &actions.closeInIoThread}) {
        for (const auto &entry : *list)
            ids.push_back(entry->id.value());
    }
    return ids;
}

inline CorePolicy serverPolicy(int limit)
{
    CorePolicy policy;
    policy.isServer = true;
    policy.limit = limit;
    return policy;
}

} // namespace TestSupport
