// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Bytes under way through a Relay.

#include "relayends.h"
#include "support/eventloopmonitor.h"

#include <QtCore/QCryptographicHash>
#include <QtCore/QElapsedTimer>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_RelayFlow : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_ends = std::make_unique<RelayEnds>(); }
    void carriesBothWays_data();
    void carriesBothWays();
    void bytesThatCameEarlyGoFirst();
    void plainSockets();
    void countsAndNotifies();
    void stalledReaderHoldsTheSenderBack_data();
    void stalledReaderHoldsTheSenderBack();
    void manyAtOnce();
    void leavesTheEventLoopAlone();

private:
    std::unique_ptr<RelayEnds> m_ends;
};

void tst_RelayFlow::carriesBothWays_data()
{
    QTest::addColumn<bool>("firstEncrypted");
    QTest::addColumn<bool>("secondEncrypted");
    QTest::newRow("plain to plain") << false << false;
    QTest::newRow("TLS to plain") << true << false;
    QTest::newRow("TLS to TLS") << true << true;
}

void tst_RelayFlow::carriesBothWays()
{
    QFETCH(bool, firstEncrypted);
    QFETCH(bool, secondEncrypted);
    RelayEnd first = m_ends->make(firstEncrypted);
    RelayEnd second = m_ends->make(secondEncrypted);
    Relay relay(first.connection, second.connection);
    QVERIFY(!first.connection.isValid()); // the relay has taken both over
    QVERIFY(!second.connection.isValid());
    QVERIFY(!relay.isRunning());
    relay.start();
    QVERIFY(relay.isRunning());
    const QByteArray there = pattern(3'000'000);
    const QByteArray back = pattern(1'500'001);
    first.client->write(there);
    second.client->write(back);
    QByteArray atSecond;
    QByteArray atFirst;
    QTRY_VERIFY_WITH_TIMEOUT((atSecond += second.client->socket()->readAll()).size() >= there.size()
                                 && (atFirst += first.client->socket()->readAll()).size() >= back.size(),
                             20'000);
    atFirst += first.client->socket()->readAll();
    QTRY_VERIFY((atFirst += first.client->socket()->readAll()).size() >= back.size());
    QVERIFY(atSecond == there);
    QVERIFY(atFirst == back);
    QCOMPARE(relay.bytesFromFirst(), there.size());
    QCOMPARE(relay.bytesFromSecond(), back.size());
}

void tst_RelayFlow::bytesThatCameEarlyGoFirst()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    first.client->write("early, ");
    // Some of them already in the socket's own buffer.
    QTRY_VERIFY(first.connection.socket()->bytesAvailable() == 7);
    first.client->write("later");
    Relay relay(first.connection, second.connection);
    relay.start();
    QCOMPARE(second.client->read(12), "early, later"_ba);
}

void tst_RelayFlow::plainSockets()
{
    TestPeer target;
    TestPeer source;
    {
        // Both echo: what one greets with goes round for ever.
        Relay relay(dial(source), dial(target));
        relay.start();
        QTRY_VERIFY(relay.bytesFromFirst() > 1'000 && relay.bytesFromSecond() > 1'000);
    }
    QTRY_COMPARE(source.open() + target.open(), 0);

    RelayEnd end = m_ends->make(true);
    Relay relay(end.connection, dial(target));
    relay.start();
    const ConnectionId greeting = end.client->readHexId();
    QCOMPARE(greeting, target.ids().constLast());
    end.client->write("there and back");
    QCOMPARE(end.client->read(14), "there and back"_ba);
    target.close(greeting);
    QVERIFY(end.client->waitForClosed());
}

