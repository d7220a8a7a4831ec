// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "idle/idlestore.h"
#include "idle/waiters.h"

#include <QtTest/QTest>

using namespace Tidepool;
using namespace std::chrono_literals;

/// The parked connections and the takes in line, without a socket.
class tst_IdleStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void newestOrOldestFirst();
    void takenByIdFromTheMiddle();
    void anIdIsUniqueUntilTheLeaseEnds();
    void aTokenOutlivesNoReuseOfItsId();
    void deadlinesFollowTheParkedOnes();
    void reportedLeasesStillCount();
    void waitersAreServedInOrder();
    void aNamedWaiterGoesBeforeOthers();
    void waitersExpireByDeadline();
};

namespace {
Entry *parkedIn(IdleStore &store, quint32 id, Expiry::Clock::time_point end = Expiry::Clock::time_point::max())
{
    auto entry = std::make_unique<Entry>();
    entry->id = ConnectionId(id);
    entry->expiry.end = end;
    entry->expiry.retire = end == Expiry::Clock::time_point::max() ? end : end - 1s;
    Entry *added = store.add(std::move(entry));
    if (added)
        store.park(added);
    return added;
}

Waiters::Ticket waiting(Waiters &waiters, std::optional<ConnectionId> id = {}, Waiter::Clock::time_point deadline = {})
{
    Waiter waiter;
    waiter.id = id;
    waiter.deadline = deadline;
    return waiters.add(waiter);
}
} // namespace

void tst_IdleStore::newestOrOldestFirst()
{
    IdleStore store;
    for (const quint32 id : {1U, 2U, 3U})
        parkedIn(store, id);
    QCOMPARE(store.checkOut(TakeOrder::NewestFirst)->id.value(), 3U);
    QCOMPARE(store.checkOut(TakeOrder::OldestFirst)->id.value(), 1U);
    QCOMPARE(store.parkedCount(), 1);
    QCOMPARE(store.checkOut(TakeOrder::OldestFirst)->id.value(), 2U);
    QVERIFY(!store.checkOut(TakeOrder::OldestFirst));
    QVERIFY(!store.checkOut(TakeOrder::NewestFirst));
}

void tst_IdleStore::takenByIdFromTheMiddle()
{
    IdleStore store;
    for (const quint32 id : {1U, 2U, 3U})
        parkedIn(store, id);
    QCOMPARE(store.checkOut(ConnectionId(2))->id.value(), 2U);
    QVERIFY2(!store.checkOut(ConnectionId(2)), "it is checked out already");
    QVERIFY(!store.checkOut(ConnectionId(9)));
    QCOMPARE(store.checkOut(TakeOrder::NewestFirst)->id.value(), 3U);
    QCOMPARE(store.checkOut(TakeOrder::NewestFirst)->id.value(), 1U);
}

void tst_IdleStore::anIdIsUniqueUntilTheLeaseEnds()
{
    IdleStore store;
    Entry *entry = parkedIn(store, 7);
    QVERIFY(!parkedIn(store, 7));
    store.checkOut(entry);
    store.lease(entry);
    QVERIFY(store.contains(ConnectionId(7)));
    QVERIFY(!parkedIn(store, 7));
    QCOMPARE(store.leasedCount(), 1);
    store.remove(entry);
    QCOMPARE(store.leasedCount(), 0);
    QVERIFY(parkedIn(store, 7));
}

void tst_IdleStore::aTokenOutlivesNoReuseOfItsId()
{
    IdleStore store;
    Entry *first = parkedIn(store, 7);
    const quint64 token = first->token();
    QCOMPARE(store.find(token), first);
    store.checkOut(first);
    store.remove(first);
    Entry *second = parkedIn(store, 7);
    QVERIFY(second);
    QVERIFY(!store.find(token));
    QCOMPARE(store.find(second->token()), second);
}

void tst_IdleStore::deadlinesFollowTheParkedOnes()
{
    const Expiry::Clock::time_point start;
    IdleStore store;
    Entry *late = parkedIn(store, 1, start + 20s);
    Entry *early = parkedIn(store, 2, start + 10s);
    parkedIn(store, 3);
    QCOMPARE(store.nextToEnd(), early);
    store.setRetiring(early);
    QCOMPARE(store.retiringCount(), 1);
    QCOMPARE(store.nextToRetire(), late);
    store.checkOut(early);
    QCOMPARE(store.retiringCount(), 0);
    QCOMPARE(store.nextToEnd(), late);
    store.checkOut(late);
    QVERIFY(!store.nextToEnd());
    QVERIFY(!store.nextToRetire());
}

void tst_IdleStore::reportedLeasesStillCount()
{
    IdleStore store;
    Entry *entry = parkedIn(store, 1);
    store.checkOut(entry);
    store.lease(entry);
    QCOMPARE(store.oldestLease(), entry);
    store.setReported(entry);
    QVERIFY(!store.oldestLease());
    QCOMPARE(store.leasedCount(), 1);
    store.reclaim(entry);
    QCOMPARE(store.leasedCount(), 0);
    store.park(entry);
    QCOMPARE(store.parkedCount(), 1);
}

void tst_IdleStore::waitersAreServedInOrder()
{
    Waiters waiters;
    const auto first = waiting(waiters);
    const auto second = waiting(waiters);
    const auto third = waiting(waiters);
    QVERIFY(waiters.remove(second)); // cancelled
    QCOMPARE(waiters.serveNext(ConnectionId(1)), std::optional(first));
    QCOMPARE(waiters.serveNext(ConnectionId(2)), std::optional(third));
    QVERIFY(!waiters.serveNext(ConnectionId(3)));
    QVERIFY(!waiters.remove(second));
}

void tst_IdleStore::aNamedWaiterGoesBeforeOthers()
{
    Waiters waiters;
    const auto any = waiting(waiters);
    const auto named = waiting(waiters, ConnectionId(5));
    QCOMPARE(waiters.anyCount(), 1);
    QCOMPARE(waiters.serveNext(ConnectionId(5)), std::optional(named));
    QCOMPARE(waiters.serveNext(ConnectionId(5)), std::optional(any));
    const auto alone = waiting(waiters, ConnectionId(6));
    QVERIFY2(!waiters.serveNext(ConnectionId(7)), "a connection of another name does not serve it");
    QVERIFY(waiters.isAwaited(ConnectionId(6)));
    QVERIFY(!waiters.isAwaited(ConnectionId(7)));
    QVERIFY(waiters.remove(alone));
}

void tst_IdleStore::waitersExpireByDeadline()
{
    const Waiter::Clock::time_point start;
    Waiters waiters;
    waiting(waiters, {}, start + 3s);
    const auto soon = waiting(waiters, ConnectionId(1), start + 1s);
    QVERIFY(waiters.nextDeadline() == start + 1s);
    QVERIFY(waiters.expired(start).empty());
    const auto expired = waiters.expired(start + 2s);
    QCOMPARE(expired.size(), size_t(1));
    QCOMPARE(expired.front().ticket, soon);
    QCOMPARE(waiters.size(), 1);
    QCOMPARE(waiters.removeAll().size(), size_t(1));
    QVERIFY(waiters.nextDeadline() == Waiter::Clock::time_point::max());
}

QTEST_GUILESS_MAIN(tst_IdleStore)
#include "tst_idlestore.moc"
