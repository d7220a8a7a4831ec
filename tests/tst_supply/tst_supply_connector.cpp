// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What a connector makes of each thing that its pool wants, with a pool that says what the test says. Against a real
// pool, most of this shows for a moment only: something else wakes the connector, or lets go of what was too much.

#include "supply/connector.h"
#include "support/testpeer.h"

#include <QtTest/QTest>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// A pool that wants what the test says, and parks whatever it gets, unless a take waits for it.
class ScriptedSink final : public ConnectionSink
{
public:
    void enter(Step step) override { m_begun += step == Step::Connecting ? 1 : 0; }
    void leave(Step) override {}
    Demand demand() const override { return wanted; }
    void evictSurplus(int keep) override
    {
        surplusAbove = keep;
        while (static_cast<int>(m_parked.size()) > keep)
            m_parked.erase(m_parked.begin());
        wanted.active = static_cast<int>(m_parked.size());
    }
    std::vector<Loss> takeLosses() override
    {
        wanted.hasLosses = false;
        return std::exchange(losses, {});
    }
    ConnectionId freshId() const override { return ConnectionId(1); }
    int room() const override { return 0; }
    bool reserve() override { return false; }
    void unreserve() override {}
    bool claimControlId(quint64) override { return false; }
    void releaseControlId(quint64) override {}
    bool established(Established connection) override
    {
        if (wanted.waitingForAny > 0) {
            --wanted.waitingForAny;
            --wanted.room;
            ++wanted.taken;
            return true;
        }
        m_parked.push_back(std::move(connection));
        ++wanted.active;
        --wanted.room;
        return true;
    }
    void attemptFailed(const PoolError &error) override { lastError = error; }
    void setTrouble(const PoolError &error) override { trouble = error; }
    void clientRefused() override {}
    void clientOverflowed() override {}
    void setTarget(int capacity, std::chrono::milliseconds) override { shownCapacity = capacity; }
    void setSizing(const SizingReason &, std::optional<std::chrono::steady_clock::time_point>) override {}
    void setNextAttempt(std::optional<std::chrono::steady_clock::time_point> when) override { nextAttempt = when; }
    void setFatal(const PoolError &error, quint64) override { fatal = error; }
    std::optional<quint64> renew(quint64, Renewal, std::chrono::steady_clock::time_point) override { return {}; }
    void setOffline(bool) override {}

    /// @p count takes of any, each of which gets a parked connection.
    void take(int count)
    {
        m_parked.erase(m_parked.begin(), m_parked.begin() + count);
        wanted.active -= count;
        wanted.room += count;
        wanted.taken += count;
        wanted.asked += count;
    }
    int begun() const { return m_begun; }

    Demand wanted;
    std::vector<Loss> losses;
    int surplusAbove = -1;
    int shownCapacity = -1;
    PoolError lastError;
    PoolError trouble;
    PoolError fatal;
    std::optional<std::chrono::steady_clock::time_point> nextAttempt;

private:
    std::vector<Established> m_parked;
    int m_begun = 0;
};

/// A connector that wants eight, its pool, and the server.
struct Bench
{
    Bench()
    {
        sink.wanted.isOpen = true;
        sink.wanted.limit = 100;
        sink.wanted.room = 1'000;
    }

    ConnectorSettings settings() const
    {
        ConnectorSettings result;
        result.host = QStringLiteral("127.0.0.1");
        result.port = peer.port();
        result.tls.mode = TlsMode::None;
        result.bounds = {capacity, capacity, 1h, 1h}; // no round comes by itself
        result.refill = refill;
        return result;
    }
    void start()
    {
        connector = std::make_unique<Connector>(sink, settings(), std::make_shared<LearnedShelf>());
        connector->start();
    }

    /// The server closes each connection as soon as it is parked.
    void loseAllTheTime()
    {
        for (int i = 0; i < 200 && !sink.trouble; ++i) {
            if (sink.wanted.active > 0) {
                sink.evictSurplus(sink.wanted.active - 1);
                sink.losses.push_back({10ms, EvictionCause::PeerClosed});
                sink.wanted.hasLosses = true;
            }
            connector->wake();
            QTest::qWait(1);
        }
    }

