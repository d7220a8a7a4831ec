// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Each phase of a dial has a time of its own.

#include "support/filledbacklog.h"
#include "support/poolhelpers.h"

#include <QtCore/QElapsedTimer>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ClientPoolTimeouts : public QObject
{
    Q_OBJECT

private slots:
    void endsTheOwnPhase_data();
    void endsTheOwnPhase();
    void doesNotEndTheNextPhase();
};

void tst_ClientPoolTimeouts::endsTheOwnPhase_data()
{
    QTest::addColumn<Phase>("phase");
    QTest::addColumn<bool>("encrypted");
    QTest::newRow("dial") << Phase::Dial << false;
    QTest::newRow("dial, TLS") << Phase::Dial << true;
    QTest::newRow("handshake") << Phase::Handshake << true;
    QTest::newRow("identify") << Phase::Identify << false;
    QTest::newRow("identify, TLS") << Phase::Identify << true;
}

// The others have a minute.
void tst_ClientPoolTimeouts::endsTheOwnPhase()
{
    QFETCH(Phase, phase);
    QFETCH(bool, encrypted);
    PeerScript script = PeerScript::silent();
    if (encrypted && phase == Phase::Identify)
        script.tls = selfSigned();
    const TestPeer peer(script);
    const FilledBacklog unresponsive;
    if (phase == Phase::Dial && unresponsive.port() == 0)
        QSKIP("this system answers connects to a full queue");
    Timeouts timeouts{60s, 60s, 60s, 60s, 60s};
    if (phase == Phase::Dial)
        timeouts.dial = 300ms;
    else if (phase == Phase::Handshake)
        timeouts.handshake = 300ms;
    else
        timeouts.identify = 300ms;
    ClientPool pool;
    configure(pool, peer, 1);
    if (phase == Phase::Dial)
        pool.setPort(unresponsive.port());
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.setTimeouts(timeouts);
    QElapsedTimer clock;
    clock.start();
    pool.start();
    QTRY_VERIFY(pool.lastError());
    QVERIFY2(clock.elapsed() >= 290, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(pool.lastError().phase(), phase);
    QCOMPARE(pool.lastError().kind(), ErrorKind::Timeout);
}

// The clock begins anew: a server may take longer for its id than the time for everything before.
void tst_ClientPoolTimeouts::doesNotEndTheNextPhase()
{
    PeerScript script = PeerScript::overTls(selfSigned());
    script.delay = 2'500ms;
    const TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.setTimeouts({60s, 2s, 2s, 2s, 60s});
    pool.start();
    QTRY_COMPARE_WITH_TIMEOUT(pool.active(), 1, 10'000);
    QCOMPARE(pool.status().failedTotal(), 0);
}

QTEST_GUILESS_MAIN(tst_ClientPoolTimeouts)
#include "tst_clientpool_timeouts.moc"
