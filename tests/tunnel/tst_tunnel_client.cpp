// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "client/tunnelclient.h"
#include "server/tunnelserver.h"
#include "support/filledbacklog.h"

#include <QtNetwork/QTcpSocket>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace std::chrono_literals;
using namespace Tunnel;

/// Both ends in one process.
class tst_tunnel_client : public QObject
{
    Q_OBJECT

private slots:
    void drainCutsOffWhoIsStillJoining();
};

// The target does not answer, so the visitor is neither relayed nor refused when the time is up.
void tst_tunnel_client::drainCutsOffWhoIsStillJoining()
{
    const TestSupport::FilledBacklog target;
    if (target.port() == 0)
        QSKIP("No port that does not answer.");
    ServerSettings serverSettings;
    serverSettings.listenAddress = serverSettings.exposeAddress = QHostAddress(QHostAddress::LocalHost);
    serverSettings.secret = "a secret that only this test knows";
    TunnelServer server(serverSettings);
    QCOMPARE(server.start(), QString());

    ClientSettings settings;
    settings.server = {QStringLiteral("127.0.0.1"), server.pool().serverPort()};
    settings.target = {QStringLiteral("127.0.0.1"), target.port()};
    settings.secret = serverSettings.secret;
    settings.targetTimeout = 60s;
    TunnelClient client(settings);
    client.start();

    QTcpSocket visitor;
    visitor.connectToHost(QHostAddress(QHostAddress::LocalHost), server.exposedPort());
    QTRY_COMPARE(client.metrics().waiting.load(), 1);
    const QSignalSpy drained(&client, &TunnelClient::drained);
    client.drain(100ms);
    QCOMPARE(drained.size(), 0);
    QTRY_COMPARE(drained.size(), 1);
    QTRY_COMPARE(visitor.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(client.metrics().waiting.load(), 0);

    // Nothing of him is left that the next drain would count.
    client.drain(60s);
    QCOMPARE(drained.size(), 2);
}

QTEST_GUILESS_MAIN(tst_tunnel_client)
#include "tst_tunnel_client.moc"
