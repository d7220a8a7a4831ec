// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Who closes a TLS connection says so: to a peer that hears of no close_notify, an end is a truncated answer.

#include "support/loopthread.h"
#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <QtCore/QElapsedTimer>

#include <latch>
#include <memory>
#include <thread>
#include <utility>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

enum class Use { Untouched, Here, InALoop, InAThread, InAThreadThatHasEnded, InALoopThatHasEnded };
enum class Left { Nothing, Unread, Unsent };

/// A server pool, and a client that notes how its connection ends.
struct Listener
{
    Listener()
    {
        pool.setTls(tlsMode(TlsMode::SelfSigned));
        if (!pool.listen(QHostAddress::LocalHost))
            return;
        client = std::make_unique<RawClient>(pool.serverPort());
        QObject::connect(client->socket(), &QSslSocket::alertReceived, client->socket(),
                         [this](QSsl::AlertLevel, QSsl::AlertType type) {
                             hasClosedTls = hasClosedTls || type == QSsl::AlertType::CloseNotify;
                         });
        if (client->encrypt())
            id = client->readHexId();
    }

    ServerPool pool;
    std::unique_ptr<RawClient> client;
    ConnectionId id;
    bool hasClosedTls = false;
};

void use(QSslSocket *socket, Left left)
{
    while (socket->bytesAvailable() < 8 && socket->waitForReadyRead(5'000)) {}
    (void)socket->read(8);
    if (left == Left::Unsent)
        socket->write("answer");
}

} // namespace

class tst_TakeCloseNotify : public QObject
{
    Q_OBJECT

private slots:
    void afterUse_data();
    void afterUse();
    void fromASignal();
    void ofParkedOnes_data();
    void ofParkedOnes();
};

void tst_TakeCloseNotify::afterUse_data()
{
    QTest::addColumn<Use>("how");
    QTest::addColumn<Left>("left");
    QTest::newRow("socket untouched") << Use::Untouched << Left::Nothing;
    QTest::newRow("socket untouched, unread bytes") << Use::Untouched << Left::Unread;
    const auto add = [](const char *where, Use how) {
        QTest::addRow("%s", where) << how << Left::Nothing;
        QTest::addRow("%s, unread bytes", where) << how << Left::Unread;
        QTest::addRow("%s, unsent bytes", where) << how << Left::Unsent;
    };
    add("used here", Use::Here);
    add("used in a thread with a loop", Use::InALoop);
    add("used in a thread without one", Use::InAThread);
    add("the thread has ended", Use::InAThreadThatHasEnded);
    add("the thread with a loop has ended", Use::InALoopThatHasEnded);
}

void tst_TakeCloseNotify::afterUse()
{
    QFETCH(Use, how);
    QFETCH(Left, left);
    Listener listener;
    QVERIFY(listener.id.isValid());
    if (how != Use::Untouched)
        listener.client->write("question");
    Connection connection = await(listener.pool.take(listener.id)).connection();
    QVERIFY(connection);
    const auto useIt = [&] { use(connection.socket(), left); };
    const auto leaveUnread = [&] {
        if (left == Left::Unread)
            listener.client->write("unread"); // nobody runs the socket's loop before it closes
    };
    switch (how) {
    case Use::Untouched:
        leaveUnread();
        break;
    case Use::Here:
        useIt();
        leaveUnread();
        break;
    case Use::InAThread: {
        std::latch used(1);
        std::latch said(1);
        std::thread thread([&] {
            useIt();
            used.count_down();
            said.wait();
            connection = Connection();
        });
        used.wait();
        leaveUnread();
        said.count_down();
        thread.join();
        break;
    }
    case Use::InAThreadThatHasEnded:
        std::thread(useIt).join();
        leaveUnread();
        break;
    case Use::InALoop:
    case Use::InALoopThatHasEnded: {
        LoopThread thread;
        thread.run(useIt);
        leaveUnread();
        if (how == Use::InALoop) {
            connection = Connection();
            QVERIFY(listener.client->waitForClosed(4'500ms));
        }
        break;
    }
    }
    connection = Connection();
    QElapsedTimer timer;
    timer.start();
    QVERIFY(listener.client->waitForClosed(8s));
    QVERIFY(timer.elapsed() < 4'500); // and not when somebody's patience ends
    QVERIFY(listener.hasClosedTls);
    QCOMPARE(listener.client->socket()->readAll().size(), left == Left::Unsent ? 6 : 0);
    QTRY_COMPARE(listener.pool.status().leased, 0);
}

// Qt's own code goes on behind the signal, with a socket that is closed.
void tst_TakeCloseNotify::fromASignal()
{
    Listener listener;
    QVERIFY(listener.id.isValid());
    const auto connection = std::make_shared<Connection>(await(listener.pool.take(listener.id)).connection());
    QVERIFY(*connection);
    QSslSocket *socket = connection->socket();
    QObject::connect(socket, &QSslSocket::readyRead, socket, [socket, connection] {
        socket->write(socket->readAll());
        *connection = Connection();
    });
    listener.client->write("question");
    QVERIFY(listener.client->waitForClosed(4'500ms));
    QVERIFY(listener.hasClosedTls);
    QCOMPARE(listener.client->socket()->readAll(), "question");
}

void tst_TakeCloseNotify::ofParkedOnes_data()
{
    QTest::addColumn<bool>("closes");
    QTest::newRow("close") << true;
    QTest::newRow("flush") << false;
}

void tst_TakeCloseNotify::ofParkedOnes()
{
    QFETCH(bool, closes);
    Listener listener;
    QVERIFY(listener.id.isValid());
    QTRY_COMPARE(listener.pool.active(), 1);
    if (closes)
        listener.pool.close();
    else
        listener.pool.flush();
    QVERIFY(listener.client->waitForClosed(4'500ms));
    QVERIFY(listener.hasClosedTls);
}

QTEST_GUILESS_MAIN(tst_TakeCloseNotify)
#include "tst_take_closenotify.moc"
