// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A machine that sleeps, and a network that comes and goes, in virtual time.

#include "policy/machinewatch.h"

#include <QtTest/QTest>

#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// One look, some time after the one before.
struct Look
{
    milliseconds awake{0}; ///< What passes on both clocks first.
    milliseconds asleep{0}; ///< What passes on one of them.
    bool isOnline = true;
    QString source = u"192.0.2.10"_s;
};

/// A machine whose clocks the test sets.
struct VirtualMachine
{
    MachineChange look(const Look &next)
    {
        running += next.awake;
        passing += next.awake + next.asleep;
        MachineReading reading{{running, passing}, next.isOnline};
        if (watch.wantsSource(running, next.isOnline)) {
            reading.source = next.source;
            ++lookUps;
        }
        return watch.look(reading);
    }

    MachineWatch watch;
    MachineWatch::Time running{1h};
    std::chrono::nanoseconds passing{5h};
    int lookUps = 0;
};

QString inWords(const MachineChange &change)
{
    QStringList words;
    if (change.slept.count() > 0)
        words << u"slept %1 ms"_s.arg(change.slept.count());
    if (change.hasNewSource)
        words << u"another source"_s;
    if (change.isLost)
        words << u"lost"_s;
    if (change.isRegained)
        words << u"regained"_s;
    return words.join(u", "_s);
}

} // namespace

class tst_PolicyMachine : public QObject
{
    Q_OBJECT

private slots:
    void changes_data();
    void changes();
    void switchedOff_data();
    void switchedOff();
    void quietAfterAChange();
    void aWallClockIsCorrected();
    void theWayIsLookedAtNowAndThen();
    void correctedSettings();
};

void tst_PolicyMachine::changes_data()
{
    QTest::addColumn<std::vector<Look>>("looks");
    QTest::addColumn<QStringList>("changes");
    const QString home = u"192.0.2.10"_s;
    const QString away = u"198.51.100.7"_s;
    const QString nowhere;
    const auto row = [](const char *name, const std::vector<Look> &looks, const QStringList &changes) {
        QTest::newRow(name) << looks << changes;
    };
    row("nothing happens", {{}, {5s}, {24h}}, {u""_s, u""_s, u""_s});
    row("a sleep", {{}, {5s, 1h}, {5s}}, {u""_s, u"slept 3600000 ms"_s, u""_s});
    row("the shortest sleep", {{}, {5s, 2s}}, {u""_s, u"slept 2000 ms"_s});
    row("too short for a sleep", {{}, {5s, 1'999ms}, {5s, 1'999ms}}, {u""_s, u""_s, u""_s});
    row("a clock set back", {{}, {5s, -1h}, {5s}}, {u""_s, u""_s, u""_s});
    row("another network", {{}, {15s, 0s, true, away}, {15s, 0s, true, away}, {15s, 0s, true, home}},
        {u""_s, u"another source"_s, u""_s, u"another source"_s});
    row("awake in another network", {{}, {5s, 1h}, {1s, 0s, true, away}, {15s, 0s, true, away}},
        {u""_s, u"slept 3600000 ms"_s, u""_s, u""_s});
    row("asleep, then another network", {{}, {5s, 1h}, {1s}, {15s, 0s, true, away}},
        {u""_s, u"slept 3600000 ms"_s, u""_s, u"another source"_s});
    row("a way that goes and comes", {{}, {15s, 0s, true, nowhere}, {15s, 0s, true, home}},
        {u""_s, u""_s, u"regained"_s});
    row("a way that goes, and another that comes", {{}, {15s, 0s, true, nowhere}, {15s, 0s, true, away}},
        {u""_s, u""_s, u"another source, regained"_s});
    row("no network for a while", {{}, {1s, 0s, false, nowhere}, {1s, 0s, false, nowhere}, {1s, 0s, true, home}},
        {u""_s, u"lost"_s, u""_s, u"regained"_s});
    row("no network from the start", {{0s, 0s, false, nowhere}, {1s, 0s, true, home}}, {u"lost"_s, u"regained"_s});
    row("no network, but a way to the server", {{0s, 0s, false, u"127.0.0.1"_s}, {1s, 0s, false, u"127.0.0.1"_s}},
        {u""_s, u""_s});
    row("a way comes before the network", {{}, {1s, 0s, false, nowhere}, {2s, 0s, false, home}, {1s, 0s, true, home}},
        {u""_s, u"lost"_s, u"regained"_s, u""_s});
}

