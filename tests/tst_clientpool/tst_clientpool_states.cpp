// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What a client pool says of itself, and does, when all that it had is gone.

#include "support/poolhelpers.h"
#include "support/process.h"

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolStates : public QObject
{
    Q_OBJECT

private slots:
    void readyWhileTheServerComesBack();
    void closedOnesDialNoMore();
    void flushReplacesDialsUnderWay();
};

// That all connections end is no outage yet: the next dial tells.
void tst_ClientPoolStates::readyWhileTheServerComesBack()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 4);
    makeImpatient(pool);
    Timeouts timeouts = pool.timeouts();
    timeouts.identify = 60s;
    pool.setTimeouts(timeouts);
    QSignalSpy ready(&pool, &Pool::readyChanged);
    pool.start();
    QTRY_COMPARE(pool.active(), 4);
    QTRY_COMPARE(ready.size(), 1);
    ready.clear();
    peer.setScript(PeerScript::silent());
    peer.closeAll();
    QTRY_COMPARE(pool.status().evictedBy(EvictionCause::PeerClosed), 4);
    QCOMPARE(pool.active(), 0);
    QCOMPARE(pool.state(), PoolState::Ready);
    QVERIFY(!QTest::qWaitFor([&] { return !ready.isEmpty(); }, 50));
}

void tst_ClientPoolStates::closedOnesDialNoMore()
{
    ClientPool pool(u"127.0.0.1"_s, freePort());
    pool.setBackoff({1h, 1h, 1.0});
    pool.start();
    QTRY_VERIFY(pool.status().nextAttempt > 0ms);
    pool.close();
    QCOMPARE(pool.status().nextAttempt, -1ms);
}

// What a flush has outdated must not keep the places of those that are to come.
void tst_ClientPoolStates::flushReplacesDialsUnderWay()
{
    TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer, 2);
    pool.setTimeouts({60s, 60s, 60s, 60s, 60s});
    pool.start();
    QTRY_COMPARE(pool.status().handshaking, 2);
    QTRY_COMPARE(peer.accepted(), 2);
    peer.setScript({});
    pool.flush();
    QTRY_COMPARE(pool.active(), 2);
    QTRY_COMPARE(peer.open(), 2);
}

QTEST_GUILESS_MAIN(tst_ClientPoolStates)
#include "tst_clientpool_states.moc"
