// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/benchmarkerror.h"

#include <tidepool/iothreads.h>
#include <tidepool/relay.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

namespace Bench {

namespace {

std::unique_ptr<QTcpSocket> owned(QTcpSocket *socket)
{
    socket->disconnect();
    socket->setParent(nullptr);
    return std::unique_ptr<QTcpSocket>(socket);
}

// Both sockets live in the server's thread until they are connected; then a relay carries them into an I/O thread.
void relayTo(quint16 target, QTcpSocket *visitor, QTcpServer *server)
{
    auto *onward = new QTcpSocket(server);
    onward->setProxy(QNetworkProxy::NoProxy);
    QObject::connect(
        onward, &QAbstractSocket::connected, server,
        [=] {
            auto *relay = new Tidepool::Relay(owned(visitor), owned(onward), server);
            QObject::connect(relay, &Tidepool::Relay::finished, relay, &QObject::deleteLater);
            relay->start();
        },
        Qt::QueuedConnection); // a socket must not leave its thread from inside its own signal
    QObject::connect(onward, &QAbstractSocket::errorOccurred, visitor, &QAbstractSocket::abort);
    onward->connectToHost(QStringLiteral("127.0.0.1"), target);
}

} // namespace

void relayPart(const PartArguments &arguments)
{
    // As the tidepool tunnel does, and as HAProxy does with its threads.
    Tidepool::IoThreads::setCount(QThread::idealThreadCount());
    const auto target = static_cast<quint16>(arguments.number(QLatin1String("target")));
    QTcpServer server;
    server.setProxy(QNetworkProxy::NoProxy);
    server.setListenBacklogSize(1'024);
    QObject::connect(&server, &QTcpServer::newConnection, &server, [&] {
        while (QTcpSocket *visitor = server.nextPendingConnection())
            relayTo(target, visitor, &server);
    });
    if (!server.listen(QHostAddress::LocalHost))
        throw BenchmarkError(server.errorString());
    answer({{QStringLiteral("port"), server.serverPort()}});
    QCoreApplication::exec();
}

} // namespace Bench
