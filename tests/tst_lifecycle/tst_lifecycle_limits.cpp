// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What is unsent when a connection is let go has 5 s, and no more.

#include "support/poolhelpers.h"
#include "support/resources.h"

#include <QtCore/QElapsedTimer>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_LifecycleLimits : public QObject
{
    Q_OBJECT

private slots:
    void peerTakesNothing_data();
    void peerTakesNothing();
    void noDescriptors();
    void noDescriptorsToResolve();
};

void tst_LifecycleLimits::peerTakesNothing_data()
{
    QTest::addColumn<bool>("givesBack");
    QTest::newRow("closed") << false;
    QTest::newRow("given back") << true;
}

void tst_LifecycleLimits::peerTakesNothing()
{
    QFETCH(bool, givesBack);
    if (openDescriptors() < 0)
        QSKIP("cannot count descriptors here");
    PeerScript listening;
    listening.then = PeerScript::Then::Listen;
    TestPeer peer(listening);
    ClientPool pool;
    configure(pool, peer, 1);
    pool.start();
    Connection connection = await(pool.take()).connection();
    QVERIFY(connection);
    QTRY_COMPARE(pool.active(), 1);
    peer.stopReading(connection.id());
    QSslSocket *socket = connection.socket();
    socket->write(QByteArray(32 * 1'024 * 1'024, 'x'));
    const int descriptors = openDescriptors();
    QElapsedTimer clock;
    clock.start();
    if (givesBack)
        pool.giveBack(connection);
    connection = Connection();

    // It is still open in the time it has, and not longer.
    QVERIFY(!QTest::qWaitFor([&] { return openDescriptors() < descriptors; }, 3'500));
    QCOMPARE(pool.status().leased, givesBack ? 1 : 0);
    QTRY_VERIFY_WITH_TIMEOUT(openDescriptors() < descriptors, 5'000);
    QVERIFY2(clock.elapsed() >= 4'500, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(pool.status().leased, 0);
    QCOMPARE(pool.active(), 1);
    QCOMPARE(pool.status().failedIn(Phase::Validate), givesBack ? 1 : 0);
    VERIFY_COUNTERS(pool);
}

// Qt would end the program if it found none for a thread's event loop.
void tst_LifecycleLimits::noDescriptors()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    ServerPool server;
    QTRY_COMPARE(runningThreads("tidepool-io"), 0);
    {
        const DescriptorExhaustion exhaustion;
        if (!exhaustion.isActive())
            QSKIP("cannot limit descriptors here");
        pool.start();
        QCOMPARE(pool.state(), PoolState::Stopped);
        QCOMPARE(pool.lastError().kind(), ErrorKind::Resources);
        QVERIFY2(pool.lastError().message().contains("ulimit -n"_L1), qPrintable(pool.lastError().message()));
        QCOMPARE(await(pool.take(1s)).error().kind(), ErrorKind::Closed);
        QVERIFY(!server.listen(QHostAddress::LocalHost));
    }
    pool.start();
    QTRY_COMPARE(pool.active(), 1);
    QVERIFY(server.listen(QHostAddress::LocalHost));
}

void tst_LifecycleLimits::noDescriptorsToResolve()
{
    TestPeer peer;
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    peer.stopListening();
    pool.start();
    QTRY_COMPARE(pool.state(), PoolState::Degraded);
    {
        const DescriptorExhaustion exhaustion;
        if (!exhaustion.isActive())
            QSKIP("cannot limit descriptors here");
        pool.setHost(u"localhost"_s);
        QVERIFY(QTest::qWaitFor([&] {
            const PoolError error = pool.lastError();
            return error.kind() == ErrorKind::Resources && error.phase() == Phase::Resolve;
        }));
    }
    QVERIFY(peer.listenAgain());
    QTRY_COMPARE(pool.active(), 1);
}

QTEST_GUILESS_MAIN(tst_LifecycleLimits)
#include "tst_lifecycle_limits.moc"
