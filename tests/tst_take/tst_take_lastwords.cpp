// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// An answer reaches the peer whole, also if the last handle goes before all of the question was read.

#include "support/loopthread.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"
#include "support/resources.h"

#include <QtCore/QElapsedTimer>

#include <latch>
#include <memory>
#include <thread>
#include <utility>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {
/// What the peer says, beside its question.
enum class Talk { Nothing, UnreadTail, Afterwards, WithoutEnd };

/// A server pool and a client whose connection was taken.
struct Conversation
{
    explicit Conversation(bool encrypted)
    {
        pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
        if (!pool.listen(QHostAddress::LocalHost))
            return;
        client = std::make_unique<RawClient>(pool.serverPort());
        if (encrypted && !client->encrypt())
            return;
        connection = await(pool.take(client->readHexId())).connection();
    }
    /// What the client gets until the connection ends, while it says more or not.
    [[nodiscard]] QByteArray answer(bool saysMore)
    {
        QByteArray got;
        const auto isEnded = [&] {
            if (saysMore)
                client->socket()->write(QByteArray(20'000, 'm'));
            got += client->socket()->readAll();
            return client->socket()->state() == QAbstractSocket::UnconnectedState;
        };
        (void)QTest::qWaitFor(isEnded, 10'000);
        return got + client->socket()->readAll();
    }

    ServerPool pool;
    std::unique_ptr<RawClient> client;
    Connection connection;
};
} // namespace

class tst_TakeLastWords : public QObject
{
    Q_OBJECT

private slots:
    void arriveWhole_data();
    void arriveWhole();
    void fromAThreadWithoutALoop_data() { addPlainAndTls(); }
    void fromAThreadWithoutALoop();
    void letGoElsewhere_data() { addPlainAndTls(); }
    void letGoElsewhere();
    void aPeerThatNeverEnds_data() { addPlainAndTls(); }
    void aPeerThatNeverEnds();
};

void tst_TakeLastWords::arriveWhole_data()
{
    QTest::addColumn<bool>("encrypted");
    QTest::addColumn<Talk>("talk");
    QTest::addColumn<int>("size");
    for (const bool encrypted : {false, true}) {
        const char *tls = encrypted ? "TLS" : "plain";
        for (const int size : {200'000, 5'000'000}) {
            QTest::addRow("%s, all was read, %d bytes", tls, size) << encrypted << Talk::Nothing << size;
            QTest::addRow("%s, a part was left unread, %d bytes", tls, size) << encrypted << Talk::UnreadTail << size;
            QTest::addRow("%s, the peer speaks afterwards, %d bytes", tls, size)
                << encrypted << Talk::Afterwards << size;
            QTest::addRow("%s, the peer goes on speaking, %d bytes", tls, size)
                << encrypted << Talk::WithoutEnd << size;
        }
    }
}

void tst_TakeLastWords::arriveWhole()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("The portable build closes as Qt does.");
#endif
    QFETCH(bool, encrypted);
    QFETCH(Talk, talk);
    QFETCH(int, size);
    Conversation talking(encrypted);
    QVERIFY(talking.connection);
    talking.client->write("question");
    QCOMPARE(readExactly(talking.connection.socket(), 8), "question"_ba);
    if (talk == Talk::UnreadTail)
        talking.client->write("and a tail"); // without the event loop, it stays in the system
    talking.connection.socket()->write(QByteArray(size, 'a'));
    talking.connection = Connection();
    if (talk == Talk::Afterwards)
        talking.client->write("thanks");
    QCOMPARE(talking.answer(talk == Talk::WithoutEnd).size(), size);
    QTRY_COMPARE(talking.pool.status().leased, 0);
    VERIFY_COUNTERS(talking.pool);
}

void tst_TakeLastWords::fromAThreadWithoutALoop()
{
    QFETCH(bool, encrypted);
    Conversation talking(encrypted);
    QVERIFY(talking.connection);
    talking.client->write("question");
    constexpr int size = 150'000; // the system takes it at once, and the peer's does not
    std::latch read(1);
    std::latch said(1);
    std::thread worker([&] {
        Connection mine = std::exchange(talking.connection, {});
        while (mine.socket()->bytesAvailable() < 8 && mine.socket()->waitForReadyRead(5'000)) {}
        (void)mine.socket()->read(8);
        read.count_down();
        said.wait();
        mine.socket()->write(QByteArray(size, 'a'));
    });
    read.wait();
    talking.client->write("and a tail");
    said.count_down();
    worker.join();
    QCOMPARE(talking.answer(false).size(), size);
    QTRY_COMPARE(talking.pool.status().leased, 0);
}

// The socket lives in a thread with an event loop.
void tst_TakeLastWords::letGoElsewhere()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("The portable build closes as Qt does.");
#endif
    QFETCH(bool, encrypted);
    Conversation talking(encrypted);
    QVERIFY(talking.connection);
    constexpr int size = 5'000'000;
    LoopThread worker;
    worker.run([&] { talking.connection.socket()->write(QByteArray(size, 'a')); });
    talking.client->write("unread");
    talking.connection = Connection();
    QCOMPARE(talking.answer(false).size(), size);
    QTRY_COMPARE(talking.pool.status().leased, 0);
}

// Nor takes it what is sent. It does not keep the connection.
void tst_TakeLastWords::aPeerThatNeverEnds()
{
    QFETCH(bool, encrypted);
    if (openDescriptors() < 0)
        QSKIP("cannot count descriptors here");
    Conversation talking(encrypted);
    QVERIFY(talking.connection);
    talking.client->socket()->setReadBufferSize(1);
    (void)talking.connection.socket();
    talking.client->write("unread");
    talking.connection.socket()->write(QByteArray(20'000'000, 'a'));
    const int before = openDescriptors();
    QElapsedTimer timer;
    timer.start();
    talking.connection = Connection();
    QVERIFY(timer.elapsed() < 4'000); // nor the holder, for the 5 s that it may take
    QTRY_COMPARE_WITH_TIMEOUT(openDescriptors(), before - 1, 8'000);
}

QTEST_GUILESS_MAIN(tst_TakeLastWords)
#include "tst_take_lastwords.moc"
