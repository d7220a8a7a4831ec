// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "server/announcedconnections.h"

#include <QtTest/QTest>

using namespace Tunnel;
using namespace std::chrono_literals;
using Tidepool::ConnectionId;

namespace {

const AnnouncedConnections::Time start{};
constexpr ConnectionId one(1);
constexpr ConnectionId two(2);
constexpr ConnectionId three(3);

} // namespace

/// Which parked connections are whose.
class tst_tunnel_announced : public QObject
{
    Q_OBJECT

private slots:
    void unauthenticatedAreNeverPicked();
    void newestIsPickedFirst();
    void announcedBeforeParked();
    void withdrawnIsNotPicked();
    void leftIsNotPicked();
    void unauthenticatedExpire();
    void announcedDoNotExpire();
    void crowdLosesItsOldest();
    void crowdDoesNotTouchTheClient();
    void dismissedClient();
    void expectedAreBounded();
};

void tst_tunnel_announced::unauthenticatedAreNeverPicked()
{
    AnnouncedConnections connections;
    connections.arrived(one, start);
    QVERIFY(!connections.pick());
    connections.announce(two);
    QVERIFY(!connections.pick());
    QCOMPARE(connections.unauthenticated(), 1);
    QCOMPARE(connections.ready(), 0);
}

void tst_tunnel_announced::newestIsPickedFirst()
{
    AnnouncedConnections connections;
    for (const ConnectionId id : {one, two, three})
        connections.arrived(id, start);
    connections.announce(three);
    connections.announce(one);
    connections.announce(one);
    QCOMPARE(connections.ready(), 2);
    QCOMPARE(connections.pick(), three);
    QCOMPARE(connections.pick(), one);
    QVERIFY(!connections.pick());
}

void tst_tunnel_announced::announcedBeforeParked()
{
    AnnouncedConnections connections;
    connections.announce(one);
    connections.arrived(one, start);
    QCOMPARE(connections.pick(), one);
    // The word is used up: the next connection of that name is somebody else's.
    connections.arrived(one, start);
    QVERIFY(!connections.pick());
}

void tst_tunnel_announced::withdrawnIsNotPicked()
{
    AnnouncedConnections connections;
    connections.arrived(one, start);
    connections.announce(one);
    connections.withdraw(one);
    connections.announce(two);
    connections.withdraw(two);
    connections.arrived(two, start);
    QVERIFY(!connections.pick());
    QCOMPARE(connections.unauthenticated(), 2);
}

void tst_tunnel_announced::leftIsNotPicked()
{
    AnnouncedConnections connections;
    connections.arrived(one, start);
    connections.announce(one);
    connections.left(one);
    connections.left(two);
    QVERIFY(!connections.pick());
    QCOMPARE(connections.ready(), 0);
}

void tst_tunnel_announced::unauthenticatedExpire()
{
    AnnouncedConnections connections({5s, 10, 10});
    connections.arrived(one, start);
    connections.arrived(two, start + 2s);
    QVERIFY(connections.expire(start + 4'999ms).isEmpty());
    QCOMPARE(connections.expire(start + 5s), QList<ConnectionId>{one});
    QCOMPARE(connections.expire(start + 10s), QList<ConnectionId>{two});
    QCOMPARE(connections.unauthenticated(), 0);
}

void tst_tunnel_announced::announcedDoNotExpire()
{
    AnnouncedConnections connections({5s, 10, 10});
    connections.arrived(one, start);
    connections.announce(one);
    QVERIFY(connections.expire(start + 1h).isEmpty());
    connections.withdraw(one);
    QCOMPARE(connections.expire(start + 1h), QList<ConnectionId>{one});
}

void tst_tunnel_announced::crowdLosesItsOldest()
{
    AnnouncedConnections connections({5s, 2, 10});
    for (const ConnectionId id : {one, two, three})
        connections.arrived(id, start);
    QCOMPARE(connections.expire(start), QList<ConnectionId>{one});
    QCOMPARE(connections.unauthenticated(), 2);
}

void tst_tunnel_announced::crowdDoesNotTouchTheClient()
{
    AnnouncedConnections connections({5s, 2, 10});
    connections.arrived(one, start);
    connections.announce(one);
    for (quint32 i = 100; i < 1'000; ++i) {
        connections.arrived(ConnectionId(i), start);
        QVERIFY(connections.expire(start).size() <= 1);
        QVERIFY(connections.unauthenticated() <= 2);
    }
    QCOMPARE(connections.pick(), one);
}

void tst_tunnel_announced::dismissedClient()
{
    AnnouncedConnections connections;
    for (const ConnectionId id : {one, two})
        connections.arrived(id, start);
    connections.announce(one);
    connections.announce(three);
    QCOMPARE(connections.dismissClient(), QList<ConnectionId>{one});
    connections.arrived(three, start); // of the old client, too late
    QVERIFY(!connections.pick());
    connections.announce(two); // of the new one, parked before it was proven
    QCOMPARE(connections.pick(), two);
}

void tst_tunnel_announced::expectedAreBounded()
{
    AnnouncedConnections connections({5s, 10, 2});
    for (const ConnectionId id : {one, two, three})
        connections.announce(id);
    for (const ConnectionId id : {one, two, three})
        connections.arrived(id, start);
    QCOMPARE(connections.ready(), 2);
    QCOMPARE(connections.unauthenticated(), 1);
}

QTEST_GUILESS_MAIN(tst_tunnel_announced)
#include "tst_tunnel_announced.moc"
