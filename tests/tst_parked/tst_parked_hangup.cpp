// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A peer that has closed is gone, even if its end stands behind more bytes than a parked connection reads.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <netinet/in.h>
#include <sys/socket.h>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

namespace {

// More than the pool reads: 64 KiB, and in TLS as much again in each of the layers below.
constexpr int muchPlain = 150'000;
constexpr int muchTls = 300'000;

/// A socket that listens, and whose connections can hold the rest of it in the system, with the end behind it.
qintptr listenWithLargeBuffers()
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int size = muchTls;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)bind(descriptor, reinterpret_cast<sockaddr *>(&address), sizeof address);
    (void)listen(descriptor, 1);
    return descriptor;
}

} // namespace

class tst_ParkedHangup : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void endBehindManyBytes_data();
    void endBehindManyBytes();
};

void tst_ParkedHangup::init()
{
#ifdef TIDEPOOL_PORTABLE
    QSKIP("Without POLLRDHUP, that a peer which spoke has closed is seen when it is taken.");
#endif
}

void tst_ParkedHangup::endBehindManyBytes_data()
{
    addPlainAndTls();
}

void tst_ParkedHangup::endBehindManyBytes()
{
    QFETCH(bool, encrypted);
    ServerPool pool;
    pool.setTls(tlsMode(encrypted ? TlsMode::SelfSigned : TlsMode::None));
    QSignalSpy readable(&pool, &Pool::connectionReadable);
    QVERIFY(pool.adopt(listenWithLargeBuffers()));
    RawClient client(pool.serverPort());
    QVERIFY(!encrypted || client.encrypt());
    QVERIFY(client.readHexId().isValid());
    QTRY_COMPARE(pool.active(), 1);
    client.write(QByteArray(encrypted ? muchTls : muchPlain, 'x'));
    QTRY_COMPARE(client.socket()->bytesToWrite() + client.socket()->encryptedBytesToWrite(), 0);
    QTRY_COMPARE(readable.size(), 1);
    QTRY_COMPARE(pool.active(), 1); // it may be examined just now
    client.close();
    QTRY_COMPARE(pool.active(), 0);
    QCOMPARE(pool.tryTake().error().kind(), ErrorKind::Empty);
}

QTEST_GUILESS_MAIN(tst_ParkedHangup)
#include "tst_parked_hangup.moc"
