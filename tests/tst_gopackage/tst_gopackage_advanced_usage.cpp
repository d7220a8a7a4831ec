// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Errors, cancelling, several pools, sizes, as docs/go-package.md has it.

#include "fixtures.h"
#include "support/filledbacklog.h"
#include "walk.h"

#include <array>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

class tst_GoPackageAdvancedUsage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest() { VERIFY_ROWS("Advanced usage"); }

    void customErrorHandling();
    void dialTimeout();
    void cancellation();
    void loadBalancing();
    void resizing();
    void tlsOverhead();
};

void tst_GoPackageAdvancedUsage::customErrorHandling()
{
    const Nowhere nowhere;
    QSignalSpy failed(&nowhere.client, &Pool::attemptFailed);
    QTRY_VERIFY(!failed.isEmpty());
    const auto error = failed.first().first().value<PoolError>();
    QCOMPARE(error.phase(), Phase::Dial);
    QCOMPARE(error.kind(), ErrorKind::Refused);
    QVERIFY(!error.message().isEmpty());
}

void tst_GoPackageAdvancedUsage::dialTimeout()
{
    const FilledBacklog backlog;
    if (backlog.port() == 0)
        QSKIP("This system does not keep a connect waiting.");
    ClientPool pool(u"127.0.0.1"_s, backlog.port());
    QCOMPARE(pool.timeouts().dial, 5s);
    pool.setTimeouts({.dial = 50ms});
    pool.start();
    QTRY_COMPARE(pool.lastError().kind(), ErrorKind::Timeout);
    QCOMPARE(pool.lastError().phase(), Phase::Dial);
}

void tst_GoPackageAdvancedUsage::cancellation()
{
    const TestPeer peer(PeerScript::silent());
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    QFuture<TakeResult> take = pool.take();
    QCOMPARE(pool.waiting(), 1);
    take.cancel();
    QTRY_COMPARE(pool.waiting(), 0);
    QCOMPARE(pool.status().takesCancelled, 1);
}

void tst_GoPackageAdvancedUsage::loadBalancing()
{
    constexpr size_t servers = 3;
    const std::array<TestPeer, servers> peers;
    std::array<ClientPool, servers> pools;
    for (size_t i = 0; i < servers; ++i) {
        configure(pools[i], peers[i], capacity);
        pools[i].start();
    }
    for (size_t turn = 0; turn < 2 * servers; ++turn) {
        const TakeResult result = await(pools[turn % servers].take());
        VERIFY_TAKEN(result);
        // Not by the id: all of them count from 1.
        QCOMPARE(result.connection().socket()->peerPort(), peers[turn % servers].port());
    }
}

void tst_GoPackageAdvancedUsage::resizing()
{
    Ends ends;
    QTRY_COMPARE(ends.client.active(), capacity);
    ends.client.setMaximumCapacity(2 * capacity);
    ends.client.setMinimumCapacity(2 * capacity);
    QTRY_COMPARE(ends.client.active(), 2 * capacity);
    ends.client.setMinimumCapacity(1);
    ends.client.setMaximumCapacity(1);
    QTRY_COMPARE(ends.client.active(), 1);
    QVERIFY(ends.client.status().evictedBy(EvictionCause::Surplus) >= 2 * capacity - 1);
}

void tst_GoPackageAdvancedUsage::tlsOverhead()
{
    // This thread's event loop does not run meanwhile: whoever shakes hands, it is not this thread.
    Ends ends(tlsMode(TlsMode::SelfSigned), tlsMode(TlsMode::SelfSigned));
    const TakeResult result = ends.client.take(10s).result();
    VERIFY_TAKEN(result);
    QVERIFY(result.connection().socket()->isEncrypted());
}

QTEST_GUILESS_MAIN(tst_GoPackageAdvancedUsage)
#include "tst_gopackage_advanced_usage.moc"
