// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A relay over connections that are used in other threads already.

#include "relayends.h"
#include "support/loopthread.h"

#include <QtCore/QSemaphore>

#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_RelayThreads : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_ends = std::make_unique<RelayEnds>(); }
    void connectionOfAThreadWithALoop_data() { addPlainAndTls(); }
    void connectionOfAThreadWithALoop();
    void connectionOfAThreadWithoutALoop();
    void connectionOfABlockedThread();
    void stoppedWhileAConnectionIsOnItsWay();
    void connectionOfAThreadThatHasEnded();
    void socketOfAnotherThread();

private:
    std::unique_ptr<RelayEnds> m_ends;
};

void tst_RelayThreads::connectionOfAThreadWithALoop()
{
    QFETCH(bool, encrypted);
    LoopThread worker;
    RelayEnd first = m_ends->make(encrypted);
    RelayEnd second = m_ends->make(false);
    QSslSocket *socket = nullptr;
    worker.run([&] { socket = first.connection.socket(); });
    QCOMPARE(socket->thread(), worker.thread());
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    for (int i = 0; i < 20; ++i) {
        first.client->write("there");
        QCOMPARE(second.client->read(5), "there"_ba);
        second.client->write("back");
        QCOMPARE(first.client->read(4), "back"_ba);
    }
    QVERIFY(finished.isEmpty());
    first.client->close();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::FirstClosed);
    QTRY_COMPARE(m_ends->leased(), 0);
}

void tst_RelayThreads::connectionOfAThreadWithoutALoop()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    QSemaphore used;
    QSemaphore gate;
    std::thread user([&] {
        static_cast<void>(second.connection.socket());
        used.release();
        gate.acquire();
    });
    used.acquire();
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QTRY_COMPARE(finished.size(), 1);
    gate.release();
    user.join();
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::NotStarted);
    QVERIFY2(relay.errorText().contains("second side"_L1), qPrintable(relay.errorText()));
    QVERIFY(!relay.isRunning());
    QVERIFY(first.client->waitForClosed());
    QVERIFY(second.client->waitForClosed());
    QTRY_COMPARE(m_ends->leased(), 0);
}

void tst_RelayThreads::connectionOfABlockedThread()
{
    LoopThread worker;
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    worker.run([&] { static_cast<void>(first.connection.socket()); });
    QSemaphore inside;
    QSemaphore gate;
    QMetaObject::invokeMethod(worker.context(), [&] {
        inside.release();
        gate.acquire();
    });
    inside.acquire();
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QTRY_COMPARE_WITH_TIMEOUT(finished.size(), 1, 8'000);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::NotStarted);
    QVERIFY(second.client->waitForClosed());
    gate.release();
    QVERIFY(first.client->waitForClosed());
    QTRY_COMPARE(m_ends->leased(), 0);
}

void tst_RelayThreads::stoppedWhileAConnectionIsOnItsWay()
{
    LoopThread worker;
    RelayEnd first = m_ends->make(true);
    RelayEnd second = m_ends->make(false);
    worker.run([&] { static_cast<void>(first.connection.socket()); });
    QSemaphore inside;
    QSemaphore gate;
    QMetaObject::invokeMethod(worker.context(), [&] {
        inside.release();
        gate.acquire();
    });
    inside.acquire();
    {
        Relay relay(first.connection, second.connection);
        QSignalSpy finished(&relay, &Relay::finished);
        relay.start();
        QCoreApplication::processEvents();
        relay.stop();
        QTRY_COMPARE(finished.size(), 1);
        QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::Stopped);
    }
    gate.release();
    QVERIFY(first.client->waitForClosed());
    QVERIFY(second.client->waitForClosed());
    QTRY_COMPARE(m_ends->leased(), 0);
}

// Then its sockets belong to no thread again.
void tst_RelayThreads::connectionOfAThreadThatHasEnded()
{
    RelayEnd first = m_ends->make(true);
    RelayEnd second = m_ends->make(false);
    std::thread([&] { static_cast<void>(first.connection.socket()); }).join();
    Relay relay(first.connection, second.connection);
    relay.start();
    first.client->write("there");
    QCOMPARE(second.client->read(5), "there"_ba);
    second.client->write("back");
    QCOMPARE(first.client->read(4), "back"_ba);
}

void tst_RelayThreads::socketOfAnotherThread()
{
    TestPeer peer;
    LoopThread worker;
    RelayEnd first = m_ends->make(false);
    auto socket = dial(peer);
    socket->moveToThread(worker.thread());
    Relay relay(first.connection, std::move(socket));
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::NotStarted);
    QVERIFY(!relay.errorText().isEmpty());
    QVERIFY(first.client->waitForClosed());
    QTRY_COMPARE(peer.open(), 0);
}

QTEST_GUILESS_MAIN(tst_RelayThreads)
#include "tst_relay_threads.moc"
