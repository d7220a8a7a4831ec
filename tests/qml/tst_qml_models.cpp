// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// ConnectionModel, EventModel and PoolHistory of a pool that was made in C++.

#include "qml/modelbench.h"
#include "qml/modelwatch.h"
#include "support/poolhelpers.h"

#include <QtCore/QElapsedTimer>
#include <QtNetwork/QTcpSocket>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <deque>

using namespace Tidepool;
using namespace TestSupport;
using namespace Qt::StringLiterals;

namespace {

constexpr int interval = 250; // of the models, milliseconds

} // namespace

class tst_QmlModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void storm();
    void idlePoolCostsNothing();
    void hiddenCostsNothing();
    void hiddenItem();
    void repeatedFailuresFold();
    void failuresOfClientsFold();
    void failuresOfTheApplication();
    void evictions();
    void eventLimit();
    void history();
    void poolGoes();
};

void tst_QmlModels::storm()
{
    TestPeer peer;
    ClientPool pool;
    makeImpatient(pool);
    configure(pool, peer, 40);
    const QmlBench bench = makeBench(pool);
    auto *connections = bench.find<QAbstractItemModel>(u"connections"_s);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    QVERIFY(connections && events);
    ModelWatch connectionWatch(connections);
    ModelWatch eventWatch(events);
    pool.start();
    QTRY_COMPARE(connections->rowCount(), 40);
    connectionWatch.forget();
    eventWatch.forget();

    // Takes, returns, flushes, deaths and state changes, at every turn of the loop.
    QSignalSpy statusChanges(&pool, &Pool::statusChanged);
    QElapsedTimer elapsed;
    elapsed.start();
    std::deque<Connection> held;
    for (int turn = 0; elapsed.elapsed() < 2'000; ++turn) {
        if (const TakeResult result = pool.tryTake())
            held.push_back(result.connection());
        if (held.size() > 15) {
            pool.giveBack(held.front());
            held.pop_front();
            held.pop_back();
        }
        if (const QList<ConnectionId> open = peer.openIds(); turn % 7 == 0 && !open.isEmpty())
            peer.close(open.constFirst());
        if (turn % 100 == 0)
            pool.flush();
        if (turn % 50 == 0)
            turn % 20 == 0 ? pool.pause() : pool.resume();
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
    }
    const int allowed = static_cast<int>(elapsed.elapsed()) / interval + 2;
    qInfo("%d status changes became %d and %d updates", static_cast<int>(statusChanges.count()),
          connectionWatch.updates, eventWatch.updates);
    QVERIFY(statusChanges.count() > 3 * allowed);
    QVERIFY(connectionWatch.updates > 1 && connectionWatch.updates <= allowed);
    QVERIFY(eventWatch.updates > 1 && eventWatch.updates <= allowed);

    pool.resume();
    QTRY_COMPARE(pool.active(), 40);
    QTRY_COMPARE(column(*connections, "connectionId"), connectionIds(pool));
    QCOMPARE(connectionWatch.resets, 0);
    QCOMPARE(eventWatch.resets, 0);
    QVERIFY(events->rowCount() > 0 && events->rowCount() <= 200);
    for (int row = 1; row < events->rowCount(); ++row)
        QVERIFY(cell(*events, row - 1, "time").toDateTime() >= cell(*events, row, "time").toDateTime());
}

void tst_QmlModels::idlePoolCostsNothing()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    const QmlBench bench = makeBench(pool);
    auto *model = bench.find<QAbstractItemModel>(u"connections"_s);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    pool.start();
    QTRY_COMPARE(model->rowCount(), 4);
    QTRY_VERIFY(cell(*events, 0, "text").toString().startsWith(u"Ready: "_s));
    ModelWatch connectionWatch(model);
    ModelWatch eventWatch(events);
    QSignalSpy anything(model, &QAbstractItemModel::dataChanged);
    QVERIFY(!anything.wait(3 * interval));
    QCOMPARE(connectionWatch.updates, 0);
    QCOMPARE(eventWatch.updates, 0);
}

