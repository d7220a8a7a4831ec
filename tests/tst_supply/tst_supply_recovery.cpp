// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What a client pool makes of a machine that sleeps, and of a network that goes, comes and changes: without sleep and
// without network.

#include "supply/machine.h"
#include "support/messagerecorder.h"
#include "support/poolhelpers.h"

#include <QtCore/QElapsedTimer>

#include <atomic>
#include <mutex>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// A machine that does what the test says.
class ScriptedMachine final : public Machine
{
public:
    ClockReading clocks() const override
    {
        const std::scoped_lock lock(m_mutex);
        const auto now = std::chrono::steady_clock::now();
        return {now, now.time_since_epoch() + m_slept};
    }
    bool isOnline() const override
    {
        const std::scoped_lock lock(m_mutex);
        return m_isOnline;
    }
    std::optional<QHostAddress> sourceTo(const QHostAddress &peer) const override
    {
        const std::scoped_lock lock(m_mutex);
        m_asked = peer;
        return m_source;
    }
    std::shared_ptr<void> follow(bool) override
    {
        m_isFollowed = true;
        return std::make_shared<int>();
    }

    void sleep(std::chrono::nanoseconds time)
    {
        const std::scoped_lock lock(m_mutex);
        m_slept += time;
    }
    void move(const QString &source, bool isOnline)
    {
        moveInSilence(QHostAddress(source), isOnline);
        emit changed();
    }
    /// @p source: nothing if the machine has no descriptor left to find it out.
    void moveInSilence(const std::optional<QHostAddress> &source, bool isOnline)
    {
        const std::scoped_lock lock(m_mutex);
        m_source = source;
        m_isOnline = isOnline;
        m_asked.clear();
    }
    [[nodiscard]] QHostAddress asked() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_asked;
    }
    [[nodiscard]] bool isFollowed() const { return m_isFollowed; }

private:
    mutable std::mutex m_mutex;
    std::chrono::nanoseconds m_slept{0};
    bool m_isOnline = true;
    std::optional<QHostAddress> m_source{u"192.0.2.10"_s};
    mutable QHostAddress m_asked;
    std::atomic<bool> m_isFollowed = false;
};

struct Bench
{
    explicit Bench(int capacity = 4)
    {
        Machine::replace(machine);
        configure(pool, peer, capacity);
        pool.setMinimumInterval(1h); // nothing happens by itself
        pool.setMaximumInterval(1h);
    }
    ~Bench() { Machine::replace(nullptr); }
    Q_DISABLE_COPY_MOVE(Bench)

    void wakeUp()
    {
        machine->sleep(1h);
        emit machine->changed();
    }
    [[nodiscard]] int underWay() const { return TestSupport::underWay(pool); }

    std::shared_ptr<ScriptedMachine> machine = std::make_shared<ScriptedMachine>();
    TestPeer peer;
    ClientPool pool;
};

} // namespace

class tst_SupplyRecovery : public QObject
{
    Q_OBJECT

private slots:
    void wakesUp();
    void sleepIsNoticedInPassing();
    void warmsSlowly();
    void isQuietAtFirst();
    void endsABackoff();
    void endsAFatalError();
    void anotherAddress();
    void noNetwork();
    void noNetworkAtTheStart();
    void theNetworkIsBackWithoutAWord();
    void takesOfAnOutageAreServedAtItsEnd();
    void whatCannotBeFoundOutIsNoOutage();
    void aDialerIsNobodysNetwork();
    void switchedOff();
    void theRealMachine();
};

void tst_SupplyRecovery::wakesUp()
{
    Bench bench;
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 4);
    QVERIFY(bench.machine->isFollowed());
    const quint64 generation = bench.pool.status().generation;
    bench.wakeUp();
    QTRY_COMPARE(bench.pool.status().sleeps, 1);
    QTRY_COMPARE(bench.pool.active(), 4);
    const PoolStatus status = bench.pool.status();
    QCOMPARE(status.generation, generation + 1);
    QCOMPARE(status.evictedBy(EvictionCause::Flushed), 4);
    QCOMPARE(status.failedTotal(), 0);
    QCOMPARE(bench.peer.accepted(), 8);
    QVERIFY(status.waking);
    QCOMPARE(status.stateText(), u"Ready: 4 warm"_s);
    VERIFY_COUNTERS(bench.pool);
}

// Without a word of the system, when something happens anyway.
void tst_SupplyRecovery::sleepIsNoticedInPassing()
{
    Bench bench;
    bench.pool.setMinimumInterval(20ms);
    bench.pool.setMaximumInterval(20ms);
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 4);
    bench.machine->sleep(2s);
    QTRY_COMPARE(bench.pool.status().sleeps, 1);
    QTRY_COMPARE(bench.peer.accepted(), 8);
    QTRY_COMPARE(bench.pool.active(), 4);
}

