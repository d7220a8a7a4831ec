// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs the code of README.md as it stands there.

#include "support/poolhelpers.h"
#include "support/process.h"
#include "support/testpeer.h"

#include <tidepool/tidepool.h>

#include <QtCore/QDebug>
#include <QtCore/QThread>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace Tidepool;
using namespace TestSupport;
using namespace Qt::StringLiterals;

namespace {

void takeInThread(ClientPool &pool)
{
#include "thread.inc"
}

void useAnyServer(ClientPool &pool)
{
#include "anyserver.inc"
}

void startRelay(const Connection &first, const Connection &second)
{
#include "relay.inc"
}

} // namespace

class tst_Readme : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void serverAndClient();
    void thread();
    void anyServer();
    void relay();
};

void tst_Readme::serverAndClient()
{
    SKIP_IF_PROCESSES_CONFUSE();
    Process server;
    QVERIFY(server.run(QStringLiteral(README_SERVER), {}));
    QTRY_VERIFY(server.errors().endsWith('\n'));
    const QStringList command = QString::fromUtf8(server.errors()).trimmed().section(u"Run: "_s, 1).split(u' ');
    QCOMPARE(command.value(0), u"client"_s);

    Process client;
    QVERIFY(client.run(QStringLiteral(README_CLIENT), command.mid(1)));
    QTRY_COMPARE(client.state(), QProcess::NotRunning);
    QVERIFY2(client.exitCode() == 0 && client.errors().contains("\"Hello, world\""), client.errors().constData());
}

void tst_Readme::thread()
{
    PeerScript script;
    script.behind = "early\n";
    const TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    QTest::ignoreMessage(QtInfoMsg, "\"early\\n\"");
    const std::unique_ptr<QThread> thread(QThread::create([&pool] { takeInThread(pool); }));
    thread->start();
    QTRY_VERIFY(thread->isFinished());
    QCOMPARE(pool.status().takenTotal, 1);
}

void tst_Readme::anyServer()
{
    PeerScript script;
    script.greeting = PeerScript::Greeting::Nothing;
    const TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer);
    QTest::ignoreMessage(QtInfoMsg, "\"PING\\r\\n\"");
    useAnyServer(pool);
    QTRY_COMPARE(pool.status().givenBack, 1);
}

void tst_Readme::relay()
{
    PeerScript script;
    script.then = PeerScript::Then::Listen;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer);
    pool.start();
    const TakeResult first = await(pool.take());
    const TakeResult second = await(pool.take());
    VERIFY_TAKEN(first);
    VERIFY_TAKEN(second);
    const ConnectionId ends[] = {first.connection().id(), second.connection().id()};
    startRelay(first.connection(), second.connection());
    peer.send(ends[0], "hello");
    QTRY_COMPARE(peer.received(ends[1]), "hello"_ba);
    peer.close(ends[0]);
    QTRY_VERIFY(!peer.openIds().contains(ends[1]));
}

QTEST_GUILESS_MAIN(tst_Readme)
#include "tst_readme.moc"
