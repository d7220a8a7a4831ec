// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// The last bytes of a side that closes arrive, whatever the other side does meanwhile.

#include "relayends.h"
#include "systemsocket.h"

#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_RelayLastBytes : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init() { m_ends = std::make_unique<RelayEnds>(); }
    void answerBeforeTheQuestionEnds_data();
    void answerBeforeTheQuestionEnds();
    void readerThatSpeaksToTheDeparted();
    void slowReader();
    void lingeringEnds();

private:
    /// Its id tells which of the pool's connections is the inner end.
    Connection innerEndOf(SystemSocket &socket) { return await(m_pool.take(socket.readId())).connection(); }

    ServerPool m_pool;
    std::unique_ptr<RelayEnds> m_ends;
};

void tst_RelayLastBytes::initTestCase()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("The portable relay closes as Qt does.");
#endif
    QVERIFY(m_pool.listen(QHostAddress::LocalHost));
}

void tst_RelayLastBytes::answerBeforeTheQuestionEnds_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::newRow("plain") << false;
    QTest::newRow("TLS") << true;
}

// A server that refuses an upload in the middle: "413 Content Too Large". The uploader goes on for a while before it
// reads that.
void tst_RelayLastBytes::answerBeforeTheQuestionEnds()
{
    QFETCH(bool, encrypted);
    SystemSocket service(m_pool.serverPort());
    RelayEnd uploader = m_ends->make(encrypted);
    uploader.client->socket()->setReadBufferSize(4'096);
    Relay relay(uploader.connection, innerEndOf(service));
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();

    const QByteArray answer = pattern(2'000'000);
    uploader.client->socket()->write(pattern(20'000'000));
    std::thread server([&] {
        (void)service.read(1'000);
        service.write(answer);
        service.endWriting();
        while (!service.read(100'000).isEmpty()) {} // as a good server does before it closes
        service.close();
    });
    QTRY_COMPARE(relay.bytesFromSecond(), answer.size()); // it has all of it, and most is under way
    uploader.client->socket()->setReadBufferSize(256 * 1024);
    QByteArray got;
    const bool isWhole =
        QTest::qWaitFor([&] { return (got += uploader.client->socket()->readAll()).size() >= answer.size(); }, 10'000);
    uploader.client->close();
    uploader.client->reset();
    server.join();
    QVERIFY2(isWhole, qPrintable(QString::number(got.size())));
    QVERIFY(got == answer);
    QTRY_COMPARE(finished.size(), 1);
    QTRY_COMPARE(m_ends->leased() + m_pool.status().leased, 0);
}

// What one side sent before it went is in the relay's hands; what the other still says to it meets a reset.
void tst_RelayLastBytes::readerThatSpeaksToTheDeparted()
{
    SystemSocket sender(m_pool.serverPort());
    SystemSocket reader(m_pool.serverPort(), 50'000);
    Relay relay(innerEndOf(sender), innerEndOf(reader));
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();

    // Until nothing moves any more, because the reader does not read.
    const QByteArray piece = pattern(50'000);
    QByteArray sent = piece;
    sender.write(piece);
    QTRY_VERIFY(relay.bytesFromFirst() > 0); // it began, for which it needs this thread's event loop
    bool isTaken = true;
    while (isTaken && sent.size() < 200'000'000) {
        sender.write(piece);
        sent += piece;
        isTaken = sender.isAcknowledged(300ms);
    }
    QVERIFY(!isTaken);
    QByteArray got;
    while (!sender.isAcknowledged(10ms))
        got += reader.read(40'000);
    sender.close();
    reader.write("answered by a reset");
    QTRY_COMPARE(relay.bytesFromSecond(), 19);
    reader.write("met by it");
    QTRY_COMPARE(relay.bytesFromSecond(), 28);
    got += reader.readToTheEnd();
    QCOMPARE(got.size(), sent.size());
    QVERIFY(got == sent);
    reader.close();
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::FirstClosed);
}

// Nothing comes from the side that closed; that the other takes bytes is progress, too.
void tst_RelayLastBytes::slowReader()
{
    RelayEnd sender = m_ends->make(false);
    SystemSocket reader(m_pool.serverPort(), 50'000);
    Relay relay(sender.connection, innerEndOf(reader));
    relay.setIdleTimeout(1s);
    relay.start();
    const QByteArray bytes = pattern(4'000'000);
    QByteArray got;
    std::thread readerThread([&] {
        QByteArray piece;
        do {
            std::this_thread::sleep_for(50ms);
            piece = reader.read(40'000);
            got += piece;
        } while (!piece.isEmpty());
        reader.close();
    });
    sender.client->socket()->write(bytes);
    sender.client->close();
    QSignalSpy finished(&relay, &Relay::finished);
    const bool isOver = QTest::qWaitFor([&] { return !finished.isEmpty(); }, 20'000);
    readerThread.join();
    QVERIFY(isOver);
    QCOMPARE(got.size(), bytes.size());
    QVERIFY(got == bytes);
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::FirstClosed);
}

// A side that never closes in its turn does not keep the relay.
void tst_RelayLastBytes::lingeringEnds()
{
    RelayEnd sender = m_ends->make(true);
    SystemSocket stubborn(m_pool.serverPort());
    Relay relay(sender.connection, innerEndOf(stubborn));
    QSignalSpy finished(&relay, &Relay::finished);
    relay.start();
    sender.client->close();
    QTRY_COMPARE_WITH_TIMEOUT(finished.size(), 1, 10'000);
    QCOMPARE(stubborn.readToTheEnd(), QByteArray());
    QCOMPARE(finished.at(0).at(0).value<Relay::Reason>(), Relay::Reason::FirstClosed);
    QTRY_COMPARE(m_ends->leased() + m_pool.status().leased, 0);
}

QTEST_GUILESS_MAIN(tst_RelayLastBytes)
#include "tst_relay_lastbytes.moc"
