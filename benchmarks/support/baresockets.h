// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/enums.h>

#include <QtCore/QObject>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpServer>

#include <memory>
#include <vector>

namespace Bench {

using SocketList = std::vector<std::unique_ptr<QSslSocket>>;

/// What a program without a pool does: it dials QSslSockets in its own thread, 64 in parallel, with a pool's settings,
/// and reads each one's id.
class BareDialer : public QObject
{
    Q_OBJECT

public:
    BareDialer(quint16 port, Tidepool::TlsMode mode);
    /// Default: 127.0.0.1.
    void setHost(const QString &host) { m_host = host; }

    /// Dials @p count more and returns when they are there. Runs the event loop meanwhile. Throws BenchmarkError.
    void dial(int count);
    [[nodiscard]] SocketList &sockets() { return m_done; }

Q_SIGNALS:
    void finished();

private:
    void dialNext();
    void onConnected(QSslSocket *socket);
    void onReadyRead(QSslSocket *socket);
    void fail(const QString &why);

    QString m_host = QStringLiteral("127.0.0.1");
    quint16 m_port;
    Tidepool::TlsMode m_mode;
    QSslConfiguration m_configuration;
    int m_toDial = 0;
    int m_pending = 0;
    QString m_failure;
    SocketList m_dialling;
    SocketList m_done;
};

/// The same at the other end: accepts QSslSockets in its own thread and sends each an id.
class BareServer : public QTcpServer
{
    Q_OBJECT

public:
    explicit BareServer(Tidepool::TlsMode mode);

    [[nodiscard]] int count() const { return m_count; }

Q_SIGNALS:
    void countChanged();

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    void welcome(QSslSocket *socket);

    Tidepool::TlsMode m_mode;
    QSslConfiguration m_configuration;
    int m_count = 0;
    SocketList m_sockets;
};

} // namespace Bench