void tst_SupplyRecovery::warmsSlowly()
{
    Bench bench(8);
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 8);
    bench.peer.setScript(PeerScript::silent());
    bench.wakeUp();
    QTRY_COMPARE(bench.peer.accepted(), 9);
    QVERIFY(!QTest::qWaitFor([&] { return bench.peer.accepted() > 9; }, 200));
    QCOMPARE(bench.underWay(), 1);
    QCOMPARE(bench.pool.state(), PoolState::Warming);
    QCOMPARE(bench.pool.status().stateText(), u"Waking: 1 connecting"_s);
}

void tst_SupplyRecovery::isQuietAtFirst()
{
    Bench bench;
    bench.pool.setRecovery({true, true, 400ms});
    bench.pool.setBackoff({20ms, 20ms, 1.0});
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 4);
    bench.peer.stopListening();
    const MessageRecorder recorder;
    QSignalSpy failed(&bench.pool, &Pool::attemptFailed);
    QElapsedTimer since;
    since.start();
    bench.wakeUp();
    QVERIFY(QTest::qWaitFor([&] { return bench.pool.status().nextAttempt >= 0ms; })); // a dial has failed
    if (since.elapsed() < 300) {
        QCOMPARE(bench.pool.status().failedTotal(), 0);
        QVERIFY(bench.pool.status().stateText().startsWith("Waking"_L1));
        QVERIFY(recorder.warnings().isEmpty());
    }
    QTRY_COMPARE(bench.pool.state(), PoolState::Degraded);
    QVERIFY(since.elapsed() >= 400);
    QVERIFY(!bench.pool.status().waking);
    QTRY_VERIFY(!failed.isEmpty());
    QTRY_VERIFY(!recorder.warnings().isEmpty());
}

void tst_SupplyRecovery::endsABackoff()
{
    Bench bench;
    bench.pool.setBackoff({10min, 10min, 1.0});
    bench.peer.stopListening();
    bench.pool.start();
    QTRY_VERIFY(bench.pool.status().nextAttempt > 0ms);
    QVERIFY(bench.peer.listenAgain());
    bench.wakeUp();
    QTRY_COMPARE(bench.pool.active(), 4);
}

// A certificate that was not acceptable may have been that of the network, which asks its guests to log in.
void tst_SupplyRecovery::endsAFatalError()
{
    Bench bench;
    bench.peer.setScript(PeerScript::echoing(true));
    TlsOptions tls = tlsMode(TlsMode::SelfSigned);
    tls.pins = {u"sha256:"_s + QString(64, u'0')};
    bench.pool.setTls(tls);
    bench.pool.start();
    QTRY_COMPARE(bench.pool.lastError().kind(), ErrorKind::Pin);
    const int before = bench.peer.accepted();
    bench.machine->move(u"198.51.100.7"_s, true);
    QTRY_VERIFY(bench.peer.accepted() > before);
    QTRY_COMPARE(bench.pool.status().networkChanges, 1);
    QTRY_COMPARE(bench.pool.lastError().kind(), ErrorKind::Pin); // quiet or not, that is news
}

void tst_SupplyRecovery::anotherAddress()
{
    Bench bench;
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 4);
    QCOMPARE(bench.machine->asked(), QHostAddress(QHostAddress::LocalHost));
    bench.machine->move(u"192.0.2.10"_s, true);
    QCOMPARE(bench.pool.status().networkChanges, 0);
    bench.machine->move(u"198.51.100.7"_s, true);
    QTRY_COMPARE(bench.pool.status().networkChanges, 1);
    QTRY_COMPARE(bench.pool.active(), 4);
    QCOMPARE(bench.pool.status().evictedBy(EvictionCause::Flushed), 4);
    QCOMPARE(bench.pool.status().sleeps, 0);
    QVERIFY(!bench.pool.status().waking);
    QCOMPARE(bench.peer.accepted(), 8);
}

void tst_SupplyRecovery::noNetwork()
{
    Bench bench;
    bench.pool.setBackoff({10min, 10min, 1.0});
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 4);
    bench.machine->move({}, false);
    QTRY_VERIFY(bench.pool.status().offline);
    QCOMPARE(bench.pool.status().stateText(), u"Ready: 4 warm, no network"_s);
    bench.peer.closeAll();
    QTRY_COMPARE(bench.pool.state(), PoolState::Degraded);
    QCOMPARE(bench.pool.status().stateText(), u"Degraded: no network"_s);
    const auto late = await(bench.pool.take(50ms));
    QVERIFY(late.error().message().contains(u"no network"_s));
    const auto take = bench.pool.take();
    QTRY_COMPARE(bench.pool.waiting(), 1);
    QCOMPARE(bench.peer.accepted(), 4);
    QCOMPARE(bench.pool.status().failedTotal(), 0);
    bench.machine->move(u"192.0.2.10"_s, true);
    VERIFY_TAKEN(await(take));
    QTRY_COMPARE(bench.pool.active(), 4);
    QVERIFY(!bench.pool.status().offline);
    QCOMPARE(bench.pool.status().networkChanges, 0); // it is the same network
}

