// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What QML's bindings see of a pool: its metrics, `running` and its state in words.

#include "qml/bindingwatch.h"
#include "support/poolhelpers.h"

#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <memory>
#include <vector>

using namespace Tidepool;
using namespace TestSupport;
using namespace Qt::StringLiterals;

class tst_QmlBindings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bindingsFollowSignals();
    void runningWaitsForCompletion();
    void runningSwitches();
    void runningAfterADrain();
    void stateText();
    void countdown();
    void madeInCpp();
    void summaryLetsGo();
};

void tst_QmlBindings::bindingsFollowSignals()
{
    TestPeer peer;
    QmlBench bench(R"(
        ClientPool {
            id: pool
            usesCallerThread: true // nothing moves between a signal and a look at the pool
            property bool boundReady: ready
            property int boundActive: active
            property int boundCapacity: capacity
            property int boundInterval: interval
            property int boundState: state
            property int boundWaiting: waiting
            property int boundErrorCount: errorCount
            property real boundTakenTotal: status.takenTotal
            property real boundWait: status.waitTime.maximum
            property int boundNext: status.nextAttemptMs
            property bool boundRunning: running
            property string boundText: stateText
        })");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    QVERIFY(pool);
    configure(*pool, peer, 4);
    makeImpatient(*pool);

    // What a binding says, and what the pool does, are the same at every signal.
    std::vector<std::unique_ptr<BindingWatch>> watches;
    for (const auto &[bound, source] : {std::pair("boundReady", "ready"),
                                        {"boundActive", "active"},
                                        {"boundCapacity", "capacity"},
                                        {"boundInterval", "interval"},
                                        {"boundState", "state"},
                                        {"boundWaiting", "waiting"},
                                        {"boundErrorCount", "errorCount"},
                                        {"boundTakenTotal", "status.takenTotal"},
                                        {"boundWait", "status.waitTime.maximum"},
                                        {"boundRunning", "running"},
                                        {"boundText", "stateText"}})
        watches.push_back(std::make_unique<BindingWatch>(bench, bound, source));
    QSignalSpy activeChanges(pool, &Pool::activeChanged);
    QSignalSpy waitingChanges(pool, &Pool::waitingChanged);

    pool->start();
    QTRY_COMPARE(bench.get("boundReady").toBool(), true);
    QTRY_COMPARE(bench.get("boundActive").toInt(), 4);
    QCOMPARE(activeChanges.constLast().at(0).toInt(), 4);
    QTRY_COMPARE(bench.get("boundState").toInt(), static_cast<int>(PoolState::Ready));
    QCOMPARE(bench.get("boundRunning").toBool(), true);
    QTRY_COMPARE(bench.get("boundCapacity").toInt(), pool->capacity());
    QTRY_COMPARE(bench.get("boundInterval").toInt(), pool->intervalMs());
    QTRY_COMPARE(bench.get("boundText").toString(), u"Ready: 4 warm"_s);

    pool->addError();
    QTRY_COMPARE(bench.get("boundErrorCount").toInt(), 1);

    pool->pause();
    QTRY_COMPARE(bench.get("boundState").toInt(), static_cast<int>(PoolState::Paused));
    QCOMPARE(bench.get("boundReady").toBool(), false);
    for (int i = 0; i < 4; ++i)
        VERIFY_TAKEN(pool->tryTake());
    const QFuture<TakeResult> waiter = pool->take();
    QTRY_COMPARE(bench.get("boundWaiting").toInt(), 1);
    QVERIFY(!waitingChanges.isEmpty());
    QTRY_COMPARE(bench.get("boundTakenTotal").toInt(), 4);
    QVERIFY(bench.get("boundWait").toDouble() > 0);
    peer.stopListening();
    pool->resume();
    QTRY_COMPARE(bench.get("boundState").toInt(), static_cast<int>(PoolState::Degraded));
    QTRY_VERIFY(bench.get("boundNext").toInt() >= 0);
    pool->close();
    QCOMPARE(bench.get("boundState").toInt(), static_cast<int>(PoolState::Closed));
    QCOMPARE(bench.get("boundRunning").toBool(), false);
    QCOMPARE(bench.get("boundWaiting").toInt(), 0);
    QCOMPARE(bench.get("boundActive").toInt(), 0);
    QVERIFY(waiter.isFinished());
    for (const auto &watch : watches)
        QVERIFY2(watch->compared() > 0, watch->bound());
}

void tst_QmlBindings::runningWaitsForCompletion()
{
    const TestPeer peer;
    QTest::failOnWarning(QRegularExpression(u"nowhere to connect to"_s));
    // `running` comes first; what it needs comes from bindings that are evaluated later.
    QmlBench bench(R"(
        ClientPool {
            running: true
            property QtObject settings: QtObject { property string host: ["127", 0, 0, 1].join(".") }
            required property int peerPort
            host: settings.host
            port: peerPort
            minimumCapacity: 2; maximumCapacity: 2
        })",
                   {{u"peerPort"_s, peer.port()}});
    QVERIFY(bench.object());
    QCOMPARE(bench.get("running").toBool(), true);
    QTRY_COMPARE(bench.get("active").toInt(), 2);
    QCOMPARE(bench.get("status").value<PoolStatus>().failedTotal(), 0);
    // No setting came after the start.
    QCOMPARE(bench.get("status").value<PoolStatus>().evictedTotal(), 0);
    QCOMPARE(bench.get("status").value<PoolStatus>().dropped, 0);
}

