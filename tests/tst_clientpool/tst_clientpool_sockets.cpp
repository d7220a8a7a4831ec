// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What the system is told about the sockets of both ends.

#include "support/poolhelpers.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;

class tst_ClientPoolSockets : public QObject
{
    Q_OBJECT

private slots:
    void sendAtOnceAndStayHere_data();
    void sendAtOnceAndStayHere();
    void anySourceAddressIsNoFamily();
};

void tst_ClientPoolSockets::sendAtOnceAndStayHere_data()
{
    addPlainAndTls();
}

// A word does not wait for more words, and a program that the application starts does not inherit the connection.
void tst_ClientPoolSockets::sendAtOnceAndStayHere()
{
    QFETCH(bool, encrypted);
    const TlsOptions tls = tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None);
    ServerPool server;
    server.setTls(tls);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ClientPool client(u"127.0.0.1"_s, server.serverPort());
    client.setTls(tls);
    client.start();
    for (Pool *pool : {static_cast<Pool *>(&server), static_cast<Pool *>(&client)}) {
        const TakeResult taken = await(pool->take());
        VERIFY_TAKEN(taken);
        const int descriptor = static_cast<int>(taken.connection().socket()->socketDescriptor());
        int noDelay = 0;
        socklen_t size = sizeof noDelay;
        QCOMPARE(getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &noDelay, &size), 0);
        QVERIFY2(noDelay != 0, pool->metaObject()->className());
        QVERIFY2((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0, pool->metaObject()->className());
    }
}

void tst_ClientPoolSockets::anySourceAddressIsNoFamily()
{
    const TestPeer peer({}, QHostAddress(QHostAddress::LocalHostIPv6));
    ClientPool pool;
    configure(pool, peer, 1);
    pool.setHost(u"::1"_s);
    pool.setSourceAddress(QHostAddress(QHostAddress::Any));
    pool.start();
    QTRY_VERIFY2(pool.active() == 1, qPrintable(pool.lastError().message()));
}

QTEST_GUILESS_MAIN(tst_ClientPoolSockets)
#include "tst_clientpool_sockets.moc"
