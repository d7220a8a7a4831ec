// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// How a Relay ends.

#include "relayends.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QPointer>

#include <sys/socket.h>

#include <functional>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

bool writeBelowTls(const QSslSocket &socket, const QByteArray &bytes)
{
    return ::send(static_cast<int>(socket.socketDescriptor()), bytes.constData(), static_cast<size_t>(bytes.size()),
                  MSG_NOSIGNAL)
        == bytes.size();
}

} // namespace

class tst_RelayEnding : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_ends = std::make_unique<RelayEnds>(); }
    void lastBytesArrive_data();
    void lastBytesArrive();
    void resetIsAFailure_data();
    void resetIsAFailure();
    void bytesBeforeAResetArrive();
    void brokenTlsIsAFailure_data();
    void brokenTlsIsAFailure();
    void idleTimeout();
    void trafficKeepsItAlive();
    void stops();
    void stopsAtTheStart();
    void destroyedWhileRunning();
    void destroyedInItsOwnSignal_data();
    void destroyedInItsOwnSignal();
    void connectionThatIsDeadAlready();
    void emptyConnection_data();
    void emptyConnection();

private:
    std::unique_ptr<RelayEnds> m_ends;
};

void tst_RelayEnding::lastBytesArrive_data()
{
    QTest::addColumn<bool>("firstEncrypted");
    QTest::addColumn<bool>("secondEncrypted");
    QTest::addColumn<bool>("firstCloses");
    QTest::newRow("plain to plain") << false << false << true;
    QTest::newRow("plain to TLS") << false << true << true;
    QTest::newRow("TLS to plain") << true << false << true;
    QTest::newRow("TLS to TLS") << true << true << true;
    QTest::newRow("the second closes") << false << true << false;
}

void tst_RelayEnding::lastBytesArrive()
{
    QFETCH(bool, firstEncrypted);
    QFETCH(bool, secondEncrypted);
    QFETCH(bool, firstCloses);
    RelayEnd first = m_ends->make(firstEncrypted);
    RelayEnd second = m_ends->make(secondEncrypted);
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    RawClient &sender = firstCloses ? *first.client : *second.client;
    RawClient &receiver = firstCloses ? *second.client : *first.client;
    const QByteArray bytes = pattern(8'000'000);
    sender.write(bytes);
    sender.close();
    QVERIFY(receiver.waitForClosed(20s));
    QByteArray got = receiver.socket()->readAll();
    QCOMPARE(got.size(), bytes.size());
    QVERIFY(got == bytes);
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(),
             firstCloses ? Relay::Reason::FirstClosed : Relay::Reason::SecondClosed);
    QVERIFY(!relay.isRunning());
    QCOMPARE(firstCloses ? relay.bytesFromFirst() : relay.bytesFromSecond(), bytes.size());
    QTRY_COMPARE(m_ends->leased(), 0);
}

void tst_RelayEnding::resetIsAFailure_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<bool>("firstResets");
    QTest::newRow("plain, the first") << false << true;
    QTest::newRow("plain, the second") << false << false;
    QTest::newRow("TLS, the first") << true << true;
    QTest::newRow("TLS, the second") << true << false;
}

void tst_RelayEnding::resetIsAFailure()
{
    QFETCH(bool, encrypted);
    QFETCH(bool, firstResets);
    RelayEnd resetting = m_ends->make(encrypted);
    RelayEnd other = m_ends->make(false);
    Relay relay(firstResets ? resetting.connection : other.connection,
                firstResets ? other.connection : resetting.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    resetting.client->write("before");
    QCOMPARE(other.client->read(6), "before"_ba);
    resetting.client->reset();
    QVERIFY(other.client->waitForClosed());
    QTRY_COMPARE(finished.size(), 1);
    const auto reason = finished.at(0).at(0).value<Relay::Reason>();
#ifdef TIDEPOOL_PORTABLE // Qt shows a reset as an ordinary end.
    QCOMPARE(reason, firstResets ? Relay::Reason::FirstClosed : Relay::Reason::SecondClosed);
#else
    QCOMPARE(reason, firstResets ? Relay::Reason::FirstFailed : Relay::Reason::SecondFailed);
    QVERIFY2(relay.errorText().contains("reset"_L1), qPrintable(relay.errorText()));
#endif
    QTRY_COMPARE(m_ends->leased(), 0);
}

void tst_RelayEnding::bytesBeforeAResetArrive()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(true);
    first.client->write("last words");
    QVERIFY(first.client->socket()->waitForBytesWritten(5'000) || first.client->socket()->bytesToWrite() == 0);
    first.client->reset(); // what the other system has already stays readable there
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QCOMPARE(second.client->read(10), "last words"_ba);
    QTRY_COMPARE(finished.size(), 1);
    QVERIFY(second.client->waitForClosed());
}

void tst_RelayEnding::brokenTlsIsAFailure_data()
{
    QTest::addColumn<bool>("isFirst");
    QTest::newRow("the first") << true;
    QTest::newRow("the second") << false;
}

// What a change on the way, or a broken peer, looks like.
void tst_RelayEnding::brokenTlsIsAFailure()
{
    QFETCH(bool, isFirst);
    RelayEnd broken = m_ends->make(true);
    RelayEnd other = m_ends->make(false);
    Relay relay(isFirst ? broken.connection : other.connection, isFirst ? other.connection : broken.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    broken.client->write("before");
    QCOMPARE(other.client->read(6), "before"_ba);
    QVERIFY(writeBelowTls(*broken.client->socket(), QByteArray(64, 'x')));
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(),
             isFirst ? Relay::Reason::FirstFailed : Relay::Reason::SecondFailed);
    QVERIFY(!relay.errorText().isEmpty());
    QVERIFY(other.client->waitForClosed());
}

void tst_RelayEnding::idleTimeout()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(true);
    Relay relay(first.connection, second.connection);
    QCOMPARE(relay.idleTimeout(), 10min);
    relay.setIdleTimeout(300ms);
    QSignalSpy finished(&relay, &Relay::finished);
    QElapsedTimer clock;
    clock.start();
    relay.start();
    QTRY_COMPARE(finished.size(), 1);
    QVERIFY2(clock.elapsed() >= 290, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::IdleTimeout);
    QVERIFY(first.client->waitForClosed());
    QVERIFY(second.client->waitForClosed());
}

void tst_RelayEnding::trafficKeepsItAlive()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    Relay relay(first.connection, second.connection);
    relay.setIdleTimeout(1s);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    // One way is enough.
    for (int i = 0; i < 12; ++i) {
        first.client->write("tick");
        QCOMPARE(second.client->read(4), "tick"_ba);
        QVERIFY(!QTest::qWaitFor([&] { return !finished.isEmpty(); }, 120));
    }
    QTRY_COMPARE(finished.size(), 1);
}

