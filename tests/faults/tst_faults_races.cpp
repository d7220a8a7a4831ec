// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A peer closes just while its connection is being taken. If the end of the connection had reached this side before
// the take began, the take must not hand it out.

#include "endings.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <algorithm>
#include <array>
#include <map>
#include <random>

using namespace Races;
using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

int raceCount()
{
    bool given = false;
    const int races = qEnvironmentVariableIntValue("TIDEPOOL_RACES", &given);
    if (given)
        return races;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return 1'000;
#else
    return 10'000;
#endif
}

/// Spreads the takes so that about every second one comes too late.
class Pace
{
public:
    explicit Pace(std::minstd_rand &random) : m_random(random) {}
    void delay() { spin(static_cast<unsigned>(m_random()) % m_limit); }
    void adapt(bool wasLate)
    {
        constexpr unsigned least = 100;
        constexpr unsigned most = 10'000'000;
        m_limit = std::clamp(wasLate ? m_limit - m_limit / 4 : m_limit + m_limit / 2, least, most);
    }

private:
    std::minstd_rand &m_random;
    unsigned m_limit = 5'000;
};

} // namespace

class tst_FaultsRaces : public QObject
{
    Q_OBJECT

private slots:
    void closingWhileTaken_data();
    void closingWhileTaken();
    void closingWhileTakenOverTls();
    void manyClosingWhileManyTake_data();
    void manyClosingWhileManyTake();
};

void tst_FaultsRaces::closingWhileTaken_data()
{
    QTest::addColumn<int>("ending");
    QTest::newRow("close") << static_cast<int>(Ending::Close);
    QTest::newRow("speak and close") << static_cast<int>(Ending::SpeakAndClose);
    QTest::newRow("reset") << static_cast<int>(Ending::Reset);
}

