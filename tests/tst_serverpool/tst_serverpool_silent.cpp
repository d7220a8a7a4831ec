// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// How many clients may connect and say nothing.

#include "support/poolhelpers.h"
#include "support/rawclient.h"

#include <algorithm>

using namespace Tidepool;
using namespace TestSupport;
using namespace std::chrono_literals;

class tst_ServerPoolSilent : public QObject
{
    Q_OBJECT

private slots:
    void fourForEachHandshake();
    void isToldFromTheServersSide();
};

// The fifth waits until the oldest has had its second; a client that speaks gets through meanwhile.
void tst_ServerPoolSilent::fourForEachHandshake()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    pool.setMaximumHandshakes(1);
    Timeouts timeouts;
    timeouts.handshake = 60s;
    pool.setTimeouts(timeouts);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const std::vector<RawClient> silent = connectMany(pool.serverPort(), 12);
    int most = 0;
    const auto makesRoom = [&] {
        most = std::max(most, pool.status().handshaking);
        return pool.status().overflowed >= 4;
    };
    QTRY_VERIFY_WITH_TIMEOUT(makesRoom(), 15'000);
    QCOMPARE(most, 4);
    RawClient client(pool.serverPort());
    QVERIFY(client.encrypt());
    VERIFY_TAKEN(await(pool.take(client.readHexId())));
}

// The one who reads the message runs the server.
void tst_ServerPoolSilent::isToldFromTheServersSide()
{
    ServerPool pool;
    pool.setTls(tlsMode(TlsMode::SelfSigned));
    Timeouts timeouts;
    timeouts.handshake = 100ms;
    pool.setTimeouts(timeouts);
    QVERIFY(pool.listen(QHostAddress::LocalHost));
    const RawClient silent(pool.serverPort());
    QTRY_VERIFY(pool.lastError());
    const QString message = pool.lastError().message();
    QVERIFY2(!message.contains(u"the server"), qPrintable(message));
    QVERIFY2(message.contains(u"same TLS mode"), qPrintable(message));
}

QTEST_GUILESS_MAIN(tst_ServerPoolSilent)
#include "tst_serverpool_silent.moc"