    static constexpr int capacity = 8;
    Refill refill = Refill::AtTake;
    TestPeer peer;
    ScriptedSink sink;
    std::unique_ptr<Connector> connector; // ends first
};

} // namespace

/// What a pool wants, and what its connector does.
class tst_SupplyConnector : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void dialsWhatIsMissing_data();
    void dialsWhatIsMissing();
    void aHigherLimitIsFilled();
    void dialsInPlaceOfWhatWasTaken();
    void nothingWhileThePoolWantsNothing();
    void nothingWhilePaused();
    void letsTheSurplusGo();
    void seesToItThatTheTargetChangesByItself();
    void whatTheUserSetsStays();
    void waitsForAServerThatClosesAtOnce();
    void newSettingsEndTheWait();
};

void tst_SupplyConnector::dialsWhatIsMissing_data()
{
    QTest::addColumn<int>("retiring");
    QTest::addColumn<int>("returning");
    QTest::addColumn<int>("limit");
    QTest::addColumn<int>("room");
    QTest::addColumn<int>("waiting");
    QTest::addColumn<int>("dials");
    QTest::newRow("all of the capacity") << 0 << 0 << 100 << 100 << 0 << 8;
    QTest::newRow("no more than can be parked") << 0 << 0 << 3 << 100 << 0 << 3;
    QTest::newRow("no more than the total allows") << 0 << 0 << 100 << 5 << 0 << 5;
    QTest::newRow("nothing if the total is reached") << 0 << 0 << 100 << 0 << 0 << 0;
    QTest::newRow("not for those expected back") << 0 << 6 << 100 << 100 << 0 << 2;
    QTest::newRow("more expected back than wanted") << 0 << 60 << 100 << 100 << 0 << 0;
    QTest::newRow("one more for each take that waits") << 0 << 0 << 100 << 100 << 4 << 12;
    QTest::newRow("those, whatever can be parked") << 0 << 0 << 3 << 100 << 4 << 7;
    QTest::newRow("those, whatever comes back") << 0 << 60 << 100 << 100 << 4 << 4;
}

void tst_SupplyConnector::dialsWhatIsMissing()
{
    QFETCH(const int, retiring);
    QFETCH(const int, returning);
    QFETCH(const int, limit);
    QFETCH(const int, room);
    QFETCH(const int, waiting);
    QFETCH(const int, dials);
    Bench bench;
    bench.sink.wanted.retiring = retiring;
    bench.sink.wanted.returning = returning;
    bench.sink.wanted.limit = limit;
    bench.sink.wanted.room = room;
    bench.sink.wanted.waitingForAny = waiting;
    bench.start();
    QCOMPARE(bench.sink.begun(), dials); // at once; and not more when they have come
    QCOMPARE(bench.sink.shownCapacity, Bench::capacity);
    QTRY_COMPARE(bench.sink.wanted.waitingForAny, 0);
    QTRY_COMPARE(bench.sink.wanted.active, dials - waiting);
    bench.connector->wake();
    QCOMPARE(bench.sink.begun(), dials);
}

void tst_SupplyConnector::aHigherLimitIsFilled()
{
    Bench bench;
    bench.sink.wanted.limit = 3;
    bench.start();
    QTRY_COMPARE(bench.sink.wanted.active, 3);
    bench.sink.wanted.limit = 5;
    bench.connector->wake();
    QTRY_COMPARE(bench.sink.wanted.active, 5);
    QCOMPARE(bench.sink.begun(), 5);
}

void tst_SupplyConnector::dialsInPlaceOfWhatWasTaken()
{
    Bench bench;
    bench.start();
    QTRY_COMPARE(bench.sink.wanted.active, 8);
    bench.sink.take(3);
    bench.connector->wake();
    QCOMPARE(bench.sink.begun(), 11);
    bench.connector->wake(); // those under way count
    QCOMPARE(bench.sink.begun(), 11);
    QTRY_COMPARE(bench.sink.wanted.active, 8);
    bench.sink.wanted.retiring = 2; // a replacement first, and then it goes
    bench.connector->wake();
    QTRY_COMPARE(bench.sink.wanted.active, 10);
    QCOMPARE(bench.sink.begun(), 13);
}

