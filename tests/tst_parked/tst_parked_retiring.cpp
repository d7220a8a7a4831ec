// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A connection that will soon be too old makes room for a younger one.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ParkedRetiring : public QObject
{
    Q_OBJECT

private slots:
    void makesRoomInAFullPool();
};

// A full server refuses newcomers, unless one of those that it has is in the last tenth of its life.
void tst_ParkedRetiring::makesRoomInAFullPool()
{
    ServerPool pool;
    pool.setMaximumCapacity(1);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    RawClient old(pool.serverPort());
    const ConnectionId oldId = old.readHexId();
    QVERIFY(oldId.isValid());
    QTRY_COMPARE(pool.active(), 1);
    RawClient refused(pool.serverPort());
    QVERIFY(refused.waitForClosed());
    QTRY_COMPARE(pool.status().overflowed, 1);

    const auto age = [&] { return pool.connections(1).value(0).age; };
    QTRY_VERIFY(age() >= 3s);
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.setLifetimes({age() * 11 / 10, 0ms, 0.0}); // its last tenth has just begun
    RawClient young(pool.serverPort());
    QVERIFY(young.readHexId().isValid());
    QTRY_COMPARE(evicted.size(), 1);
    QCOMPARE(evicted.at(0).at(0).value<ConnectionId>(), oldId);
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::Expired);
    QCOMPARE(pool.status().overflowed, 1);
    QVERIFY(old.waitForClosed());
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ParkedRetiring)
#include "tst_parked_retiring.moc"