void tst_FaultsRaces::closingWhileTaken()
{
    QFETCH(int, ending);
    const auto theEnding = static_cast<Ending>(ending);
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    Closer closer(pool.serverPort());
    std::minstd_rand random(std::random_device{}());
    Pace pace(random);
    // What is sent with a FIN delays its acknowledgement; to see a reset arrive, the whole table of connections has to
    // be read.
    const int share = theEnding == Ending::Close ? 2 : theEnding == Ending::SpeakAndClose ? 10 : 100;
    const int races = std::max(raceCount() / share, 50);
    int handedOut = 0;
    int deadBefore = 0;
    int violations = 0;
    for (int i = 0; i < races; ++i) {
        const int client = connectTo(pool.serverPort());
        const ConnectionId id = readId(client);
        waitForActive(pool, 1);

        const auto end = [&] { closer.go(client, theEnding, static_cast<unsigned>(random() % 2'000)); };
        // Whatever the pace, there is one of each kind: the first ends behind the take, the second before it.
        if (i > 0)
            end();
        if (i == 1)
            closer.wait();
        pace.delay();
        const bool wasDead = i > 0 && closer.hasArrived();
        pace.adapt(wasDead);
        const bool isByName = i % 2 != 0;
        const TakeResult taken = isByName ? pool.take(id, 0ms).result() : pool.tryTake();
        if (i == 0)
            end();
        deadBefore += wasDead ? 1 : 0;
        handedOut += taken ? 1 : 0;
        const bool mayBeKept = isByName && theEnding == Ending::SpeakAndClose; // for its last words
        violations += wasDead && taken && !mayBeKept ? 1 : 0;

        closer.wait();
        if (theEnding != Ending::Reset) {
            resetOnClose(client); // leaves nothing in TIME_WAIT
            ::close(client);
        }
        if (i % 64 == 0)
            QCoreApplication::processEvents();
        waitForActive(pool, 0);
    }
    qInfo("%d races: %d handed out, %d were dead before the take", races, handedOut, deadBefore);
    QCOMPARE(violations, 0);
    QVERIFY(handedOut > 0);
    QVERIFY(deadBefore > 0);
    QTRY_COMPARE(pool.status().checking, 0);
    const PoolStatus status = pool.status();
    QCOMPARE(status.takenTotal, handedOut);
    QCOMPARE(status.evictedTotal() + status.ended, races - handedOut);
    QCOMPARE(status.established, races);
    VERIFY_COUNTERS(pool);
}

void tst_FaultsRaces::closingWhileTakenOverTls()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    Closer closer(pool.serverPort());
    std::minstd_rand random(std::random_device{}());
    Pace pace(random);
    const int races = raceCount() / 40;
    int handedOut = 0;
    int deadBefore = 0;
    int violations = 0;
    for (int i = 0; i < races; ++i) {
        RawClient client(pool.serverPort());
        QVERIFY(client.encrypt());
        QVERIFY(client.readHexId().isValid());
        waitForActive(pool, 1);
        const auto end = [&] {
            closer.go(static_cast<int>(client.socket()->socketDescriptor()), Ending::Close,
                      static_cast<unsigned>(random() % 2'000));
        };
        // As above, there is one of each kind.
        if (i > 0)
            end();
        if (i == 1)
            closer.wait();
        pace.delay();
        const bool wasDead = i > 0 && closer.hasArrived();
        pace.adapt(wasDead);
        const TakeResult taken = pool.tryTake();
        if (i == 0)
            end();
        deadBefore += wasDead ? 1 : 0;
        handedOut += taken ? 1 : 0;
        violations += wasDead && taken ? 1 : 0;
        closer.wait();
        waitForActive(pool, 0);
    }
    qInfo("%d races: %d handed out, %d were dead before the take", races, handedOut, deadBefore);
    QCOMPARE(violations, 0);
    QVERIFY(handedOut > 0);
    QVERIFY(deadBefore > 0);
    VERIFY_COUNTERS(pool);
}

void tst_FaultsRaces::manyClosingWhileManyTake_data()
{
    QTest::addColumn<bool>("isIoThreadBusy");
    QTest::newRow("idle I/O thread") << false;
    QTest::newRow("busy I/O thread") << true; // what a taker finds out about others reaches it late
}

// Three takers empty the pool while every second peer ends.
void tst_FaultsRaces::manyClosingWhileManyTake()
{
    QFETCH(bool, isIoThreadBusy);
    constexpr int count = 40;
    ClientPool other(u"127.0.0.1"_s, 1); // in the same I/O thread
    if (isIoThreadBusy) {
        other.setBackoff({1ms, 1ms, 1.0});
        other.setDialer([](QSslSocket &socket) {
            std::this_thread::sleep_for(300us);
            socket.connectToHost(u"127.0.0.1"_s, 1);
        });
        other.start();
    }
    ServerPool pool;
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const int rounds = std::max(raceCount() / count, 1);
    int deadBefore = 0;
    int handedOut = 0;
    std::atomic<int> violations = 0;
    for (int round = 0; round < rounds; ++round) {
        std::vector<int> clients;
        std::map<quint32, size_t> places;
        for (size_t i = 0; i < count; ++i) {
            clients.push_back(connectTo(pool.serverPort()));
            places[readId(clients.back()).value()] = i;
        }
        waitForActive(pool, count);

        using Clock = std::chrono::steady_clock;
        std::array<std::atomic<Clock::duration>, count> ends{}; // when the end was seen to have arrived
        std::atomic<bool> isStarted = false;
        const bool isBefore = round == 0; // however fast the takers are, some are too late
        std::thread closer([&] {
            while (!isStarted && !isBefore) {}
            for (size_t i = 0; i < count; i += 2) {
                Closer::close(clients[i], i % 4 == 0 ? Ending::Close : Ending::SpeakAndClose);
                ends[i] = Clock::now().time_since_epoch();
            }
        });
        std::atomic<int> taken = 0;
        std::vector<std::thread> takers;
        for (unsigned taker = 0; taker < 3; ++taker) {
            takers.emplace_back([&, pause = 1'000U * (taker + 1)] {
                while (!isStarted) {}
                for (;;) {
                    const auto begin = Clock::now().time_since_epoch();
                    const TakeResult result = pool.tryTake();
                    if (!result)
                        return;
                    ++taken;
                    const auto end = ends[places.at(result.connection().id().value())].load();
                    violations += end.count() != 0 && end < begin ? 1 : 0;
                    spin(pause);
                }
            });
        }
        if (isBefore)
            closer.join();
        isStarted = true;
        if (!isBefore)
            closer.join();
        for (std::thread &taker : takers)
            taker.join();
        handedOut += taken;
        deadBefore += count - taken;
        for (const int client : clients) {
            resetOnClose(client);
            ::close(client);
        }
        QCoreApplication::processEvents();
        waitForActive(pool, 0);
    }
    qInfo("%d rounds: %d handed out, %d were dead before the take", rounds, handedOut, deadBefore);
    QCOMPARE(violations.load(), 0);
    QVERIFY(handedOut > 0);
    QVERIFY(deadBefore > 0);
    QCOMPARE(pool.status().takenTotal, handedOut);
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_FaultsRaces)
#include "tst_faults_races.moc"