void tst_SupplyRecovery::noNetworkAtTheStart()
{
    Bench bench;
    bench.machine->move({}, false);
    bench.pool.start();
    QTRY_VERIFY(bench.pool.status().offline);
    QCOMPARE(bench.underWay(), 0);
    bench.pool.setRecovery({true, false, 5s}); // who knows better
    QTRY_COMPARE(bench.pool.active(), 4);
    QVERIFY(!bench.pool.status().offline);
}

// Not every system tells.
void tst_SupplyRecovery::theNetworkIsBackWithoutAWord()
{
    Bench bench;
    bench.machine->move({}, false);
    bench.pool.start();
    QTRY_VERIFY(bench.pool.status().offline);
    bench.machine->moveInSilence(QHostAddress(u"192.0.2.10"_s), true);
    QTRY_COMPARE_WITH_TIMEOUT(bench.pool.active(), 4, 10'000);
    QVERIFY(!bench.pool.status().offline);
}

// What was asked for while a dial hung in the dead network is not left to it.
void tst_SupplyRecovery::takesOfAnOutageAreServedAtItsEnd()
{
    Bench bench;
    bench.peer.setScript(PeerScript::silent());
    bench.pool.start();
    QTRY_VERIFY(bench.underWay() > 0);
    bench.machine->move({}, true); // the system believes in its network, but there is no way
    QTRY_VERIFY(!bench.machine->asked().isNull()); // that is known now
    bench.peer.setScript({});
    bench.machine->move(u"192.0.2.10"_s, true);
    QTRY_COMPARE_WITH_TIMEOUT(bench.pool.active(), 4, 2'500); // less than the time of a dial
}

void tst_SupplyRecovery::whatCannotBeFoundOutIsNoOutage()
{
    Bench bench;
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 4);
    bench.machine->moveInSilence(std::nullopt, false);
    emit bench.machine->changed();
    VERIFY_TAKEN(await(bench.pool.take()));
    QTRY_COMPARE(bench.pool.active(), 4);
    QVERIFY(!bench.pool.status().offline);
    QCOMPARE(bench.pool.status().networkChanges, 0);
    QCOMPARE(bench.pool.status().evictedTotal(), 0);
}

void tst_SupplyRecovery::aDialerIsNobodysNetwork()
{
    Bench bench;
    bench.machine->move({}, false);
    bench.pool.setDialer([port = bench.peer.port()](QSslSocket &socket) {
        socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    });
    bench.pool.start();
    QTRY_VERIFY(bench.peer.accepted() > 0);
}

void tst_SupplyRecovery::switchedOff()
{
    Bench bench;
    bench.pool.setRecovery({false, false, 0s});
    bench.pool.setMinimumInterval(20ms);
    bench.pool.setMaximumInterval(20ms);
    bench.pool.start();
    QTRY_COMPARE(bench.pool.active(), 4);
    QVERIFY(!bench.machine->isFollowed());
    const quint64 generation = bench.pool.status().generation;
    bench.wakeUp();
    bench.machine->move(u"198.51.100.7"_s, false);
    VERIFY_TAKEN(await(bench.pool.take()));
    QTRY_COMPARE(bench.peer.accepted(), 5); // a look was taken since
    QCOMPARE(bench.pool.status().generation, generation);
}

void tst_SupplyRecovery::theRealMachine()
{
    const auto machine = Machine::current();
    QCOMPARE(machine->sourceTo(QHostAddress::LocalHost).value(), QHostAddress(QHostAddress::LocalHost));
    QVERIFY(machine->isOnline());
    const auto following = machine->follow(true);
    MachineWatch watch;
    const ClockReading before = machine->clocks();
    QCOMPARE(watch.look({before}).slept, 0ms);
    QTRY_VERIFY(machine->clocks().running > before.running + 20ms);
    const ClockReading after = machine->clocks();
    QVERIFY(after.passing >= before.passing + 20ms);
    QCOMPARE(watch.look({after}).slept, 0ms);
}

QTEST_GUILESS_MAIN(tst_SupplyRecovery)
#include "tst_supply_recovery.moc"
