// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "modelrun.h"

#include <algorithm>
#include <utility>

using namespace Tidepool;
using namespace std::chrono_literals;

namespace {

Reference::Gone goneIn(const Actions &actions)
{
    Reference::Gone gone;
    for (const auto *list : {&actions.closeHere, &actions.closeInIoThread}) {
        for (const auto &entry : *list)
            gone.ids.push_back(entry->id.value());
    }
    for (const Waiter &waiter : actions.failed)
        gone.failed.push_back(waiter.ticket);
    std::ranges::sort(gone.ids);
    std::ranges::sort(gone.failed);
    return gone;
}

std::optional<ConnectionId> named(std::optional<quint32> id)
{
    return id ? std::optional(ConnectionId(*id)) : std::nullopt;
}

} // namespace

ModelRun::ModelRun(bool isServer, unsigned seed) : m_random(seed), m_now(1h), m_isServer(isServer)
{
    changePolicy();
}

// What is out ends well even now.
ModelRun::~ModelRun()
{
    for (Out &out : m_outs)
        (void)m_machine.putAside(std::move(out.connection), EvictionCause::PeerClosed, {}, now());
}

bool ModelRun::step()
{
    m_now += std::chrono::nanoseconds(1 + below(999'983));
    call();
    compare();
    return m_problem.isEmpty();
}

void ModelRun::check(bool isRight, const char *what)
{
    if (!isRight && m_problem.isEmpty())
        m_problem = QString::fromLatin1(what);
}

void ModelRun::expectSame(const Reference::Gone &expected, const Actions &actions, const char *what)
{
    check(expected == goneIn(actions), what);
}

void ModelRun::call()
{
    const unsigned kind = below(100);
    if (kind < 20)
        arrive();
    else if (kind < 60)
        progress();
    else if (kind < 78)
        take(anyWish());
    else if (kind < 82)
        endLease();
    else if (kind < 90)
        fail();
    else if (kind < 93)
        expire();
    else if (kind < 95)
        changePolicy();
    else
        changeLife();
}

void ModelRun::expire()
{
    m_now += std::chrono::milliseconds(below(30));
    expectSame(m_reference.expire(m_now), m_machine.expire(now()), "expire() ends something else.");
}

// --- Connections that come

void ModelRun::arrive()
{
    if (m_outs.size() > 6)
        return;
    const bool hasPlace = m_isServer && m_machine.reserve();
    check(!hasPlace || m_reference.room() > 0, "There is a place where there is no room.");
    m_reference.reservedByServer += hasPlace ? 1 : 0;
    if (hasPlace && chance(10)) {
        m_machine.unreserve();
        --m_reference.reservedByServer;
        return;
    }
    Reference::Connection made;
    made.id = anyId();
    made.generation = m_machine.generation() - (chance(5) ? 1 : 0);
    made.address = QHostAddress(chance(80) ? 0x0a000001U : 0x0b000001U);
    made.hasEnded = chance(10);
    made.hasSpoken = made.hasEnded || chance(10);
    made.hasReserved = hasPlace;
    made.establishedAt = made.since = m_now;
    auto entry = std::make_unique<Entry>();
    entry->id = ConnectionId(made.id);
    entry->generation = made.generation;
    entry->address = made.address;
    entry->hasSpoken = made.hasSpoken;
    entry->hasEnded = made.hasEnded;
    entry->hasPlace = hasPlace;
    entry->establishedAt = entry->parkedAt = m_now;
    const bool isNamesakeGone = chance(50);
    const Entry *namesake = m_machine.parkedNamed(entry->id);
    auto arrival = m_machine.established(std::move(entry), m_now - 1ms, namesake && isNamesakeGone, now());
    const auto expected = m_reference.established(made, isNamesakeGone);
    check(expected.isWanted == static_cast<bool>(arrival.out), "A newcomer is wanted, or not.");
    expectSame(expected.gone, arrival.actions, "A newcomer replaces another one.");
    if (!arrival.out)
        return;
    m_tokens[made.id] = arrival.out->token();
    m_outs.push_back({.connection = std::move(arrival.out)});
}

void ModelRun::progress()
{
    if (m_outs.empty() || chance(10)) {
        CheckedOut next = m_machine.nextToExamine();
        const auto expected = m_reference.nextToExamine();
        check(expected.has_value() == static_cast<bool>(next) && (!next || next->id.value() == *expected),
              "Another connection is examined next.");
        if (next)
            m_outs.push_back({.connection = std::move(next), .use = Out::For::Examination});
        return;
    }
    std::swap(m_outs[below(static_cast<unsigned>(m_outs.size()))], m_outs.back());
    Out out = std::move(m_outs.back());
    m_outs.pop_back();
    switch (out.use) {
    case Out::For::Offer:
        offer(out);
        break;
    case Out::For::Service:
        serve(out);
        break;
    case Out::For::Take:
        endTake(out);
        break;
    case Out::For::Examination:
        examine(out);
        break;
    }
    if (out.connection)
        m_outs.push_back(std::move(out));
}

void ModelRun::offer(Out &out)
{
    const auto expected = m_reference.offer(out.id(), out.isWatched, m_now);
    const auto offered = m_machine.offer(out.connection, out.isWatched, now());
    check(static_cast<int>(expected.next) == static_cast<int>(offered.next), "An offer goes on in another way.");
    check(expected.ticket == offered.ticket, "Somebody else is served.");
    check(expected.isReported == (offered.actions.examine != 0), "What came in an examination is not looked at.");
    expectSame(expected.gone, offered.actions, "An offer evicts something else.");
    out.isWatched = offered.next == PoolMachine::Offer::Next::Watch;
    out.ticket = offered.ticket;
    if (offered.next == PoolMachine::Offer::Next::Serve)
        out.use = Out::For::Service;
}

void ModelRun::serve(Out &out)
{
    const quint32 id = out.id();
    const quint64 token = out.connection->token();
    out.use = Out::For::Offer;
    if (chance(20)) {
        const bool isCancelled = chance(50);
        m_reference.notServed(out.ticket, isCancelled);
        const auto error = isCancelled ? std::nullopt : std::optional(PoolError(Phase::Wait, ErrorKind::Closed, {}));
        const Actions actions = m_machine.notServed(out.ticket, error, m_now);
        check(actions.failed.size() == (isCancelled ? 0 : 1), "A waiter whose context has gone is not told.");
        return;
    }
    m_reference.served(out.ticket, id, m_now);
    (void)m_machine.served(out.ticket, std::move(out.connection), m_now);
    if (!chance(5))
        return;
    m_reference.takeBack(id);
    out.connection = m_machine.takeBack(token);
    check(static_cast<bool>(out.connection), "What a late cancel left is lost.");
}

void ModelRun::examine(Out &out)
{
    const quint32 id = out.id();
    const bool isUnfinished = chance(20);
    const bool hasEnded = chance(20);
    const qint64 held = below(4) * 1'000'000;
    const bool hadSpoken = out.connection->hasSpoken;
    for (bool *flag : {&out.connection->hasEnded, &m_reference.find(id)->hasEnded})
        *flag = hasEnded;
    const bool hasSpoken = hadSpoken || hasEnded || chance(30);
    out.connection->hasSpoken = m_reference.find(id)->hasSpoken = hasSpoken;
    m_reference.examined(id, held, isUnfinished);
    m_machine.examined(out.connection, held, hasSpoken && !hadSpoken, isUnfinished);
    check(static_cast<bool>(out.connection) == (m_reference.find(id)->place == Reference::Place::Out),
          "An examination goes on, or not.");
    out.use = Out::For::Offer;
    out.isWatched = false;
    if (!out.connection || chance(70))
        return;
    const auto cause = chance(50) ? EvictionCause::PeerClosed : EvictionCause::ControlFlood;
    expectSame(m_reference.evictExamined(id, cause),
               m_machine.evictExamined(std::move(out.connection), cause, {}, now()), "A bad one is not evicted.");
}

// --- Takes

void ModelRun::take(std::optional<quint32> wanted)
{
    CheckedOut out = m_machine.checkOut(named(wanted));
    const auto expected = m_reference.checkOut(wanted);
    check(expected.has_value() == static_cast<bool>(out) && (!out || out->id.value() == *expected),
          "A take gets another connection.");
    if (out) {
        m_outs.push_back({.connection = std::move(out), .use = Out::For::Take, .wanted = wanted});
        return;
    }
    if (chance(20)) {
        m_reference.refuseTry();
        check(static_cast<bool>(m_machine.refuseTry()), "A tryTake() fails without a reason.");
        return;
    }
    const auto timeout = std::chrono::milliseconds(below(40));
    const auto wait = m_machine.startWaiting(named(wanted), timeout, m_now);
    check(m_reference.startWaiting(wait.ticket, wanted, m_now + timeout) == (wait.ticket != 0),
          "A take waits, or not.");
    check((wait.ticket != 0) != static_cast<bool>(wait.error), "A take that may not wait has no error.");
    m_lastTicket = std::max(m_lastTicket, wait.ticket);
}

void ModelRun::endTake(Out &out)
{
    const quint32 id = out.id();
    const unsigned seen = below(10);
    if (seen < 7) {
        const bool isLeased = m_machine.leaseWarm(out.connection, m_now - 1us, m_now);
        check(isLeased == m_reference.leaseWarm(id, m_now), "A take of an outdated connection.");
        if (isLeased)
            return;
    }
    const auto fault = seen == 7 ? std::optional(EvictionCause::PeerClosed) : std::nullopt;
    const auto wanted = out.wanted;
    expectSame(m_reference.putAside(id, fault), m_machine.putAside(std::move(out.connection), fault, {}, now()),
               "A take evicts something else.");
    take(wanted);
}

void ModelRun::endLease()
{
    const quint32 id = anyId();
    const auto *known = m_reference.find(id);
    if (!known || known->place != Reference::Place::Leased) {
        check(!m_machine.giveBack(tokenOf(id), true, false, m_now), "What is not taken is given back.");
        (void)m_machine.leaseEnded(tokenOf(id), m_now);
    } else if (chance(30)) {
        m_reference.leaseEnded(id);
        (void)m_machine.leaseEnded(tokenOf(id), m_now);
    } else {
        const bool isGood = chance(80);
        const bool hasSpoken = chance(20);
        CheckedOut out = m_machine.giveBack(tokenOf(id), isGood, hasSpoken, m_now);
        const bool isWelcome = m_reference.giveBack(id, isGood, hasSpoken);
        check(isWelcome == static_cast<bool>(out), "What is given back is welcome, or not.");
        if (out)
            m_outs.push_back({.connection = std::move(out)});
    }
}