void tst_PolicyMachine::changes()
{
    QFETCH(const std::vector<Look>, looks);
    QFETCH(const QStringList, changes);
    VirtualMachine machine;
    QStringList seen;
    for (const Look &look : looks)
        seen << inWords(machine.look(look));
    QCOMPARE(seen, changes);
}

void tst_PolicyMachine::switchedOff_data()
{
    QTest::addColumn<Recovery>("recovery");
    QTest::addColumn<QStringList>("changes");
    QTest::newRow("sleep") << Recovery{false, true, 5s} << QStringList{u""_s, u""_s, u"lost"_s, u"regained"_s};
    QTest::newRow("network") << Recovery{true, false, 5s} << QStringList{u""_s, u"slept 60000 ms"_s, u""_s, u""_s};
}

void tst_PolicyMachine::switchedOff()
{
    QFETCH(const Recovery, recovery);
    QFETCH(const QStringList, changes);
    VirtualMachine machine;
    machine.watch.setRecovery(recovery);
    QStringList seen;
    for (const Look &look : std::vector<Look>{{}, {1s, 60s}, {1s, 0s, false, {}}, {1s}})
        seen << inWords(machine.look(look));
    QCOMPARE(seen, changes);
    // It was lost when that is switched off.
    (void)machine.look({1s, 0s, false, {}});
    machine.watch.setRecovery({false, false, 5s});
    QVERIFY(!machine.watch.isOffline());
    QCOMPARE(inWords(machine.look({1s, 60s, false, {}})), QString());
    // What happened meanwhile is no news when it is switched on again.
    machine.watch.setRecovery({});
    QCOMPARE(inWords(machine.look({1s, 60s, true, u"198.51.100.7"_s})), QString());
}

void tst_PolicyMachine::quietAfterAChange()
{
    VirtualMachine machine;
    machine.watch.setRecovery({true, true, 5s});
    (void)machine.look({});
    QVERIFY(machine.watch.quietUntil() < machine.running);
    (void)machine.look({1s, 60s});
    QCOMPARE(machine.watch.quietUntil(), machine.running + 5s);
    (void)machine.look({1s});
    QCOMPARE(machine.watch.quietUntil(), machine.running + 4s);
    (void)machine.look({15s, 0s, true, u"198.51.100.7"_s});
    QCOMPARE(machine.watch.quietUntil(), machine.running + 5s);
}

// A second in every minute, for a day.
void tst_PolicyMachine::aWallClockIsCorrected()
{
    VirtualMachine machine;
    for (int i = 0; i < 24 * 60; ++i)
        QCOMPARE(inWords(machine.look({1min, 1s})), QString());
}

void tst_PolicyMachine::theWayIsLookedAtNowAndThen()
{
    VirtualMachine machine;
    for (int i = 0; i < 600; ++i)
        (void)machine.look({100ms});
    QCOMPARE(machine.lookUps, 4); // in a minute
    machine.watch.expectNews();
    (void)machine.look({100ms});
    (void)machine.look({100ms});
    QCOMPARE(machine.lookUps, 5);
}

void tst_PolicyMachine::correctedSettings()
{
    QCOMPARE((Recovery{true, false, -1s}.corrected()), (Recovery{true, false, 0s}));
    QCOMPARE((Recovery{false, true, 1h}.corrected()), (Recovery{false, true, 60s}));
    QCOMPARE(Recovery().corrected(), Recovery());
}

QTEST_APPLESS_MAIN(tst_PolicyMachine)
#include "tst_policy_machine.moc"
