// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Takes one connection at each end over loopback TLS and sends a word through it.

#include <tidepool/tidepool.h>

#include <QtCore/QCoreApplication>
#include <QtNetwork/QSslSocket>

#include <cstdio>

int main(int argc, char *argv[])
{
    using namespace Tidepool;
    const QCoreApplication application(argc, argv);

    TlsOptions tls;
    tls.mode = TlsMode::SelfSigned;
    ServerPool server;
    server.setTls(tls);
    if (!server.listen(QHostAddress::LocalHost))
        return 1;
    ClientPool client(QStringLiteral("127.0.0.1"), server.serverPort());
    client.setTls(tls);
    client.start();

    const TakeResult near = client.take().result();
    if (!near)
        return 2;
    const TakeResult far = server.take(near.connection().id()).result();
    if (!far)
        return 3;
    near.connection().socket()->write("tidepool");
    near.connection().socket()->waitForBytesWritten();
    if (!far.connection().socket()->waitForReadyRead() || far.connection().socket()->readAll() != "tidepool")
        return 4;
    std::puts("one connection taken at both ends");
    return 0;
}
