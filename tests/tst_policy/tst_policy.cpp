// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "policy/backoffdelay.h"
#include "policy/classicsizing.h"
#include "policy/expiry.h"

#include <tidepool/bounds.h>
#include <tidepool/poolerror.h>
#include <tidepool/poolstatus.h>

#include <QtCore/QDebug>
#include <QtTest/QTest>

#include <memory>

using namespace Tidepool;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// The arithmetic, against values worked out by hand.
class tst_Policy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void intervalOfClassicRule_data();
    void intervalOfClassicRule();
    void capacityOfClassicRule_data();
    void capacityOfClassicRule();
    void aRoundDialsWhatIsMissing();
    void boundsAreCorrectedAsTheGoPackageDoes_data();
    void boundsAreCorrectedAsTheGoPackageDoes();
    void backoffIsBoundedAndGrows_data();
    void backoffIsBoundedAndGrows();
    void lifetimeIsShortenedByJitterAndReplacedBefore();
    void shorterOfLifetimeAndIdleTimeDecides();
    void noLifetimeMeansForEver();
    void percentilesComeFromBuckets();
    void knowsWhatCameSince();
    void bucketsRise();
    void anErrorIsAValue();
    void messagesShowValues();
    void stateInWords_data();
    void stateInWords();
};

// "Decreases interval when pool is under-utilized (< 20% idle connections), increases interval when pool is
// over-utilized
// (> 80% idle connections)", by 100 ms, between 500 ms and 5 s.
void tst_Policy::intervalOfClassicRule_data()
{
    QTest::addColumn<int>("interval");
    QTest::addColumn<int>("idle");
    QTest::addColumn<int>("capacity");
    QTest::addColumn<int>("expected");
    QTest::newRow("empty pool dials sooner") << 1000 << 0 << 20 << 900;
    QTest::newRow("15 % idle dials sooner") << 1000 << 3 << 20 << 900;
    QTest::newRow("exactly 20 % stays") << 1000 << 4 << 20 << 1000;
    QTest::newRow("half stays") << 1000 << 10 << 20 << 1000;
    QTest::newRow("exactly 80 % stays") << 1000 << 16 << 20 << 1000;
    QTest::newRow("85 % idle dials later") << 1000 << 17 << 20 << 1100;
    QTest::newRow("full pool dials later") << 1000 << 20 << 20 << 1100;
    QTest::newRow("16.7 % is less than 20 %") << 1000 << 2 << 12 << 900;
    QTest::newRow("83.3 % is more than 80 %") << 1000 << 10 << 12 << 1100;
    QTest::newRow("not below the minimum") << 500 << 0 << 20 << 500;
    QTest::newRow("the last step down is shorter") << 550 << 0 << 20 << 500;
    QTest::newRow("not above the maximum") << 5000 << 20 << 20 << 5000;
    QTest::newRow("the last step up is shorter") << 4950 << 20 << 20 << 5000;
    QTest::newRow("capacity 1, nothing idle") << 1000 << 0 << 1 << 900;
    QTest::newRow("capacity 1, one idle") << 1000 << 1 << 1 << 1100;
}

void tst_Policy::intervalOfClassicRule()
{
    QFETCH(int, interval);
    QFETCH(int, idle);
    QFETCH(int, capacity);
    QFETCH(int, expected);
    QCOMPARE(ClassicSizing::adjustedInterval(milliseconds(interval), idle, capacity, Bounds{5, 20, 500ms, 5s}).count(),
             expected);
}

// "Decreases capacity when success rate is low (< 20%), increases capacity when success rate is high (> 80%)", between
// 5 and 20.
void tst_Policy::capacityOfClassicRule_data()
{
    QTest::addColumn<int>("capacity");
    QTest::addColumn<int>("created");
    QTest::addColumn<int>("expected");
    QTest::newRow("nothing created shrinks") << 10 << 0 << 9;
    QTest::newRow("10 % shrinks") << 10 << 1 << 9;
    QTest::newRow("exactly 20 % stays") << 10 << 2 << 10;
    QTest::newRow("half stays") << 10 << 5 << 10;
    QTest::newRow("exactly 80 % stays") << 10 << 8 << 10;
    QTest::newRow("90 % grows") << 10 << 9 << 11;
    QTest::newRow("all grows") << 10 << 10 << 11;
    QTest::newRow("more than all grows by one") << 10 << 40 << 11;
    QTest::newRow("not below the minimum") << 5 << 0 << 5;
    QTest::newRow("not above the maximum") << 20 << 20 << 20;
}

