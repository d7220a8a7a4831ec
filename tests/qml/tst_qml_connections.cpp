// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The rows of ConnectionModel.

#include "qml/modelbench.h"
#include "qml/modelwatch.h"
#include "support/poolhelpers.h"

#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

#include <vector>

using namespace Tidepool;
using namespace TestSupport;
using namespace Qt::StringLiterals;

class tst_QmlConnections : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void takenRowMoves();
    void takenRowsHaveRoom();
    void connectionRoles();
    void agesGrow();
};

void tst_QmlConnections::takenRowMoves()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 6);
    const QmlBench bench = makeBench(pool);
    auto *model = bench.find<QAbstractItemModel>(u"connections"_s);
    pool.start();
    QTRY_COMPARE(model->rowCount(), 6);
    pool.pause(); // no replacement
    ModelWatch watch(model);

    TakeResult result = pool.tryTake();
    VERIFY_TAKEN(result);
    QTRY_COMPARE(cell(*model, 5, "stateText").toString(), u"taken"_s);
    QCOMPARE(cell(*model, 5, "connectionId").toString(), result.connection().id().toString());
    QCOMPARE(watch.moved, 1);
    QCOMPARE(watch.changed, 1);
    QCOMPARE(watch.inserted + watch.removed, 0);

    watch.forget();
    pool.giveBack(result.connection());
    result = {};
    QTRY_VERIFY(!column(*model, "stateText").contains(u"taken"_s));
    QCOMPARE(column(*model, "connectionId"), connectionIds(pool));
    QVERIFY(watch.moved <= 1);
    QCOMPARE(watch.inserted + watch.removed, 0);

    watch.forget();
    result = pool.tryTake();
    result.connection().close();
    QTRY_COMPARE(model->rowCount(), 5);
    QCOMPARE(watch.removed, 1);
    QCOMPARE(watch.inserted, 0);
}

// However many are parked, what was taken last is among the rows.
void tst_QmlConnections::takenRowsHaveRoom()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 20);
    const QmlBench bench = makeBench(pool);
    auto *model = bench.find<QAbstractItemModel>(u"connections"_s);
    model->setProperty("limit", 6);
    pool.start();
    QTRY_COMPARE(pool.active(), 20);
    QTRY_COMPARE(column(*model, "connectionId"), connectionIds(pool, 6));
    QCOMPARE(column(*model, "stateText"), QStringList(6, u"parked"_s));
    pool.pause(); // no replacement
    ModelWatch watch(model);

    // The one at the top goes down, and the rest need not move.
    std::vector<TakeResult> held;
    held.push_back(pool.tryTake());
    QTRY_COMPARE(cell(*model, 5, "stateText").toString(), u"taken"_s);
    QCOMPARE(cell(*model, 5, "connectionId").toString(), held.back().connection().id().toString());
    QCOMPARE(model->rowCount(), 6);
    QCOMPARE(watch.inserted, watch.removed);
    QVERIFY(watch.inserted + watch.moved <= 2);

    // Half of the rows at most, if there are enough parked ones; the newest first.
    for (int i = 0; i < 5; ++i)
        held.push_back(pool.tryTake());
    const QStringList half = QStringList(3, u"parked"_s) + QStringList(3, u"taken"_s);
    QTRY_COMPARE(column(*model, "stateText"), half);
    QTRY_COMPARE(cell(*model, 3, "connectionId").toString(), held.at(5).connection().id().toString());
    QCOMPARE(cell(*model, 5, "connectionId").toString(), held.at(3).connection().id().toString());
    while (pool.active() > 1)
        held.push_back(pool.tryTake());
    QTRY_COMPARE(column(*model, "stateText"), QStringList(u"parked"_s) + QStringList(5, u"taken"_s));
    QCOMPARE(watch.resets, 0);
}

void tst_QmlConnections::connectionRoles()
{
    const TestPeer peer(PeerScript::overTls(selfSigned()));
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    const QmlBench bench = makeBench(pool);
    auto *model = bench.find<QAbstractItemModel>(u"connections"_s);
    pool.start();
    QTRY_COMPARE(model->rowCount(), 1);
    QCOMPARE(model->property("count").toInt(), 1);
    QCOMPARE(cell(*model, 0, "connectionId").toString().size(), 8);
    QCOMPARE(cell(*model, 0, "peer").toString(), u"127.0.0.1:%1"_s.arg(peer.port()));
    QVERIFY(cell(*model, 0, "cipher").toString().startsWith(u"TLS_"_s));
    QCOMPARE(cell(*model, 0, "stateText").toString(), u"parked"_s);
    QCOMPARE(cell(*model, 0, "taken").toBool(), false);
    QTRY_VERIFY(cell(*model, 0, "ageMs").toReal() >= 20 && cell(*model, 0, "idleMs").toReal() >= 20);
}

void tst_QmlConnections::agesGrow()
{
    const TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    const QmlBench bench = makeBench(pool);
    auto *model = bench.find<QAbstractItemModel>(u"connections"_s);
    pool.start();
    QTRY_COMPARE(model->rowCount(), 4);
    model->setProperty("ageInterval", 100);
    QSignalSpy changes(model, &QAbstractItemModel::dataChanged);
    QVERIFY(changes.wait());
    QCOMPARE(changes.first().at(0).toModelIndex().row(), 0);
    QCOMPARE(changes.first().at(1).toModelIndex().row(), 3);
    QCOMPARE(changes.first().at(2).value<QList<int>>().size(), 2);
    pool.close();
    QTRY_COMPARE(model->rowCount(), 0);
    changes.clear();
    QVERIFY(!changes.wait(300));
}

QTEST_MAIN(tst_QmlConnections)
#include "tst_qml_connections.moc"
