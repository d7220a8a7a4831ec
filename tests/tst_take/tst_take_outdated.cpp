// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A flush outdates every connection made before it, also one that is just on its way into the pool.

#include "support/poolhelpers.h"

#include <QtCore/QEvent>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

/// A child of a socket that runs an action when the pool lets go of it: established, but not parked yet.
class OnTheWay : public QObject
{
public:
    OnTheWay(QSslSocket &socket, std::function<void()> action) : QObject(&socket), m_action(std::move(action))
    {
        socket.installEventFilter(this);
    }

    bool eventFilter(QObject *, QEvent *event) override
    {
        if (event->type() == QEvent::ThreadChange && m_action)
            std::exchange(m_action, nullptr)();
        return false;
    }

private:
    std::function<void()> m_action;
};

} // namespace

class tst_TakeOutdated : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void isNotParked();
    void servesNoWaiter();

private:
    std::unique_ptr<TestPeer> m_peer;
    std::unique_ptr<ClientPool> m_pool;
    std::atomic<int> m_dials = 0;
    int m_flushes = 0;
};

// A pool of one connection, which the test's thread flushes when the first one is on its way.
void tst_TakeOutdated::init()
{
    m_dials = 0;
    m_flushes = 0;
    m_peer = std::make_unique<TestPeer>();
    m_pool = std::make_unique<ClientPool>();
    configure(*m_pool, *m_peer, 1);
    const auto flush = [this] {
        ++m_flushes;
        m_pool->flush();
    };
    const auto flushFromHere = [this, flush] { QMetaObject::invokeMethod(this, flush, Qt::BlockingQueuedConnection); };
    m_pool->setDialer([this, flushFromHere, port = m_peer->port()](QSslSocket &socket) {
        if (++m_dials == 1)
            new OnTheWay(socket, flushFromHere);
        socket.connectToHost(QHostAddress::LocalHost, port);
    });
}

void tst_TakeOutdated::cleanup()
{
    QCOMPARE(m_flushes, 1);
    QVERIFY(m_pool->status().dropped >= 1);
    VERIFY_COUNTERS(*m_pool);
    m_pool.reset();
    m_peer.reset();
}

void tst_TakeOutdated::isNotParked()
{
    m_pool->start();
    QTRY_COMPARE(m_flushes, 1);
    const ConnectionId outdated = m_peer->ids().constFirst();
    QTRY_VERIFY(!m_peer->openIds().contains(outdated));
    QTRY_COMPARE(m_pool->active(), 1);
    QVERIFY(m_pool->connections(2).constFirst().id != outdated);
}

void tst_TakeOutdated::servesNoWaiter()
{
    m_pool->start();
    const TakeResult taken = await(m_pool->take());
    VERIFY_TAKEN(taken);
    QCOMPARE(m_flushes, 1);
    QVERIFY(taken.connection().id() != m_peer->ids().constFirst());
}

QTEST_GUILESS_MAIN(tst_TakeOutdated)
#include "tst_take_outdated.moc"