void tst_Policy::capacityOfClassicRule()
{
    QFETCH(int, capacity);
    QFETCH(int, created);
    QFETCH(int, expected);
    QCOMPARE(ClassicSizing::adjustedCapacity(capacity, created, Bounds{5, 20, 500ms, 5s}), expected);
}

void tst_Policy::aRoundDialsWhatIsMissing()
{
    QCOMPARE(ClassicSizing::missing(20, 0, 0), 20);
    QCOMPARE(ClassicSizing::missing(20, 5, 3), 12);
    QCOMPARE(ClassicSizing::missing(20, 20, 0), 0);
    QCOMPARE(ClassicSizing::missing(20, 25, 0), 0);
}

void tst_Policy::boundsAreCorrectedAsTheGoPackageDoes_data()
{
    QTest::addColumn<int>("minimumCapacity");
    QTest::addColumn<int>("maximumCapacity");
    QTest::addColumn<int>("minimumInterval");
    QTest::addColumn<int>("maximumInterval");
    QTest::addColumn<Bounds>("expected");
    QTest::newRow("good ones stay") << 5 << 20 << 500 << 5000 << Bounds{5, 20, 500ms, 5s};
    QTest::newRow("capacity below 1 becomes 1") << 0 << -3 << 500 << 5000 << Bounds{1, 1, 500ms, 5s};
    QTest::newRow("swapped capacities are swapped back") << 20 << 5 << 500 << 5000 << Bounds{5, 20, 500ms, 5s};
    QTest::newRow("interval below 1 ms becomes 1 s") << 5 << 20 << 0 << -1 << Bounds{5, 20, 1s, 1s};
    QTest::newRow("swapped intervals are swapped back") << 5 << 20 << 5000 << 500 << Bounds{5, 20, 500ms, 5s};
    QTest::newRow("corrected first, swapped after") << 7 << 0 << 5000 << 0 << Bounds{1, 7, 1s, 5s};
}

void tst_Policy::boundsAreCorrectedAsTheGoPackageDoes()
{
    QFETCH(int, minimumCapacity);
    QFETCH(int, maximumCapacity);
    QFETCH(int, minimumInterval);
    QFETCH(int, maximumInterval);
    QFETCH(Bounds, expected);
    const Bounds bounds{minimumCapacity, maximumCapacity, milliseconds(minimumInterval), milliseconds(maximumInterval)};
    QCOMPARE(bounds.corrected(), expected);
}

void tst_Policy::backoffIsBoundedAndGrows_data()
{
    QTest::addColumn<int>("failures");
    QTest::addColumn<double>("random");
    QTest::addColumn<int>("expected");
    QTest::newRow("full jitter starts at nothing") << 1 << 0.0 << 0;
    QTest::newRow("first failure, half of 200 ms") << 1 << 0.5 << 100;
    QTest::newRow("second failure, half of 400 ms") << 2 << 0.5 << 200;
    QTest::newRow("fifth failure, half of 3.2 s") << 5 << 0.5 << 1600;
    QTest::newRow("the cap of 10 s") << 9 << 0.5 << 5000;
    QTest::newRow("after a thousand failures too") << 1000 << 0.5 << 5000;
}

void tst_Policy::backoffIsBoundedAndGrows()
{
    QFETCH(int, failures);
    QFETCH(double, random);
    QFETCH(int, expected);
    QCOMPARE(backoffDelay(Backoff(), failures, random).count(), expected);
}

