// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What happens in the middle of a take, where the pool's mutex is released: there a watch is ended.

#include "io/affinity.h"
#include "io/iothread.h"
#include "pool/poolcore.h"
#include "support/poolhelpers.h"

#include <functional>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

class Interrupter final : public Watcher
{
public:
    quint64 add(qintptr, quint64, For) override
    {
        interrupt(atAdd);
        return 1;
    }
    void remove(qintptr, quint64) override { interrupt(atRemove); }
    void stop() override {}

    std::function<void()> atAdd;
    std::function<void()> atRemove;

private:
    static void interrupt(std::function<void()> &act)
    {
        if (const auto once = std::exchange(act, {}))
            once();
    }
};

/// A core without facade and supply.
struct BareCore
{
    BareCore()
    {
        PoolCore::IoThreadPort port;
        port.ioThread = IoThread::ofCallerThread();
        port.wake = [] {};
        port.watchForCancel = [](const QFuture<void> &, Waiters::Ticket) {};
        core->setWatcher(watcher);
        generation = core->open(std::move(port), 4, 0ms);
    }

    void park(const TestPeer &peer)
    {
        Established made;
        made.socket = std::make_unique<QSslSocket>();
        made.socket->connectToHost(QHostAddress(QHostAddress::LocalHost), peer.port());
        if (!made.socket->waitForConnected())
            qFatal("no connection");
        made.id = ConnectionId(7);
        made.generation = generation;
        made.begunAt = std::chrono::steady_clock::now();
        static_cast<void>(core->established(std::move(made)));
    }

    void close()
    {
        auto left = core->shutDown();
        for (QSslSocket *socket : left.sockets)
            closeGently(socket);
        core->failAsClosed(std::move(left));
    }

    std::shared_ptr<Interrupter> watcher = std::make_shared<Interrupter>();
    std::shared_ptr<PoolCore> core = std::make_shared<PoolCore>();
    quint64 generation = 0;
};

} // namespace

class tst_LifecycleCore : public QObject
{
    Q_OBJECT

private slots:
    void endsInTheMiddleOfATake_data();
    void endsInTheMiddleOfATake();
    void endsInTheMiddleOfParking_data();
    void endsInTheMiddleOfParking();
};

void tst_LifecycleCore::endsInTheMiddleOfATake_data()
{
    QTest::addColumn<QString>("end");
    QTest::addColumn<EvictionCause>("cause");
    QTest::newRow("close") << u"close"_s << EvictionCause::PoolClosed;
    QTest::newRow("drain") << u"drain"_s << EvictionCause::PoolClosed;
    QTest::newRow("flush") << u"flush"_s << EvictionCause::Flushed;
}

void tst_LifecycleCore::endsInTheMiddleOfATake()
{
    QFETCH(QString, end);
    QFETCH(EvictionCause, cause);
    TestPeer peer;
    BareCore bare;
    bare.park(peer);
    QCOMPARE(bare.core->status().active, 1);
    bool isInterrupted = false;
    bare.watcher->atRemove = [&] {
        isInterrupted = true;
        if (end == "close"_L1)
            bare.close();
        else if (end == "drain"_L1)
            bare.core->startDraining();
        else
            bare.core->flush([](quint64) {});
    };
    const TakeResult taken = bare.core->tryTake();
    QVERIFY(isInterrupted);
    QVERIFY(!taken);
    QCOMPARE(bare.core->status().evictedBy(cause), 1);
    QCOMPARE(bare.core->status().takenTotal, 0);
    VERIFY_COUNTERS(*bare.core);
    QVERIFY(QTest::qWaitFor([&] { return peer.accepted() == 1 && peer.open() == 0; }));
    bare.close();
}

void tst_LifecycleCore::endsInTheMiddleOfParking_data()
{
    endsInTheMiddleOfATake_data();
}

void tst_LifecycleCore::endsInTheMiddleOfParking()
{
    QFETCH(QString, end);
    TestPeer peer;
    BareCore bare;
    bool isInterrupted = false;
    bare.watcher->atAdd = [&] {
        isInterrupted = true;
        if (end == "close"_L1)
            bare.close();
        else if (end == "drain"_L1)
            bare.core->startDraining();
        else
            bare.core->flush([](quint64) {});
    };
    bare.park(peer);
    QVERIFY(isInterrupted);
    QCOMPARE(bare.core->status().active, 0);
    QCOMPARE(bare.core->status().dropped, 1);
    VERIFY_COUNTERS(*bare.core);
    QVERIFY(QTest::qWaitFor([&] { return peer.accepted() == 1 && peer.open() == 0; }));
    bare.close();
}

QTEST_GUILESS_MAIN(tst_LifecycleCore)
#include "tst_lifecycle_core.moc"
