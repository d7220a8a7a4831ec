// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "qml/qmlbench.h"
#include "support/poolhelpers.h"

#include <QtTest/QTest>

using namespace Tidepool;
using namespace TestSupport;
using namespace Qt::StringLiterals;

class tst_QmlModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void smoke();
};

void tst_QmlModels::smoke()
{
    const TestPeer peer;
    QmlBench bench(R"(
        ClientPool {
            id: pool
            property int peerPort
            property var seen: []
            property string words: pool.state + "/" + Tidepool.PoolState.Ready + "/" + status.waitTime.p99
            host: "127.0.0.1"; port: peerPort
            running: true
            minimumCapacity: 4; maximumCapacity: 4
            timeouts.dialMs: 1234
            backoff.baseMs: 321
            keepAlive.idleMs: 2500
            lifetimes.maximumIdleMs: 60000
            tls.mode: Tidepool.TlsMode.None
            takeOrder: Tidepool.TakeOrder.OldestFirst
            onStateChanged: (s) => seen.push(s)
            onConnectionParked: (id) => seen.push(id.text)
            property PoolHistory history: PoolHistory { pool: pool; period: 50 }
            property ConnectionModel connections: ConnectionModel { pool: pool }
            property EventModel events: EventModel { pool: pool }
            function go() { console.log(JSON.stringify([timeouts.dialMs, backoff.baseMs, keepAlive.idleMs,
                 lifetimes.maximumIdleMs, tls.mode, takeOrder, port, seen, words, stateText, history.values("active"),
                 connections.count, events.count, running])); drain(20); }
        })",
                   {{u"peerPort"_s, peer.port()}});
    QVERIFY(bench.object());
    QTRY_COMPARE(bench.get("active").toInt(), 4);
    QTest::qWait(1000);
    QMetaObject::invokeMethod(bench.object(), "go");
}

QTEST_MAIN(tst_QmlModels)
#include "tst_qml_models.moc"
