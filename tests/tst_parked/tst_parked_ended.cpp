// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Connections that end before anybody takes them.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ParkedEnded : public QObject
{
    Q_OBJECT

private slots:
    void abortedByTheDialer_data();
    void abortedByTheDialer();
};

void tst_ParkedEnded::abortedByTheDialer_data()
{
    addPlainAndTls();
}

// A dialer that looks at the peer when the connection is up, and does not like it.
void tst_ParkedEnded::abortedByTheDialer()
{
    QFETCH(bool, encrypted);
    PeerScript script = PeerScript::echoing(encrypted);
    script.greeting = PeerScript::Greeting::Nothing;
    TestPeer peer(script);
    ClientPool pool;
    configure(pool, peer, 1);
    makeImpatient(pool);
    pool.setIdentity(Identity::Local);
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    pool.setDialer([encrypted, port = peer.port()](QSslSocket &socket) {
        const auto abort = [&socket] { socket.abort(); };
        if (encrypted)
            connect(&socket, &QSslSocket::encrypted, &socket, abort);
        else
            connect(&socket, &QAbstractSocket::connected, &socket, abort);
        socket.connectToHost(u"127.0.0.1"_s, port);
    });
    QSignalSpy failed(&pool, &Pool::attemptFailed);
    pool.start();
    QTRY_VERIFY(failed.size() >= 3);
    QCOMPARE(failed.constFirst().constFirst().value<PoolError>().phase(), Phase::Validate);
    const PoolStatus status = pool.status();
    QCOMPARE(status.established, 0);
    QCOMPARE(status.parked, 0);
    QCOMPARE(status.checking, 0);
    QVERIFY(status.state != PoolState::Ready);
    QVERIFY(!status.lastError.isEmpty());
    VERIFY_BOOKS(pool);
}

QTEST_GUILESS_MAIN(tst_ParkedEnded)
#include "tst_parked_ended.moc"
