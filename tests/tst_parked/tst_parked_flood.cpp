// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Peers that keep a parked TLS connection busy with records that carry no data.

#include "flooder.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"
#include "support/resources.h"

#include <QtCore/QElapsedTimer>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ParkedFlood : public QObject
{
    Q_OBJECT

private slots:
    void keyUpdatesHoldUpNobody();
    void sessionTicketsHoldUpNobody();
    void someKeyUpdatesAreNoFlood();
};

// The pool and its user go on, another pool of the same I/O thread as well, and the peer is put out.
void tst_ParkedFlood::keyUpdatesHoldUpNobody()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    std::array<Flooder, 4> flooders;
    for (Flooder &flooder : flooders)
        QVERIFY(flooder.connectTo(pool.serverPort()));
    QTRY_COMPARE(pool.active(), 4);
    TestPeer peer(PeerScript::echoing(true));
    ClientPool honest;
    configure(honest, peer, 2);
    honest.setTls(tlsMode(TlsMode::SelfSigned));
    honest.start();
    QTRY_COMPARE(honest.active(), 2);

    for (Flooder &flooder : flooders)
        flooder.sendKeyUpdates();
    for (const Flooder &flooder : flooders) {
        while (flooder.sent() <= 200) // the first have arrived
            std::this_thread::yield();
    }
    std::chrono::nanoseconds mostWork{0};
    qint64 longest = 0;
    int takes = 0;
    std::vector<Connection> flooded; // each may be taken while its peer draws breath
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < 20'000 && (evicted.isEmpty() || takes < 10)) {
        QElapsedTimer call;
        call.start();
        const std::chrono::nanoseconds before = threadTime();
        const TakeResult tried = flooded.size() < 3 ? pool.tryTake() : TakeResult();
        mostWork = std::max(mostWork, threadTime() - before);
        longest = std::max(longest, call.elapsed());
        if (tried)
            flooded.push_back(tried.connection());
        const TakeResult taken = await(honest.take(10s)); // the flood never ends by itself
        VERIFY_TAKEN(taken);
        ++takes;
    }
    QVERIFY2(mostWork < 100ms, qPrintable(QString::number(mostWork.count())));
    // Nor does it wait for long; a busy machine may let it wait for its turn.
    QVERIFY2(longest < 2'000, qPrintable(QString::number(longest)));
    QVERIFY(takes >= 10);
    QTRY_COMPARE(evicted.size(), 4 - static_cast<int>(flooded.size()));
    for (const auto &arguments : evicted)
        QCOMPARE(arguments.at(1).value<EvictionCause>(), EvictionCause::ControlFlood);
    VERIFY_COUNTERS(pool);
}

void tst_ParkedFlood::sessionTicketsHoldUpNobody()
{
    Flooder flooder;
    ClientPool pool;
    pool.setHost(u"127.0.0.1"_s);
    pool.setPort(flooder.listen(selfSigned()));
    QVERIFY(pool.port() != 0);
    pool.setMinimumCapacity(1);
    pool.setMaximumCapacity(1);
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QSignalSpy evicted(&pool, &Pool::connectionEvicted);
    pool.start();
    QTRY_COMPARE(pool.status().parkedTotal, 1);
    QTRY_VERIFY(!evicted.isEmpty());
    QCOMPARE(evicted.at(0).at(1).value<EvictionCause>(), EvictionCause::ControlFlood);
    VERIFY_COUNTERS(pool);
}

// What an honest peer may do in the time that a connection is parked.
void tst_ParkedFlood::someKeyUpdatesAreNoFlood()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    Flooder flooder;
    QVERIFY(flooder.connectTo(pool.serverPort()));
    QTRY_COMPARE(pool.active(), 1);
    flooder.sendKeyUpdates(200);
    QTRY_COMPARE(flooder.sent(), 200);
    QVERIFY(!QTest::qWaitFor([&] { return pool.status().evictedTotal() > 0; }, 200));
    QTRY_COMPARE(pool.active(), 1);
    const TakeResult taken = await(pool.take(2s));
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().id().toString().toLatin1(), flooder.id());
    VERIFY_COUNTERS(pool);
}

QTEST_GUILESS_MAIN(tst_ParkedFlood)
#include "tst_parked_flood.moc"