void tst_SupplyConnector::nothingWhileThePoolWantsNothing()
{
    Bench bench;
    bench.sink.wanted.isOpen = false;
    bench.start();
    bench.connector->wake();
    QCOMPARE(bench.sink.begun(), 0);
    bench.sink.wanted.isOpen = true;
    bench.connector->wake();
    QCOMPARE(bench.sink.begun(), 8);
}

void tst_SupplyConnector::nothingWhilePaused()
{
    Bench bench;
    bench.start();
    QTRY_COMPARE(bench.sink.wanted.active, 8);
    bench.connector->setPaused(true);
    bench.sink.take(4);
    bench.connector->wake();
    QCOMPARE(bench.sink.begun(), 8);
    bench.connector->setPaused(false);
    QCOMPARE(bench.sink.begun(), 12);
}

void tst_SupplyConnector::letsTheSurplusGo()
{
    Bench bench;
    bench.start();
    QTRY_COMPARE(bench.sink.wanted.active, 8);
    ConnectorSettings fewer = bench.settings();
    fewer.bounds.minimumCapacity = 2;
    fewer.bounds.maximumCapacity = 2;
    bench.connector->setSettings(fewer, {});
    QCOMPARE(bench.sink.shownCapacity, 2);
    QCOMPARE(bench.sink.surplusAbove, 2);
    bench.connector->wake();
    QCOMPARE(bench.sink.begun(), 8);
}

// Nothing happens, no round is due for an hour, and yet there are too many from then on.
void tst_SupplyConnector::seesToItThatTheTargetChangesByItself()
{
    Bench bench;
    bench.start();
    QTRY_COMPARE(bench.sink.wanted.active, 8);
    ConnectorSettings settings = bench.settings();
    settings.bounds = {2, 20, 1h, 1h};
    bench.connector->setSettings(settings, {});
    QCOMPARE(bench.sink.wanted.active, 2);
    bench.connector->expect(10, std::chrono::steady_clock::now() + 1s);
    QCOMPARE(bench.sink.shownCapacity, 10);
    QTRY_COMPARE(bench.sink.wanted.active, 10);
    QTRY_COMPARE(bench.sink.shownCapacity, 2);
    QCOMPARE(bench.sink.wanted.active, 2);
}

// What the supply learns crosses with setLevels(), but does not hide it.
void tst_SupplyConnector::whatTheUserSetsStays()
{
    const auto learned = [](int base) {
        Learned result;
        result.base = base;
        return result;
    };
    LearnedShelf shelf;
    const quint64 before = shelf.latest().number;
    shelf.update(learned(1), before);
    QCOMPARE(shelf.latest().learned.base, 1);
    shelf.replace(learned(2));
    shelf.update(learned(3), before);
    QCOMPARE(shelf.latest().learned.base, 2);
    shelf.update(learned(4), shelf.latest().number);
    QCOMPARE(shelf.latest().learned.base, 4);
}

// The rate limit: connections that do not last are replaced more and more slowly, and the pool is told why.
void tst_SupplyConnector::waitsForAServerThatClosesAtOnce()
{
    Bench bench;
    bench.start();
    QTRY_COMPARE(bench.sink.wanted.active, 8);
    bench.loseAllTheTime();
    QVERIFY(bench.sink.trouble);
    QVERIFY2(bench.sink.trouble.message().contains(QStringLiteral("as soon as they are made")),
             qPrintable(bench.sink.trouble.message()));
    QVERIFY2(bench.sink.begun() < 40, qPrintable(QString::number(bench.sink.begun())));
}

// They may be the remedy.
void tst_SupplyConnector::newSettingsEndTheWait()
{
    Bench bench;
    bench.start();
    QTRY_COMPARE(bench.sink.wanted.active, 8);
    bench.loseAllTheTime();
    QVERIFY(bench.sink.trouble);
    bench.connector->setSettings(bench.settings(), {});
    QVERIFY(!bench.sink.trouble);
    QTRY_COMPARE(bench.sink.wanted.active, 8);
}

QTEST_GUILESS_MAIN(tst_SupplyConnector)
#include "tst_supply_connector.moc"