void tst_QmlModels::hiddenCostsNothing()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    const QmlBench bench = makeBench(pool, false);
    auto *model = bench.find<QAbstractItemModel>(u"connections"_s);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    auto *history = bench.find<QObject>(u"history"_s);
    ModelWatch connectionWatch(model);
    ModelWatch eventWatch(events);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    pool.flush();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::Flushed), 4);
    QTRY_COMPARE(pool.active(), 4);
    QSignalSpy inserted(model, &QAbstractItemModel::rowsInserted);
    QVERIFY(!inserted.wait(2 * interval));
    QCOMPARE(connectionWatch.updates, 0);
    QCOMPARE(eventWatch.updates, 0);
    QCOMPARE(history->property("sampling").toBool(), false);
    QCOMPARE(history->property("count").toInt(), 0);

    bench.object()->setProperty("visible", true);
    QTRY_COMPARE(model->rowCount(), 4);
    QTRY_COMPARE(cell(*events, 0, "count").toInt(), 4);
    QCOMPARE(cell(*events, 0, "kind").toString(), u"evicted"_s);
    QTRY_COMPARE(history->property("sampling").toBool(), true);
    QTRY_VERIFY(history->property("count").toInt() > 2);

    bench.object()->setProperty("visible", false);
    QTRY_COMPARE(history->property("sampling").toBool(), false);
    connectionWatch.forget();
    eventWatch.forget();
    pool.flush();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::Flushed), 8);
    QVERIFY(!inserted.wait(2 * interval));
    QCOMPARE(connectionWatch.updates, 0);
    QCOMPARE(eventWatch.updates, 0);
}

void tst_QmlModels::hiddenItem()
{
    ClientPool pool;
    const QmlBench bench = makeBench(pool);
    auto *history = bench.find<QObject>(u"history"_s);
    QTRY_COMPARE(history->property("sampling").toBool(), true);
    bench.find<QObject>(u"page"_s)->setProperty("visible", false);
    QCOMPARE(history->property("sampling").toBool(), false);
    bench.find<QObject>(u"page"_s)->setProperty("visible", true);
    QCOMPARE(history->property("sampling").toBool(), true);
}

void tst_QmlModels::repeatedFailuresFold()
{
    TestPeer peer;
    ClientPool pool;
    makeImpatient(pool);
    configure(pool, peer, 2);
    peer.stopListening();
    const QmlBench bench = makeBench(pool);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    const ModelWatch watch(events);
    pool.start();
    QTRY_VERIFY(pool.status().failedTotal() > 5);
    QTRY_VERIFY(cell(*events, 0, "count").toInt() > 5);
    QCOMPARE(cell(*events, 0, "kind").toString(), u"failed"_s);
    QCOMPARE(cell(*events, 0, "text").toString(), pool.lastError().message());
    QCOMPARE(cell(*events, 0, "detail").toString(), u"Dial: Refused"_s);
    QVERIFY(cell(*events, 0, "time").toDateTime().isValid());
    QVERIFY(column(*events, "kind").count(u"failed"_s) <= 2); // before and after Degraded
    QVERIFY(column(*events, "text").filter(u"Degraded"_s).size() == 1);

    QMetaObject::invokeMethod(events, "clear");
    QCOMPARE(events->rowCount(), 0);
    QCOMPARE(watch.resets, 0);
    QTRY_VERIFY(events->rowCount() > 0);
}

void tst_QmlModels::failuresOfClientsFold()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const QmlBench bench = makeBench(pool);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    QString last;
    for (int i = 1; i <= 4; ++i) {
        QTcpSocket unknown;
        unknown.connectToHost(QHostAddress::LocalHost, pool.serverPort());
        QVERIFY(unknown.waitForConnected());
        last = u"127.0.0.1:%1"_s.arg(unknown.localPort());
        unknown.write("GET / HTTP/1.1\r\n\r\n");
        QTRY_COMPARE(pool.status().failedTotal(), i);
    }
    QTRY_COMPARE(cell(*events, 0, "count").toInt(), 4);
    QCOMPARE(cell(*events, 0, "kind").toString(), u"failed"_s);
    QCOMPARE(cell(*events, 0, "detail").toString(), u"Handshake: Tls, "_s + last);
    QCOMPARE(column(*events, "kind").count(u"failed"_s), 1);
}

void tst_QmlModels::failuresOfTheApplication()
{
    ClientPool pool;
    const QmlBench bench = makeBench(pool);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    for (const QString &detail : {u"first"_s, u"second"_s})
        QMetaObject::invokeMethod(events, "addFailure", Q_ARG(QString, u"No service."_s), Q_ARG(QString, detail));
    QTRY_COMPARE(events->rowCount(), 1);
    QCOMPARE(cell(*events, 0, "kind").toString(), u"failed"_s);
    QCOMPARE(cell(*events, 0, "text").toString(), u"No service."_s);
    QCOMPARE(cell(*events, 0, "detail").toString(), u"second"_s);
    QCOMPARE(cell(*events, 0, "count").toInt(), 2);
}

