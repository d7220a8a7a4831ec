// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// take() with co_await.

#include "support/eventloopmonitor.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QCoroFuture>
#include <QCoroTask>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_QCoro : public QObject
{
    Q_OBJECT

private slots:
    void parked();
    void nextToCome();
    void error();

private:
    static QCoro::Task<QByteArray> converse(ClientPool &pool)
    {
        const TakeResult taken = co_await pool.take();
        if (!taken)
            co_return QByteArray();
        co_return echo(taken.connection().socket(), "through a coroutine");
    }
    static QCoro::Task<ErrorKind> fail(ClientPool &pool)
    {
        const TakeResult taken = co_await pool.take(100ms);
        co_return taken.error().kind();
    }
};

void tst_QCoro::parked()
{
    TestPeer peer(PeerScript::overTls(selfSigned()));
    ClientPool pool;
    configure(pool, peer);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QCOMPARE(QCoro::waitFor(converse(pool)), "through a coroutine"_ba);
}

void tst_QCoro::nextToCome()
{
    PeerScript script;
    script.delay = 60s;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    QByteArray answer;
    converse(pool).then([&](const QByteArray &bytes) { answer = bytes; });
    QVERIFY(answer.isEmpty());
    peer.setScript({});
    peer.greetWaiting();
    EventLoopMonitor monitor;
    QVERIFY(monitor.runUntil([&] { return !answer.isEmpty(); }));
    QCOMPARE(answer, "through a coroutine"_ba);
    QCOMPARE(pool.status().servedAfterWait, 1);
}

void tst_QCoro::error()
{
    TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    QCOMPARE(QCoro::waitFor(fail(pool)), ErrorKind::Timeout);
}

QTEST_GUILESS_MAIN(tst_QCoro)
#include "tst_qcoro.moc"
