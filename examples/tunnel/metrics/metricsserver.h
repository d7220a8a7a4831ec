// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "metricspage.h"

#include <QtCore/QTimer>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

namespace Tunnel {

/// One client of the page: reads the request's head, answers, closes the connection, and deletes itself.
///
/// Supports the part of HTTP/1.1 that a scrape needs: one request for each connection, and no body.
class MetricsClient : public QObject
{
    Q_OBJECT

public:
    MetricsClient(qintptr descriptor, const MetricsPage::Text &text, QObject *parent);

private:
    void read();
    void answer();
    void send(int status, const QByteArray &reason, const QByteArray &type, const QByteArray &body);
    void end();

    const MetricsPage::Text &m_text;
    QTcpSocket m_socket;
    QTimer m_timer;
    QByteArray m_request;
    bool m_isHead = false; ///< A HEAD request, which needs no body.
    bool m_isAnswered = false;
};

/// Accepts clients. A silent client costs only a socket and does not block other clients.
class MetricsServer : public QTcpServer
{
    Q_OBJECT

public:
    explicit MetricsServer(MetricsPage::Text text);

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    const MetricsPage::Text m_text;
    QTimer m_resume;
};

} // namespace Tunnel