void tst_QmlModels::evictions()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 3);
    const QmlBench bench = makeBench(pool);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    pool.start();
    QTRY_COMPARE(pool.active(), 3);
    const QString id = peer.openIds().constFirst().toString();
    peer.close(peer.openIds().constFirst());
    QTRY_VERIFY(column(*events, "kind").contains(u"evicted"_s));
    const int row = static_cast<int>(column(*events, "kind").indexOf(u"evicted"_s));
    QCOMPARE(cell(*events, row, "text").toString(), u"The peer closed a parked connection."_s);
    QVERIFY(cell(*events, row, "detail").toString().startsWith(id + u", parked for "_s));
    QCOMPARE(cell(*events, row, "count").toInt(), 1);
}

void tst_QmlModels::eventLimit()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    const QmlBench bench = makeBench(pool);
    auto *events = bench.find<QAbstractItemModel>(u"events"_s);
    events->setProperty("limit", 5);
    const ModelWatch watch(events);
    pool.start();
    QTRY_COMPARE(pool.active(), 1);
    QTRY_COMPARE(cell(*events, 0, "text").toString(), u"Ready: 1 warm"_s);
    QSignalSpy changes(&pool, &Pool::stateChanged);
    for (int i = 0; i < 10; ++i) {
        i % 2 == 0 ? pool.pause() : pool.resume();
        QVERIFY(changes.wait());
    }
    QTRY_COMPARE(events->rowCount(), 5);
    QTRY_COMPARE(cell(*events, 0, "text").toString(), u"Ready: 1 warm"_s);
    events->setProperty("limit", 2);
    QCOMPARE(events->rowCount(), 2);
}

void tst_QmlModels::history()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    const QmlBench bench = makeBench(pool);
    auto *history = bench.find<QObject>(u"history"_s);
    const auto values = [&](const QString &name) {
        QVariant result;
        QMetaObject::invokeMethod(history, "values", Q_RETURN_ARG(QVariant, result), Q_ARG(QString, name));
        return result.value<QList<qreal>>();
    };
    const auto maximum = [&](const QString &name) {
        qreal result = -1;
        QMetaObject::invokeMethod(history, "maximum", Q_RETURN_ARG(qreal, result), Q_ARG(QString, name));
        return result;
    };
    pool.start();
    QTRY_COMPARE(maximum(u"active"_s), 4.0);
    QTRY_COMPARE(history->property("count").toInt(), 10);
    QTRY_COMPARE(values(u"active"_s), QList<qreal>(10, 4.0));
    QCOMPARE(values(u"capacity"_s).constLast(), 4.0);
    QCOMPARE(values(u"p99WaitMs"_s).constLast(), 0.0);
    const QList<qreal> times = values(u"secondsAgo"_s);
    QCOMPARE(times.constLast(), 0.0);
    QVERIFY(std::is_sorted(times.rbegin(), times.rend()));

    const TakeResult result = pool.tryTake();
    VERIFY_TAKEN(result);
    QTRY_COMPARE(maximum(u"leased"_s), 1.0);
    QTRY_VERIFY(maximum(u"takesPerSecond"_s) > 1);
    QTRY_VERIFY(maximum(u"p99WaitMs"_s) > 0);
    QVERIFY(maximum(u"p99WaitMs"_s) < 100);

    for (const char *name : {"connecting", "handshaking", "waiting", "intervalMs"})
        QCOMPARE(values(QString::fromLatin1(name)).size(), history->property("count").toInt());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"no metric named speed"_s));
    QCOMPARE(values(u"speed"_s).size(), 0);
    history->setProperty("samples", 3);
    QCOMPARE(history->property("count").toInt(), 3);
}

void tst_QmlModels::poolGoes()
{
    const TestPeer peer;
    auto pool = std::make_unique<ClientPool>();
    configure(*pool, peer, 4);
    const QmlBench bench = makeBench(*pool);
    auto *model = bench.find<QAbstractItemModel>(u"connections"_s);
    auto *history = bench.find<QObject>(u"history"_s);
    const ModelWatch watch(model);
    pool->start();
    QTRY_COMPARE(model->rowCount(), 4);
    QTRY_VERIFY(history->property("sampling").toBool());
    pool.reset();
    QCOMPARE(model->rowCount(), 0);
    QVERIFY(!history->property("sampling").toBool());
    QVERIFY(!bench.find<QObject>(u"events"_s)->property("pool").value<Pool *>());
    QCOMPARE(watch.resets, 0);
}

QTEST_MAIN(tst_QmlModels)
#include "tst_qml_models.moc"