void tst_Policy::lifetimeIsShortenedByJitterAndReplacedBefore()
{
    Lifetimes lifetimes;
    lifetimes.maximumLifetime = 100s;
    lifetimes.jitter = 0.025;
    const Expiry::Clock::time_point born;
    const Expiry full = expiryOf(lifetimes, born, born, 0.0);
    QVERIFY(full.end == born + 100s);
    QVERIFY(full.retire == born + 98s);
    const Expiry shortened = expiryOf(lifetimes, born, born, 1.0);
    QVERIFY(shortened.end == born + 97'500ms);
}

void tst_Policy::shorterOfLifetimeAndIdleTimeDecides()
{
    Lifetimes lifetimes;
    lifetimes.maximumLifetime = 100s;
    lifetimes.maximumIdle = 10s;
    const Expiry::Clock::time_point born;
    QVERIFY(expiryOf(lifetimes, born, born, 0.0).end == born + 10s);
    QVERIFY(expiryOf(lifetimes, born, born + 95s, 0.0).end == born + 100s);
}

void tst_Policy::noLifetimeMeansForEver()
{
    const Expiry::Clock::time_point born;
    QVERIFY(expiryOf(Lifetimes(), born, born, 0.5).end == Expiry::Clock::time_point::max());
}

void tst_Policy::percentilesComeFromBuckets()
{
    Distribution values;
    QCOMPARE(values.percentile(0.5).count(), 0);
    for (int i = 1; i <= 1000; ++i)
        values.add(std::chrono::microseconds(i * 100));
    QCOMPARE(values.count, 1000);
    QCOMPARE(values.maximumMs(), 100.0);
    // The promise: to within 19 %, and never below.
    QVERIFY(values.p50() >= 50.0 && values.p50() <= 50.0 * 1.19);
    QVERIFY(values.p90() >= 90.0 && values.p90() <= 100.0);
    QVERIFY(values.p99() >= 99.0 && values.p99() <= 100.0);
}

void tst_Policy::knowsWhatCameSince()
{
    Distribution values;
    values.add(500ms);
    const Distribution before = values;
    QCOMPARE(values.since(before).count, 0);
    QCOMPARE(values.since(before).p99(), 0.0);
    values.add(3ms);
    values.add(3ms);
    const Distribution recent = values.since(before);
    QCOMPARE(recent.count, 2);
    QCOMPARE(recent.sum, std::chrono::nanoseconds(6ms));
    QVERIFY(recent.p99() >= 3.0 && recent.p99() <= 3.0 * 1.19);
    // Not even if it is asked the wrong way round does it invent billions.
    QCOMPARE(before.since(values).count, 0);
    QCOMPARE(before.since(values).sum.count(), 0);
    QCOMPARE(before.since(values).p99(), 0.0);
}

void tst_Policy::bucketsRise()
{
    for (int i = 1; i < Distribution::bucketCount; ++i)
        QVERIFY(Distribution::bucketBound(i - 1) < Distribution::bucketBound(i));
    // A value on a bound belongs to that bucket; the next nanosecond does not.
    for (int i = 0; i < Distribution::bucketCount - 1; ++i) {
        Distribution values;
        values.add(Distribution::bucketBound(i));
        values.add(Distribution::bucketBound(i) + std::chrono::nanoseconds(1));
        QCOMPARE(values.buckets[static_cast<size_t>(i)], 1U);
        QCOMPARE(values.buckets[static_cast<size_t>(i) + 1], 1U);
    }
}

void tst_Policy::anErrorIsAValue()
{
    const PoolError none;
    QVERIFY(!none);
    QCOMPARE(none.kind(), ErrorKind::None);
    QVERIFY(none.message().isEmpty() && none.peer().isEmpty() && !none.status());
    QVERIFY(!PoolError(Phase::Dial, ErrorKind::None, QString()));

    const PoolError original(Phase::Accept, ErrorKind::Pin, QStringLiteral("no pin matches"));
    PoolError copy = original;
    copy.setPeer(QStringLiteral("192.0.2.1:5"));
    copy.setStatus(PoolStatus());
    QVERIFY(copy && copy.isFatal());
    QCOMPARE(copy.phase(), Phase::Accept);
    QCOMPARE(copy.message(), original.message());
    QCOMPARE(copy.peer(), QStringLiteral("192.0.2.1:5"));
    QVERIFY(copy.status());
    QVERIFY2(original.peer().isEmpty() && !original.status(), "what is said of a copy is not said of the original");
}

// What QCOMPARE() writes when it fails, and qDebug() always.
void tst_Policy::messagesShowValues()
{
    const auto shown = [](const auto &value) {
        const std::unique_ptr<char[]> text(QTest::toString(value));
        return QByteArray(text.get());
    };
    QCOMPARE(shown(ConnectionId(0xc0ffee)), "ConnectionId(00c0ffee)");
    QCOMPARE(shown(ConnectionId()), "ConnectionId(null)");
    QCOMPARE(shown(PoolState::Ready), "Ready");
    QCOMPARE(shown(EvictionCause::Expired), "Expired");
    QCOMPARE(shown(Phase::Accept), "Accept");
    QCOMPARE(shown(ErrorKind::Tls), "Tls");
    QCOMPARE(shown(TlsMode::SelfSigned), "SelfSigned");
    QCOMPARE(shown(IdFormat::Raw4), "Raw4");
    QCOMPARE(shown(PoolError()), "PoolError(none)");
    PoolError error(Phase::Handshake, ErrorKind::Timeout, QStringLiteral("It took too long."));
    QCOMPARE(shown(error), "PoolError(Handshake, Timeout, \"It took too long.\")");
    const PoolError same(Phase::Handshake, ErrorKind::Timeout, QStringLiteral("It took too long."));
    QCOMPARE(error, same);
    error.setPeer(QStringLiteral("192.0.2.7:443"));
    QVERIFY(error != same);
    QCOMPARE(shown(error), "PoolError(Handshake, Timeout, \"It took too long.\", 192.0.2.7:443)");
    // Behind it, the stream is as it was.
    QString text;
    QDebug(&text) << ConnectionId(7) << "and" << error.kind();
    QCOMPARE(text, QStringLiteral("ConnectionId(00000007) and Tidepool::ErrorKind::Timeout "));
}

void tst_Policy::stateInWords_data()
{
    QTest::addColumn<PoolStatus>("status");
    QTest::addColumn<QString>("text");
    PoolStatus status;
    const auto row = [&status](const char *name, PoolState state, const char *text) {
        status.state = state;
        QTest::newRow(name) << status << QString::fromLatin1(text);
    };
    row("stopped", PoolState::Stopped, "Stopped");
    row("a server without clients", PoolState::Warming, "Warming: no connection yet");
    status.connecting = 1;
    status.handshaking = 1;
    row("first dials", PoolState::Warming, "Warming: 2 connecting");
    status.lastErrorKind = ErrorKind::Timeout;
    row("dialling again", PoolState::Degraded, "Degraded: no answer in time, trying now");
    status.lastErrorKind = ErrorKind::HostNotFound;
    status.nextAttempt = 12'345ms;
    row("first dials failed", PoolState::Warming, "Warming: host not found, next try in 12 s");
    status.lastErrorKind = ErrorKind::Refused;
    status.nextAttempt = 3'210ms;
    row("outage", PoolState::Degraded, "Degraded: connection refused, next try in 3.2 s");
    status.waiting = 4;
    row("outage with waiters", PoolState::Degraded, "Degraded: connection refused, next try in 3.2 s, 4 waiting");
    row("all are taken", PoolState::Ready, "Ready: 0 warm, 4 waiting");
    status = {};
    status.waking = true;
    row("woken", PoolState::Warming, "Waking: no connection yet");
    status.connecting = 1;
    row("woken, and dialling", PoolState::Warming, "Waking: 1 connecting");
    status.offline = true;
    row("woken without a network", PoolState::Degraded, "Degraded: no network");
    status = {};
    status.lastErrorKind = ErrorKind::Pin;
    row("nothing helps", PoolState::Degraded, "Degraded: pin does not match");
    status.active = 24;
    row("ready, though a dial failed", PoolState::Ready, "Ready: 24 warm");
    status.offline = true;
    row("without a network", PoolState::Ready, "Ready: 24 warm, no network");
    status.offline = false;
    status.waking = true;
    row("woken and warm", PoolState::Ready, "Ready: 24 warm");
    status.waking = false;
    row("paused", PoolState::Paused, "Paused: 24 warm");
    status.leased = 3;
    row("draining", PoolState::Draining, "Draining: 3 still in use");
    row("closed", PoolState::Closed, "Closed");
}

void tst_Policy::stateInWords()
{
    QFETCH(const PoolStatus, status);
    QFETCH(const QString, text);
    QCOMPARE(status.stateText(), text);
}

QTEST_APPLESS_MAIN(tst_Policy)
#include "tst_policy.moc"
