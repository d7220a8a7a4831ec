// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// When the signs of an outage raise an alarm, in virtual time.

#include "policy/outagealarm.h"

#include <QtTest/QTest>

using namespace Tidepool;
using namespace std::chrono_literals;
using Time = OutageAlarm::Time;

class tst_PolicyAlarm : public QObject
{
    Q_OBJECT

private slots:
    void aSignRaisesAnAlarmAtOnce();
    void signsThatComeTogetherRaiseOneAlarm();
    void falseAlarmsComeLessAndLessOften();
    void anAlarmThatWasRightIsFollowedSoon();
    void aSignWithNobodyToSuspectCostsNoTime();
    void theNetworkWorksSinceTheFirstSuccess();
    void manyEndsTogetherAreASign_data();
    void manyEndsTogetherAreASign();
};

void tst_PolicyAlarm::aSignRaisesAnAlarmAtOnce()
{
    OutageAlarm alarm;
    const Time now(1h);
    QVERIFY(!alarm.hasSign());
    QVERIFY(alarm.due() == Time::max());
    alarm.noteSign();
    QVERIFY(alarm.hasSign());
    QVERIFY(alarm.due() <= now);
}

void tst_PolicyAlarm::signsThatComeTogetherRaiseOneAlarm()
{
    OutageAlarm alarm;
    const Time now(1h);
    alarm.noteSign();
    alarm.raise(now);
    QVERIFY(!alarm.hasSign());
    QVERIFY(alarm.due() == Time::max());
    alarm.noteSign(); // is kept
    QVERIFY(alarm.due() == now + 1s);
}

void tst_PolicyAlarm::falseAlarmsComeLessAndLessOften()
{
    OutageAlarm alarm;
    Time now(1h);
    for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        alarm.noteSign();
        alarm.raise(now);
        alarm.noteSign();
        QVERIFY(alarm.due() == now + pause);
        now = alarm.due();
    }
}

void tst_PolicyAlarm::anAlarmThatWasRightIsFollowedSoon()
{
    OutageAlarm alarm;
    Time now(1h);
    for (int i = 0; i < 4; ++i) {
        alarm.noteSign();
        alarm.raise(now);
        now += 1min;
    }
    alarm.noteSilence(); // of a suspect of the fourth
    alarm.noteSign();
    alarm.raise(now);
    alarm.noteSign();
    QVERIFY(alarm.due() == now + 1s);
}

void tst_PolicyAlarm::aSignWithNobodyToSuspectCostsNoTime()
{
    OutageAlarm alarm;
    const Time now(1h);
    alarm.noteSign();
    alarm.dismiss();
    QVERIFY(!alarm.hasSign());
    alarm.noteSign();
    QVERIFY(alarm.due() <= now);
}

void tst_PolicyAlarm::theNetworkWorksSinceTheFirstSuccess()
{
    OutageAlarm alarm;
    const Time now(1h);
    alarm.noteSuccess(now - 1min);
    alarm.noteSign();
    alarm.raise(now);
    QVERIFY(!alarm.worksSince()); // what came up before tells nothing
    alarm.noteSuccess(now + 3s);
    alarm.noteSuccess(now + 4s);
    QVERIFY(alarm.worksSince() == now + 3s);
}

void tst_PolicyAlarm::manyEndsTogetherAreASign_data()
{
    QTest::addColumn<int>("parked");
    QTest::addColumn<int>("ends");
    QTest::addColumn<std::chrono::milliseconds>("apart");
    QTest::addColumn<bool>("isSign");
    const auto row = [](const char *name, int parked, int ends, std::chrono::milliseconds apart, bool isSign) {
        QTest::newRow(name) << parked << ends << apart << isSign;
    };
    row("half of them at once", 8, 4, 0ms, true);
    row("fewer than half of them", 8, 3, 0ms, false);
    row("half of them within two seconds", 8, 4, 400ms, true);
    row("half of them one after the other", 8, 4, 2500ms, false);
    row("all of them, long apart", 8, 8, 1min, false);
    row("the only one", 1, 1, 0ms, false);
    row("the only two", 2, 2, 0ms, true);
}

void tst_PolicyAlarm::manyEndsTogetherAreASign()
{
    QFETCH(int, parked);
    QFETCH(const int, ends);
    QFETCH(const std::chrono::milliseconds, apart);
    QFETCH(const bool, isSign);
    OutageAlarm alarm;
    Time now(1h);
    bool wasSign = false;
    for (int i = 0; i < ends; ++i) {
        wasSign = alarm.noteEnd(--parked, now) || wasSign;
        now += apart;
    }
    QCOMPARE(wasSign, isSign);
}

QTEST_APPLESS_MAIN(tst_PolicyAlarm)
#include "tst_policy_alarm.moc"