void tst_RelayEnding::stops()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    QSignalSpy running(&relay, &Relay::runningChanged);
    relay.start();
    relay.stop();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::Stopped);
    QVERIFY(first.client->waitForClosed());
    QVERIFY(second.client->waitForClosed());
    QVERIFY(!relay.isRunning());
    QTRY_COMPARE(running.size(), 2);
    relay.stop();
    relay.start(); // once only
    QVERIFY(!QTest::qWaitFor([&] { return finished.size() > 1; }, 100));
}

void tst_RelayEnding::stopsAtTheStart()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    QObject::connect(&relay, &Relay::runningChanged, &relay, &Relay::stop);
    relay.start();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::Stopped);
    QVERIFY(first.client->waitForClosed());
    QVERIFY(second.client->waitForClosed());
}

void tst_RelayEnding::destroyedWhileRunning()
{
    RelayEnd first = m_ends->make(true);
    RelayEnd second = m_ends->make(false);
    {
        Relay relay(first.connection, second.connection);
        relay.start();
        first.client->write(pattern(1'000'000));
        QVERIFY(second.client->read(1).size() == 1);
    }
    QVERIFY(first.client->waitForClosed());
    QVERIFY(second.client->waitForClosed());
    QTRY_COMPARE(m_ends->leased(), 0);

    // And one that was never started.
    RelayEnd third = m_ends->make(false);
    RelayEnd fourth = m_ends->make(false);
    {
        const Relay relay(third.connection, fourth.connection);
        third = {std::move(third.client), {}};
        fourth = {std::move(fourth.client), {}};
    }
    QVERIFY(third.client->waitForClosed());
    QVERIFY(fourth.client->waitForClosed());
}

void tst_RelayEnding::destroyedInItsOwnSignal_data()
{
    using Wire = std::function<void(Relay &, const std::function<void()> &)>;
    QTest::addColumn<Wire>("wire");
    const auto row = [](const char *name, auto signal) {
        QTest::newRow(name) << Wire([signal](Relay &relay, const std::function<void()> &action) {
            QObject::connect(&relay, signal, &relay, action);
        });
    };
    row("runningChanged", &Relay::runningChanged);
    row("bytesChanged", &Relay::bytesChanged);
    row("finished", &Relay::finished);
    QTest::newRow("runningChanged at the end") << Wire([](Relay &relay, const std::function<void()> &action) {
        QObject::connect(&relay, &Relay::runningChanged, &relay, [action](bool running) {
            if (!running)
                action();
        });
    });
}

void tst_RelayEnding::destroyedInItsOwnSignal()
{
    using Wire = std::function<void(Relay &, const std::function<void()> &)>;
    QFETCH(Wire, wire);
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(true);
    QPointer<Relay> relay = new Relay(first.connection, second.connection);
    wire(*relay, [&] { delete relay; });
    first.client->write("last words");
    first.client->close(); // so that bytes and the end may come in one turn
    relay->start();
    QTRY_VERIFY(!relay);
    QVERIFY(second.client->waitForClosed());
    QTRY_COMPARE(m_ends->leased(), 0);
}

void tst_RelayEnding::connectionThatIsDeadAlready()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    first.client->write("farewell");
    first.client->close();
    QVERIFY(first.client->waitForClosed());
    Relay relay(first.connection, second.connection);
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QVERIFY(second.client->waitForClosed());
    QCOMPARE(second.client->read(8), "farewell"_ba);
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::FirstClosed);
}

void tst_RelayEnding::emptyConnection_data()
{
    QTest::addColumn<bool>("isFirst");
    QTest::newRow("the first") << true;
    QTest::newRow("the second") << false;
}

void tst_RelayEnding::emptyConnection()
{
    QFETCH(bool, isFirst);
    RelayEnd end = m_ends->make(false);
    Relay relay(isFirst ? Connection() : end.connection, isFirst ? end.connection : Connection());
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::NotStarted);
    QVERIFY(!relay.errorText().isEmpty());
    QVERIFY(end.client->waitForClosed());
}

QTEST_GUILESS_MAIN(tst_RelayEnding)
#include "tst_relay_ending.moc"