void tst_QmlBindings::runningSwitches()
{
    const TestPeer peer;
    QmlBench bench("ClientPool { host: '127.0.0.1' }");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    QSignalSpy changes(pool, SIGNAL(runningChanged()));
    QCOMPARE(bench.get("running").toBool(), false);
    bench.evaluate(u"running = true"_s);
    QCOMPARE(bench.get("running").toBool(), true);
    QTRY_VERIFY(pool->active() > 0);
    QCOMPARE(changes.count(), 1);
    bench.evaluate(u"running = false"_s);
    QCOMPARE(pool->state(), PoolState::Closed);
    QCOMPARE(bench.get("running").toBool(), false);
    QCOMPARE(changes.count(), 2);
    pool->start(); // by whomever
    QTRY_COMPARE(changes.count(), 3);
    QCOMPARE(bench.get("running").toBool(), true);
}

void tst_QmlBindings::runningAfterADrain()
{
    const TestPeer peer;
    QmlBench bench("ClientPool { host: '127.0.0.1'; running: false }");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    bench.evaluate(u"running = true"_s);
    QTRY_VERIFY(pool->active() > 0);
    TakeResult held = pool->tryTake();
    QSignalSpy changes(pool, SIGNAL(runningChanged()));
    QSignalSpy closed(pool, &Pool::closed);
    bench.evaluate(u"drain()"_s);
    bench.evaluate(u"running = true"_s);
    QCOMPARE(pool->state(), PoolState::Draining);
    held = {};
    QTRY_COMPARE(closed.count(), 1);
    QTRY_VERIFY(pool->active() > 0);
    QCOMPARE(bench.get("running").toBool(), true);
    QCOMPARE(changes.count(), 0); // it was wanted, and is

    // Who changes his mind has the last word.
    held = pool->tryTake();
    bench.evaluate(u"drain(); running = true; running = false"_s);
    QCOMPARE(pool->state(), PoolState::Closed);
    QCOMPARE(bench.get("running").toBool(), false);
    QCOMPARE(changes.count(), 1);
}

void tst_QmlBindings::stateText()
{
    TestPeer peer;
    QmlBench bench("ClientPool { host: '127.0.0.1'; minimumCapacity: 2; maximumCapacity: 2 }");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    QCOMPARE(bench.get("stateText").toString(), u"Stopped"_s);
    pool->start();
    QTRY_COMPARE(bench.get("stateText").toString(), u"Ready: 2 warm"_s);
    QCOMPARE(bench.get("lastErrorText").toString(), QString());
    pool->pause();
    QTRY_COMPARE(bench.get("stateText").toString(), u"Paused: 2 warm"_s);
    TakeResult held = pool->tryTake();
    pool->drain();
    QTRY_COMPARE(bench.get("stateText").toString(), u"Draining: 1 still in use"_s);
    held = {};
    QTRY_COMPARE(bench.get("stateText").toString(), u"Closed"_s);
}

void tst_QmlBindings::countdown()
{
    TestPeer peer;
    peer.stopListening();
    QmlBench bench(R"(ClientPool { host: "127.0.0.1"; backoff.baseMs: 600000; backoff.capMs: 600000
                                   property string text: stateText })");
    auto *pool = qobject_cast<ClientPool *>(bench.object());
    pool->setPort(peer.port());
    pool->start();
    const auto text = [&] { return bench.get("text").toString(); };
    QTRY_VERIFY2(text().startsWith(u"Degraded: connection refused, next try in "_s), qPrintable(text()));
    QCOMPARE(bench.evaluate(u"status.lastErrorKind === Tidepool.ErrorKind.Refused"_s).toBool(), true);
    QCOMPARE(bench.evaluate(u"status.diagnosis === Tidepool.Diagnosis.Refused"_s).toBool(), true);
    QVERIFY(bench.evaluate(u"status.diagnosisText"_s).toString().contains(u"refuses connections"_s));
    QTRY_VERIFY(bench.get("lastErrorText").toString().contains(u"refused"_s));
    const QString before = text();
    QTRY_VERIFY(text() != before);
    QVERIFY(text().contains(u", next try in "_s));
}

void tst_QmlBindings::madeInCpp()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    QmlBench bench(R"(
        PoolSummary {
            required property Pool made
            pool: made
            property string bound: stateText + "|" + pool.active + "|" + (pool.state === Tidepool.PoolState.Ready)
        })",
                   {{u"made"_s, QVariant::fromValue<Pool *>(&pool)}});
    QVERIFY2(bench.object(), qPrintable(bench.errors()));
    QCOMPARE(bench.get("bound").toString(), u"Stopped|0|false"_s);
    bench.evaluate(u"pool.start()"_s);
    QTRY_COMPARE(bench.get("bound").toString(), u"Ready: 3 warm|3|true"_s);
}

void tst_QmlBindings::summaryLetsGo()
{
    struct Watched : ClientPool
    {
        [[nodiscard]] bool isFollowed() const
        {
            return isSignalConnected(QMetaMethod::fromSignal(&Pool::statusChanged));
        }
    };
    Watched first;
    Watched second;
    QmlBench bench("PoolSummary {}");
    const auto show = [&](Pool *pool) { bench.object()->setProperty("pool", QVariant::fromValue(pool)); };
    show(&first);
    QVERIFY(first.isFollowed());
    show(&second);
    QVERIFY(!first.isFollowed());
    QVERIFY(second.isFollowed());
    show(nullptr);
    QVERIFY(!second.isFollowed());
}

QTEST_MAIN(tst_QmlBindings)
#include "tst_qml_bindings.moc"
