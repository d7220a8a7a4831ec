// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Which failures are told. Time is made up.

#include "io/lograte.h"

#include <QtTest/QTest>

#include <array>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;

class tst_PolicyLogRate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void firstOfEachKindIsTold();
    void repetitionsAreToldTogether();
    void waitsLongerAndLonger();
    void quietKindIsNewsAgain();
    void kindsInTurnDoNotMakeEachOtherNews();
    void nothingIsLost();
    void fewLinesUnderAttack();
};

namespace {
PoolError tls()
{
    return {Phase::Handshake, ErrorKind::Tls, u"no TLS"_s};
}

PoolError left()
{
    return {Phase::Handshake, ErrorKind::PeerClosed, u"left"_s};
}

PoolError leftEarly()
{
    return {Phase::Accept, ErrorKind::PeerClosed, u"left early"_s};
}

const LogRate::Clock::time_point start{1h};

qint64 sum(const std::vector<LogRate::HeldBack> &lines)
{
    qint64 count = 0;
    for (const LogRate::HeldBack &line : lines)
        count += line.count;
    return count;
}
} // namespace

void tst_PolicyLogRate::firstOfEachKindIsTold()
{
    LogRate rate;
    QVERIFY(rate.nextDue() == LogRate::Clock::time_point::max());
    QVERIFY(rate.failure(tls(), start));
    QVERIFY(rate.failure(left(), start));
    QVERIFY(rate.failure(leftEarly(), start)); // the same kind in another phase
    QVERIFY(!rate.failure(tls(), start));
    QVERIFY(rate.nextDue() == start + 1s);
}

void tst_PolicyLogRate::repetitionsAreToldTogether()
{
    LogRate rate;
    QVERIFY(rate.failure(tls(), start));
    for (int i = 1; i <= 500; ++i)
        QVERIFY(!rate.failure({Phase::Handshake, ErrorKind::Tls, QString::number(i)}, start + i * 1ms));
    QVERIFY(rate.due(start + 999ms).empty());
    const auto told = rate.due(start + 1s);
    QCOMPARE(told.size(), size_t(1));
    QCOMPARE(told.front().message, u"500"_s);
    QCOMPARE(told.front().count, 500);
    QVERIFY(rate.due(start + 1s).empty());
}

void tst_PolicyLogRate::waitsLongerAndLonger()
{
    LogRate rate;
    QVERIFY(rate.failure(tls(), start));
    auto now = start;
    for (const auto interval : {1s, 2s, 4s, 8s, 16s, 32s, 32s, 32s}) {
        QVERIFY(!rate.failure(tls(), now));
        QVERIFY(rate.nextDue() == now + interval);
        now += interval;
        QCOMPARE(sum(rate.due(now)), 1);
    }
}

void tst_PolicyLogRate::quietKindIsNewsAgain()
{
    LogRate rate;
    QVERIFY(rate.failure(tls(), start));
    QVERIFY(!rate.failure(tls(), start + 500ms));
    QCOMPARE(sum(rate.due(start + 1s)), 1);
    QVERIFY(!rate.failure(tls(), start + 2s)); // not yet
    QCOMPARE(sum(rate.due(start + 3s)), 1);
    QVERIFY(rate.due(start + 7s).empty());
    QVERIFY(rate.nextDue() == LogRate::Clock::time_point::max());
    QVERIFY(rate.failure(tls(), start + 7s));
    QVERIFY(rate.failure(tls(), start + 8s)); // whether or not somebody has asked meanwhile
}

void tst_PolicyLogRate::kindsInTurnDoNotMakeEachOtherNews()
{
    LogRate rate;
    int told = 0;
    for (int i = 0; i < 1'000; ++i)
        told += rate.failure(i % 2 == 0 ? tls() : left(), start + i * 1us) ? 1 : 0;
    QCOMPARE(told, 2);
    QCOMPARE(rate.due(start + 2s).size(), size_t(2));
}

void tst_PolicyLogRate::nothingIsLost()
{
    LogRate rate;
    for (int i = 0; i < 10; ++i)
        (void)rate.failure(tls(), start);
    for (int i = 0; i < 5; ++i)
        (void)rate.failure(left(), start);
    QCOMPARE(sum(rate.takeAll()), 9 + 4);
    QVERIFY(rate.takeAll().empty());
    QVERIFY(rate.failure(tls(), start)); // all is forgotten
}

// Ten minutes of 1,000 failures a second, of three kinds.
void tst_PolicyLogRate::fewLinesUnderAttack()
{
    LogRate rate;
    qint64 lines = 0;
    qint64 told = 0;
    const std::array failures{tls(), left(), leftEarly()};
    for (int i = 0; i < 600'000; ++i) {
        const auto now = start + i * 1ms;
        const bool isTold = rate.failure(failures[static_cast<size_t>(i) % failures.size()], now);
        lines += isTold ? 1 : 0;
        told += isTold ? 1 : 0;
        if (rate.nextDue() <= now) {
            const auto due = rate.due(now);
            lines += static_cast<qint64>(due.size());
            told += sum(due);
        }
    }
    told += sum(rate.takeAll());
    QCOMPARE(told, 600'000);
    QVERIFY2(lines < 100, qPrintable(QString::number(lines)));
}

QTEST_APPLESS_MAIN(tst_PolicyLogRate)
#include "tst_policy_lograte.moc"
