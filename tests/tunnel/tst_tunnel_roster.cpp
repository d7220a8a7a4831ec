// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "roster.h"

#include <QtTest/QTest>

using namespace Tunnel;
using namespace std::chrono_literals;
using Tidepool::ConnectionId;

namespace {

const Roster::Time start{};
constexpr ConnectionId one(1);
constexpr ConnectionId two(2);
constexpr ConnectionId three(3);

} // namespace

/// Which parked connections are whose.
class tst_tunnel_roster : public QObject
{
    Q_OBJECT

private slots:
    void strangersAreNeverPicked();
    void newestIsPickedFirst();
    void announcedBeforeParked();
    void withdrawnIsNotPicked();
    void leftIsNotPicked();
    void strangersExpire();
    void announcedDoNotExpire();
    void crowdLosesItsOldest();
    void crowdDoesNotTouchTheClient();
    void dismissedClient();
    void expectedAreBounded();
};

void tst_tunnel_roster::strangersAreNeverPicked()
{
    Roster roster;
    roster.arrived(one, start);
    QVERIFY(!roster.pick());
    roster.announce(two);
    QVERIFY(!roster.pick());
    QCOMPARE(roster.strangers(), 1);
    QCOMPARE(roster.ready(), 0);
}

void tst_tunnel_roster::newestIsPickedFirst()
{
    Roster roster;
    for (const ConnectionId id : {one, two, three})
        roster.arrived(id, start);
    roster.announce(three);
    roster.announce(one);
    roster.announce(one);
    QCOMPARE(roster.ready(), 2);
    QCOMPARE(roster.pick(), three);
    QCOMPARE(roster.pick(), one);
    QVERIFY(!roster.pick());
}

void tst_tunnel_roster::announcedBeforeParked()
{
    Roster roster;
    roster.announce(one);
    roster.arrived(one, start);
    QCOMPARE(roster.pick(), one);
    // The word is used up: the next connection of that name is somebody else's.
    roster.arrived(one, start);
    QVERIFY(!roster.pick());
}

void tst_tunnel_roster::withdrawnIsNotPicked()
{
    Roster roster;
    roster.arrived(one, start);
    roster.announce(one);
    roster.withdraw(one);
    roster.announce(two);
    roster.withdraw(two);
    roster.arrived(two, start);
    QVERIFY(!roster.pick());
    QCOMPARE(roster.strangers(), 2);
}

void tst_tunnel_roster::leftIsNotPicked()
{
    Roster roster;
    roster.arrived(one, start);
    roster.announce(one);
    roster.left(one);
    roster.left(two);
    QVERIFY(!roster.pick());
    QCOMPARE(roster.ready(), 0);
}

void tst_tunnel_roster::strangersExpire()
{
    Roster roster({5s, 10, 10});
    roster.arrived(one, start);
    roster.arrived(two, start + 2s);
    QVERIFY(roster.expire(start + 4'999ms).isEmpty());
    QCOMPARE(roster.expire(start + 5s), QList<ConnectionId>{one});
    QCOMPARE(roster.expire(start + 10s), QList<ConnectionId>{two});
    QCOMPARE(roster.strangers(), 0);
}

void tst_tunnel_roster::announcedDoNotExpire()
{
    Roster roster({5s, 10, 10});
    roster.arrived(one, start);
    roster.announce(one);
    QVERIFY(roster.expire(start + 1h).isEmpty());
    roster.withdraw(one);
    QCOMPARE(roster.expire(start + 1h), QList<ConnectionId>{one});
}

void tst_tunnel_roster::crowdLosesItsOldest()
{
    Roster roster({5s, 2, 10});
    for (const ConnectionId id : {one, two, three})
        roster.arrived(id, start);
    QCOMPARE(roster.expire(start), QList<ConnectionId>{one});
    QCOMPARE(roster.strangers(), 2);
}

void tst_tunnel_roster::crowdDoesNotTouchTheClient()
{
    Roster roster({5s, 2, 10});
    roster.arrived(one, start);
    roster.announce(one);
    for (quint32 i = 100; i < 1'000; ++i) {
        roster.arrived(ConnectionId(i), start);
        QVERIFY(roster.expire(start).size() <= 1);
        QVERIFY(roster.strangers() <= 2);
    }
    QCOMPARE(roster.pick(), one);
}

void tst_tunnel_roster::dismissedClient()
{
    Roster roster;
    for (const ConnectionId id : {one, two})
        roster.arrived(id, start);
    roster.announce(one);
    roster.announce(three);
    QCOMPARE(roster.dismissClient(), QList<ConnectionId>{one});
    roster.arrived(three, start); // of the old client, too late
    QVERIFY(!roster.pick());
    roster.announce(two); // of the new one, parked before it was proven
    QCOMPARE(roster.pick(), two);
}

void tst_tunnel_roster::expectedAreBounded()
{
    Roster roster({5s, 10, 2});
    for (const ConnectionId id : {one, two, three})
        roster.announce(id);
    for (const ConnectionId id : {one, two, three})
        roster.arrived(id, start);
    QCOMPARE(roster.ready(), 2);
    QCOMPARE(roster.strangers(), 1);
}

QTEST_GUILESS_MAIN(tst_tunnel_roster)
#include "tst_tunnel_roster.moc"
