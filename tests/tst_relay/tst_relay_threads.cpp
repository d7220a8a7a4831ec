// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A relay over connections that are used in other threads already.

#include "relayends.h"
#include "support/loopthread.h"
#include "support/process.h"

#include <QtCore/QSemaphore>

#include <functional>
#include <memory>
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
    void nothingToRelay_data();
    void nothingToRelay();
    void socketThatItsPeerHasEnded();

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

namespace {
using Socket = std::unique_ptr<QTcpSocket>;
using MakeRelay = std::function<std::unique_ptr<Relay>(const Connection &, const Connection &, const TestPeer &)>;
} // namespace

void tst_RelayThreads::nothingToRelay_data()
{
    QTest::addColumn<MakeRelay>("make");
    QTest::addColumn<QString>("side");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const char *side, const char *reason, const MakeRelay &make) {
        QTest::newRow(name) << make << QString::fromLatin1(side) << QString::fromLatin1(reason);
    };
    row("unconnected socket", "The second side", "not connected", [](const auto &one, const auto &, const auto &) {
        return std::make_unique<Relay>(one, std::make_unique<QTcpSocket>());
    });
    row("two unconnected sockets", "The first side", "not connected", [](const auto &, const auto &, const auto &) {
        return std::make_unique<Relay>(std::make_unique<QTcpSocket>(), std::make_unique<QTcpSocket>());
    });
    row("null pointer", "The second side", "no connection",
        [](const auto &one, const auto &, const auto &) { return std::make_unique<Relay>(one, Socket()); });
    row("refused socket", "The second side", "refused", [](const auto &one, const auto &, const auto &) {
        auto socket = std::make_unique<QTcpSocket>();
        socket->setProxy(QNetworkProxy::NoProxy);
        socket->connectToHost(QHostAddress(QHostAddress::LocalHost), freePort());
        socket->waitForConnected();
        return std::make_unique<Relay>(one, std::move(socket));
    });
    row("connecting socket", "The second side", "not connected", [](const auto &one, const auto &, const auto &peer) {
        auto socket = std::make_unique<QTcpSocket>();
        socket->connectToHost(u"a-name-to-look-up.invalid"_s, peer.port());
        return std::make_unique<Relay>(one, std::move(socket));
    });
    row("empty handle", "The first side", "no connection",
        [](const auto &one, const auto &, const auto &) { return std::make_unique<Relay>(Connection(), one); });
    row("the same handle twice", "The second side", "given away",
        [](const auto &one, const auto &, const auto &) { return std::make_unique<Relay>(one, one); });
    row("another relay's handle", "The first side", "given away", [](const auto &one, const auto &two, const auto &) {
        const Relay other(one, Connection());
        return std::make_unique<Relay>(one, two);
    });
    row("socket with a parent", "The second side", "parent", [](const auto &one, const auto &, const auto &peer) {
        auto socket = dial(peer);
        socket->setParent(QCoreApplication::instance());
        return std::make_unique<Relay>(one, std::move(socket));
    });
}

void tst_RelayThreads::nothingToRelay()
{
    QFETCH(MakeRelay, make);
    QFETCH(QString, side);
    QFETCH(QString, reason);
    TestPeer peer;
    const RelayEnd one = m_ends->make(false);
    const RelayEnd two = m_ends->make(false);
    const std::unique_ptr<Relay> relay = make(one.connection, two.connection, peer);
    QSignalSpy finished(relay.get(), &Relay::finished);
    relay->start();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::NotStarted);
    QVERIFY2(relay->errorText().startsWith(side), qPrintable(relay->errorText()));
    QVERIFY2(relay->errorText().contains(reason), qPrintable(relay->errorText()));
    QVERIFY(QTest::qWaitFor([&] { return peer.open() == 0; }));
}

// Its last words are still to be passed on.
void tst_RelayThreads::socketThatItsPeerHasEnded()
{
    PeerScript script = PeerScript::sending("last words", PeerScript::Then::Close);
    TestPeer peer(script);
    auto socket = dial(peer);
    QTRY_COMPARE(socket->state(), QAbstractSocket::UnconnectedState);
    RelayEnd one = m_ends->make(false);
    Relay relay(one.connection, std::move(socket));
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QCOMPARE(one.client->read(10), "last words"_ba);
    one.client->close();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::SecondClosed);
}

QTEST_GUILESS_MAIN(tst_RelayThreads)
#include "tst_relay_threads.moc"