void tst_RelayFlow::countsAndNotifies()
{
    RelayEnd first = m_ends->make(false);
    RelayEnd second = m_ends->make(false);
    Relay relay(first.connection, second.connection);
    QSignalSpy bytes(&relay, &Relay::bytesChanged);
    QSignalSpy running(&relay, &Relay::runningChanged);
    relay.start();
    QTRY_COMPARE(running.size(), 1);
    QElapsedTimer clock;
    clock.start();
    while (clock.elapsed() < 500) {
        first.client->write(QByteArray(1'000, 'c'));
        QCOMPARE(second.client->read(1'000).size(), 1'000);
    }
    QVERIFY(!bytes.isEmpty());
    QVERIFY2(bytes.size() <= clock.elapsed() / 100 + 2, qPrintable(QString::number(bytes.size())));
    QVERIFY(relay.bytesFromFirst() >= 1'000);
    QCOMPARE(relay.bytesFromFirst() % 1'000, 0);
    QCOMPARE(relay.bytesFromSecond(), 0);
    QVERIFY(relay.property("bytesFromFirst").toLongLong() == relay.bytesFromFirst());
}

void tst_RelayFlow::stalledReaderHoldsTheSenderBack_data()
{
    QTest::addColumn<bool>("senderEncrypted");
    QTest::addColumn<bool>("readerEncrypted");
    QTest::newRow("plain to plain") << false << false;
    QTest::newRow("TLS to plain") << true << false;
    QTest::newRow("plain to TLS") << false << true;
    QTest::newRow("TLS to TLS") << true << true;
}

// The reader stops reading. What the relay took in beyond the systems' buffers is what it holds in memory.
void tst_RelayFlow::stalledReaderHoldsTheSenderBack()
{
    QFETCH(bool, senderEncrypted);
    QFETCH(bool, readerEncrypted);
    RelayEnd first = m_ends->make(senderEncrypted);
    RelayEnd second = m_ends->make(readerEncrypted);
    RawClient &sender = *first.client;
    QSslSocket *reader = second.client->socket();
    reader->setReadBufferSize(4'096);
    Relay relay(first.connection, second.connection);
    relay.start();
    const QByteArray bytes = pattern(24'000'000);
    sender.socket()->write(bytes);

    // It comes to a halt well before the end; the systems' buffers hold a few megabytes at most.
    QTRY_VERIFY(relay.bytesFromFirst() > 0);
    qint64 seen = 0;
    do {
        seen = relay.bytesFromFirst();
    } while (QTest::qWaitFor([&] { return relay.bytesFromFirst() != seen; }, 300));
    QVERIFY2(seen < 16'000'000, qPrintable(QString::number(seen)));

    reader->setReadBufferSize(0);
    QCryptographicHash got(QCryptographicHash::Sha256);
    qint64 count = 0;
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            const QByteArray piece = reader->readAll();
            got.addData(piece);
            count += piece.size();
            return count >= bytes.size();
        }(),
        40'000);
    QCOMPARE(got.result(), QCryptographicHash::hash(bytes, QCryptographicHash::Sha256));
}

void tst_RelayFlow::manyAtOnce()
{
    struct Line
    {
        RelayEnd first;
        RelayEnd second;
        std::unique_ptr<Relay> relay;
        QByteArray got;
    };
    std::vector<Line> lines(30);
    const QByteArray bytes = pattern(300'000);
    for (Line &line : lines) {
        line.first = m_ends->make(true);
        line.second = m_ends->make(false);
        line.relay = std::make_unique<Relay>(line.first.connection, line.second.connection);
        line.relay->start();
        line.first.client->write(bytes);
        line.first.client->close();
    }
    for (Line &line : lines) {
        QVERIFY(line.second.client->waitForClosed(20s));
        QVERIFY(line.second.client->socket()->readAll() == bytes);
    }
}

void tst_RelayFlow::leavesTheEventLoopAlone()
{
    TestPeer target; // echoes, in its own thread
    TestPeer source;
    Relay relay(dial(source), dial(target));
    relay.start();
    QTRY_VERIFY(!source.ids().isEmpty());
    source.send(source.ids().constFirst(), pattern(200'000));
    EventLoopMonitor monitor;
    QVERIFY(monitor.runUntil([&] { return relay.bytesFromFirst() > 50'000'000; }, 20s));
    QVERIFY2(monitor.longestWork() < 150ms, qPrintable(QString::number(monitor.longestWork().count())));
    QVERIFY2(monitor.longestGap() < 2s, qPrintable(QString::number(monitor.longestGap().count())));
}

QTEST_GUILESS_MAIN(tst_RelayFlow)
#include "tst_relay_flow.moc"
