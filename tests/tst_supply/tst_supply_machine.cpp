// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What Linux tells of its addresses and routes, in a network of its own.

#include "supply/machine.h"

#include <QtCore/QProcess>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <sched.h>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;

namespace {
bool runIp(const QStringList &arguments)
{
    return QProcess::execute(u"ip"_s, arguments) == 0;
}
} // namespace

class tst_SupplyMachine : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void addressesComeAndGo();
};

void tst_SupplyMachine::initTestCase()
{
    if (::unshare(CLONE_NEWNET) != 0)
        QSKIP("Only root may have a network of its own.");
    if (QProcess::execute(u"ip"_s, {u"-V"_s}) != 0)
        QSKIP("There is no ip (package iproute2).");
}

void tst_SupplyMachine::addressesComeAndGo()
{
    const auto machine = Machine::current();
    const QHostAddress server(u"192.0.2.99"_s);
    QSignalSpy changed(machine.get(), &Machine::changed);
    auto following = machine->follow(true);
    QVERIFY(machine->sourceTo(server).value().isNull());
    QVERIFY(!QTest::qWaitFor([&] { return !changed.isEmpty(); }, 300)); // nothing happens
    QVERIFY(runIp({u"addr"_s, u"add"_s, u"192.0.2.10/24"_s, u"dev"_s, u"lo"_s}));
    QVERIFY(runIp({u"link"_s, u"set"_s, u"lo"_s, u"up"_s}));
    QTRY_VERIFY(!changed.isEmpty());
    QTRY_COMPARE(machine->sourceTo(server).value(), QHostAddress(u"192.0.2.10"_s));
    QVERIFY(!QTest::qWaitFor([&] { return machine->sourceTo(server).value().isNull(); }, 300));
    changed.clear();
    QVERIFY(runIp({u"addr"_s, u"del"_s, u"192.0.2.10/24"_s, u"dev"_s, u"lo"_s}));
    QTRY_VERIFY(!changed.isEmpty());
    QTRY_VERIFY(machine->sourceTo(server).value().isNull());
    following.reset();
    changed.clear();
    QVERIFY(runIp({u"addr"_s, u"add"_s, u"192.0.2.10/24"_s, u"dev"_s, u"lo"_s}));
    QVERIFY(!QTest::qWaitFor([&] { return !changed.isEmpty(); }, 300));
}

QTEST_GUILESS_MAIN(tst_SupplyMachine)
#include "tst_supply_machine.moc"
