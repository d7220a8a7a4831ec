// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The rule by which capacity and interval follow the demand, as docs/go-package.md has it.

#include "fixtures.h"
#include "walk.h"

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

class tst_GoPackageDynamicAdjustment : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest() { VERIFY_ROWS("Dynamic adjustment"); }

    void policies();
    void intervalShrinks();
    void intervalGrows();
    void capacityShrinks();
    void capacityGrows();
    void refill();
};

void tst_GoPackageDynamicAdjustment::policies()
{
    QCOMPARE(ClientPool().sizingPolicy(), SizingPolicy::Predictive);
    const Rounds rounds;
    QCOMPARE(rounds.client.sizingPolicy(), SizingPolicy::Classic);
    QVERIFY(rounds.client.status().sizingText().contains("by the Classic rule"_L1));
}

void tst_GoPackageDynamicAdjustment::intervalShrinks()
{
    Rounds rounds;
    QTRY_VERIFY(rounds.client.interval() >= 300ms);
    const auto before = rounds.client.interval();
    rounds.empty();
    QTRY_VERIFY(rounds.client.interval() < before);
}

void tst_GoPackageDynamicAdjustment::intervalGrows()
{
    const Rounds rounds;
    QTRY_COMPARE(rounds.client.interval(), 500ms);
}

void tst_GoPackageDynamicAdjustment::capacityShrinks()
{
    Rounds rounds;
    QVERIFY(QTest::qWaitFor([&] {
        rounds.empty();
        return rounds.client.capacity() > 5;
    }));
    QTRY_COMPARE(rounds.client.capacity(), 5); // nothing is taken any more
}

void tst_GoPackageDynamicAdjustment::capacityGrows()
{
    Rounds rounds;
    QTRY_VERIFY((rounds.empty(), rounds.client.capacity() >= 8));
}

void tst_GoPackageDynamicAdjustment::refill()
{
    QCOMPARE(ClientPool().refill(), Refill::AtTake);
    const TestPeer peer;
    for (const Refill refill : {Refill::AtTake, Refill::AtRound}) {
        ClientPool pool;
        configure(pool, peer, capacity);
        pool.setMinimumInterval(24h);
        pool.setMaximumInterval(24h);
        pool.setRefill(refill);
        pool.start();
        QTRY_COMPARE(pool.active(), capacity);
        const TakeResult result = pool.tryTake();
        VERIFY_TAKEN(result);
        if (refill == Refill::AtTake) {
            QTRY_COMPARE(pool.active(), capacity);
        } else {
            QVERIFY(!QTest::qWaitFor([&] { return pool.status().established > capacity; }, 200));
            QCOMPARE(pool.active(), capacity - 1);
        }
    }
}

QTEST_GUILESS_MAIN(tst_GoPackageDynamicAdjustment)
#include "tst_gopackage_dynamic_adjustment.moc"
