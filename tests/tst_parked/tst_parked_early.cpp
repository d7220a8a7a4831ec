// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Bytes that come before the take: they are in the socket as soon as it is asked for.

#include "support/loopthread.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <thread>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ParkedEarly : public QObject
{
    Q_OBJECT

private slots:
    void bytesAreInTheSocket_data();
    void bytesAreInTheSocket();
    void bytesBehindTheId_data();
    void bytesBehindTheId();
    void bytesAfterTheFirstOnes_data();
    void bytesAfterTheFirstOnes();
    void readyReadTellsOfThem_data();
    void readyReadTellsOfThem();

private:
    /// What can be read at once in a thread with or without an event loop, or in this one.
    static QByteArray readAtOnce(const Connection &connection, const QByteArray &thread);
    static void addThreads();
};

void tst_ParkedEarly::addThreads()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<QByteArray>("thread");
    for (const bool encrypted : {false, true}) {
        for (const char *thread : {"this thread", "a thread with a loop", "a std::thread"})
            QTest::addRow("%s, %s", thread, encrypted ? "TLS" : "plain") << encrypted << QByteArray(thread);
    }
}

QByteArray tst_ParkedEarly::readAtOnce(const Connection &connection, const QByteArray &thread)
{
    QByteArray bytes;
    const auto read = [&] {
        QSslSocket *socket = connection.socket();
        bytes = socket->read(socket->bytesAvailable());
    };
    if (thread == "a thread with a loop") {
        LoopThread loop;
        loop.run(read);
    } else if (thread == "a std::thread") {
        std::thread(read).join();
    } else {
        read();
    }
    return bytes;
}

void tst_ParkedEarly::bytesAreInTheSocket_data()
{
    addThreads();
}

// A server's client speaks, the pool says so, and the server takes it.
void tst_ParkedEarly::bytesAreInTheSocket()
{
    QFETCH(bool, encrypted);
    QFETCH(QByteArray, thread);
    ServerPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    for (int i = 0; i < 10; ++i) {
        RawClient client(pool.serverPort());
        QVERIFY(!encrypted || client.encrypt());
        const ConnectionId id = client.readHexId();
        QTRY_COMPARE(pool.active(), 1);
        QSignalSpy readable(&pool, &Pool::connectionReadable);
        client.write("world");
        QTRY_COMPARE(readable.size(), 1);
        const TakeResult taken = await(pool.take(id));
        VERIFY_TAKEN(taken);
        QCOMPARE(readAtOnce(taken.connection(), thread), "world"_ba);
    }
}

void tst_ParkedEarly::bytesBehindTheId_data()
{
    addThreads();
}

void tst_ParkedEarly::bytesBehindTheId()
{
    QFETCH(bool, encrypted);
    QFETCH(QByteArray, thread);
    PeerScript script = PeerScript::echoing(encrypted);
    script.behind = "early";
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    const QFuture<TakeResult> first = pool.take(); // before it is parked
    pool.start();
    TakeResult taken = await(first);
    if (!taken)
        taken = await(pool.take());
    VERIFY_TAKEN(taken);
    QCOMPARE(readAtOnce(taken.connection(), thread), "early"_ba);
    for (int i = 0; i < 10; ++i) {
        QTRY_COMPARE(pool.active(), 1);
        taken = await(pool.take());
        VERIFY_TAKEN(taken);
        QCOMPARE(readAtOnce(taken.connection(), thread), "early"_ba);
    }
}

void tst_ParkedEarly::bytesAfterTheFirstOnes_data()
{
    addPlainAndTls();
}

// The peer has written more, the system has it, and nothing has had a turn since.
void tst_ParkedEarly::bytesAfterTheFirstOnes()
{
    QFETCH(bool, encrypted);
    ServerPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    RawClient client(pool.serverPort());
    QVERIFY(!encrypted || client.encrypt());
    const ConnectionId id = client.readHexId();
    QTRY_COMPARE(pool.active(), 1);
    client.write("first ");
    QTRY_COMPARE(readable.size(), 1);
    for (int i = 0; i < 20; ++i)
        client.write("again ");
    const auto unacknowledged = [&] {
        int count = 0;
        ::ioctl(static_cast<int>(client.socket()->socketDescriptor()), SIOCOUTQ, &count);
        return count;
    };
    QTRY_COMPARE(unacknowledged(), 0);
    const TakeResult taken = await(pool.take(id));
    VERIFY_TAKEN(taken);
    QCOMPARE(taken.connection().socket()->bytesAvailable(), 21 * 6);
}

void tst_ParkedEarly::readyReadTellsOfThem_data()
{
    addPlainAndTls();
}

// Nobody listened when they came; whoever takes the connection hears of them all the same.
void tst_ParkedEarly::readyReadTellsOfThem()
{
    QFETCH(bool, encrypted);
    ServerPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    RawClient client(pool.serverPort());
    QVERIFY(!encrypted || client.encrypt());
    const ConnectionId id = client.readHexId();
    QTRY_COMPARE(pool.active(), 1);
    client.write("hello");
    QTRY_COMPARE(readable.size(), 1);
    const TakeResult taken = await(pool.take(id));
    VERIFY_TAKEN(taken);
    QSslSocket &socket = *taken.connection().socket();
    QByteArray heard;
    connect(&socket, &QIODevice::readyRead, this, [&] { heard += socket.readAll(); });
    QTRY_COMPARE(heard, "hello"_ba);
}

QTEST_GUILESS_MAIN(tst_ParkedEarly)
#include "tst_parked_early.moc"
