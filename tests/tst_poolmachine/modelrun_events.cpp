// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "modelrun.h"

#include <algorithm>
#include <utility>

using namespace Tidepool;
using namespace std::chrono_literals;

// --- What happens beside

void ModelRun::fail()
{
    const quint64 ticket = m_lastTicket < 8 ? below(9) : m_lastTicket - below(8);
    const unsigned kind = below(4);
    if (kind == 0) {
        check(m_machine.cancel(ticket) == m_reference.cancel(ticket), "Somebody in line is cancelled, or not.");
    } else if (kind == 1) {
        const Actions actions = m_machine.fail(ticket, {Phase::Wait, ErrorKind::Closed, {}}, m_now);
        check(m_reference.fail(ticket) == !actions.failed.empty(), "Somebody in line fails, or not.");
    } else if (const quint32 id = anyId(); m_reference.find(id)) {
        CheckedOut out = m_machine.examine(tokenOf(id));
        check(m_reference.examine(id) == static_cast<bool>(out), "What was reported is examined, or not.");
        if (out)
            m_machine.leaveToIoThread(std::move(out));
    }
}

void ModelRun::changeLife()
{
    const quint64 generation = m_machine.generation();
    const PoolError error(Phase::Validate, ErrorKind::Pin, {});
    switch (below(18)) {
    case 0:
        expectSame(m_reference.drain(), m_machine.drain(now()), "drain() ends something else.");
        break;
    case 1:
        expectSame(m_reference.shutDown(), m_machine.shutDown(now()), "shutDown() ends something else.");
        break;
    case 2:
    case 3:
        expectSame(m_reference.flush(), m_machine.flush(now()), "flush() ends something else.");
        break;
    case 4:
        if (const bool isPaused = chance(30); m_reference.isRunning()) {
            check(m_machine.setPaused(isPaused), "pause() has no effect.");
            m_reference.isPaused = isPaused;
        } else {
            check(!m_machine.setPaused(isPaused), "pause() has an effect on a pool that does not run.");
        }
        break;
    case 5:
        m_reference.attemptFailed();
        ++m_reference.counters.failed[static_cast<size_t>(Phase::Dial)];
        m_machine.attemptFailed({Phase::Dial, ErrorKind::Refused, {}});
        break;
    case 6: {
        const bool isTroubled = chance(30);
        m_reference.setTrouble(isTroubled);
        m_machine.setTrouble(isTroubled ? error : PoolError());
        break;
    }
    case 7: {
        const bool isFatal = chance(20);
        expectSame(m_reference.setFatal(isFatal), m_machine.setFatal(isFatal ? error : PoolError(), generation, m_now),
                   "A fatal error ends something else.");
        (void)m_machine.setFatal(error, generation - 1, m_now); // of old settings
        break;
    }
    case 8:
    case 9:
    case 10:
    case 11: {
        const quint32 id = anyId();
        const auto expected = m_reference.evictNamed(id);
        const auto evicted = m_machine.evictNamed(ConnectionId(id), now());
        check(expected.has_value() == evicted.has_value(), "evictNamed() finds it, or not.");
        if (expected && evicted)
            expectSame(*expected, *evicted, "evictNamed() ends something else.");
        break;
    }
    default:
        if (m_reference.isShutDown()) {
            m_reference.capacity = static_cast<int>(below(6));
            m_reference.open();
            (void)m_machine.open(m_reference.capacity, 1s);
        }
    }
}

void ModelRun::changePolicy()
{
    CorePolicy policy;
    policy.isServer = m_isServer;
    policy.order = chance(50) ? TakeOrder::NewestFirst : TakeOrder::OldestFirst;
    policy.unsolicited = chance(80) ? Unsolicited::Keep : Unsolicited::Evict;
    policy.overflow = m_isServer && chance(40) ? Overflow::ReplaceOldest : Overflow::Refuse;
    policy.limit = 1 + static_cast<int>(below(6));
    policy.maximumTotal = m_isServer || chance(50) ? 0 : 1 + static_cast<int>(below(8));
    policy.maximumWaiting = static_cast<int>(below(6));
    policy.takeTimeout = std::chrono::milliseconds(below(50));
    policy.leaseThreshold = std::chrono::milliseconds(chance(50) ? below(50) : 0);
    policy.lifetimes.jitter = 0.0;
    policy.lifetimes.maximumIdle = std::chrono::milliseconds(chance(50) ? below(80) : 0);
    policy.lifetimes.maximumLifetime = std::chrono::milliseconds(chance(50) ? below(200) : 0);
    if (m_isServer && chance(50)) {
        QString bad;
        policy.allowedClients = *AllowedClients::parse({QStringLiteral("10.0.0.0/8")}, &bad);
    }
    expectSame(m_reference.setPolicy(policy), m_machine.setPolicy(policy, now()), "setPolicy() ends something else.");
}

void ModelRun::compare()
{
    const PoolStatus status = m_machine.status(m_now);
    const PoolStatus &expected = m_reference.counters;
    const int control = m_reference.count(Reference::Place::Parked) - m_reference.parkedCount();
    check(status.active == m_reference.parkedCount(), "active");
    check(status.control == control, "control");
    check(status.ended == m_reference.count(Reference::Place::Ended), "ended");
    check(status.leased == m_reference.count(Reference::Place::Leased), "leased");
    check(status.checking == m_reference.count(Reference::Place::Out) + m_reference.count(Reference::Place::ToExamine),
          "checking");
    check(status.waiting == m_reference.waiting(), "waiting");
    check(status.state == m_reference.state(), "state");
    check(status.generation == m_reference.generation, "generation");
    check(status.established == expected.established, "established");
    check(status.dropped == expected.dropped, "dropped");
    check(status.parkedTotal == expected.parkedTotal, "parked");
    check(status.takenTotal == expected.takenTotal, "taken");
    check(status.givenBack == expected.givenBack, "givenBack");
    check(status.overflowed == expected.overflowed, "overflowed");
    check(status.failed == expected.failed, "failed");
    check(status.evicted == expected.evicted, "evicted");
    check(status.takesAsked == expected.takesAsked, "takesAsked");
    check(status.servedWarm == expected.servedWarm, "servedWarm");
    check(status.servedAfterWait == expected.servedAfterWait, "servedAfterWait");
    check(status.takesFailed == expected.takesFailed, "takesFailed");
    check(status.takesCancelled == expected.takesCancelled, "takesCancelled");
    check(m_machine.room() == m_reference.room(), "room");
    check(m_machine.nextDeadline() == m_reference.nextDeadline(), "nextDeadline");
    if (const QString violation = m_machine.violation(); !violation.isEmpty() && m_problem.isEmpty())
        m_problem = violation;
}
