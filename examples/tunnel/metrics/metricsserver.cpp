// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "metricsserver.h"

#include "../log.h"

#include <QtNetwork/QNetworkProxy>

#include <chrono>
#include <utility>

namespace Tunnel {

namespace {

// The time for the request's head. A scrape sends the head in one piece.
constexpr std::chrono::seconds headTime{2};
// The time for the client to read the answer, about 50 KB.
constexpr std::chrono::seconds answerTime{5};
// The time to read the rest of a request that is longer than its head. Without this, closing would reset the connection
// before the client has read the answer.
constexpr std::chrono::milliseconds lingeringTime{500};
// At this limit, a new client replaces the oldest one. Prometheus and manual readers are only a few clients.
constexpr qsizetype maximumClients = 64;
constexpr qsizetype maximumHead = 16 * 1024;
// After "too many open files", QTcpServer accepts nothing until accepting is resumed.
constexpr std::chrono::milliseconds pauseAfterNoDescriptor{200};

} // namespace

MetricsClient::MetricsClient(qintptr descriptor, const MetricsPage::Text &text, QObject *parent)
    : QObject(parent), m_text(text)
{
    m_socket.setProxy(QNetworkProxy::NoProxy);
    m_socket.setReadBufferSize(maximumHead);
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &QObject::deleteLater);
    connect(&m_socket, &QIODevice::readyRead, this, &MetricsClient::read);
    connect(&m_socket, &QAbstractSocket::disconnected, this, &QObject::deleteLater);
    m_timer.start(headTime);
    if (!m_socket.setSocketDescriptor(descriptor))
        deleteLater();
}

void MetricsClient::read()
{
    const QByteArray bytes = m_socket.readAll();
    if (m_isAnswered)
        return;
    m_request += bytes;
    if (m_request.contains("\r\n\r\n") || m_request.contains("\n\n"))
        answer();
    else if (m_request.size() >= maximumHead)
        send(431, "Request Header Fields Too Large", "text/plain; charset=utf-8", "The request is too long.\n");
}

void MetricsClient::answer()
{
    const QByteArray plainText = QByteArrayLiteral("text/plain; charset=utf-8");
    const QList<QByteArray> line = m_request.left(m_request.indexOf('\n')).trimmed().split(' ');
    if (line.size() != 3 || !line.at(2).startsWith("HTTP/1.")) {
        send(400, "Bad Request", plainText, "This is not HTTP/1.1.\n");
        return;
    }
    const QByteArray &method = line.at(0);
    const QByteArray path = line.at(1).split('?').constFirst();
    m_isHead = method == "HEAD";
    if (path != "/metrics")
        send(404, "Not Found", plainText, "Not found. The metrics are at /metrics.\n");
    else if (method != "GET" && !m_isHead)
        send(405, "Method Not Allowed", plainText, "Not allowed. Ask for /metrics by GET.\n");
    else
        send(200, "OK", "text/plain; version=0.0.4; charset=utf-8", QByteArray::fromStdString(m_text()));
}

void MetricsClient::send(int status, const QByteArray &reason, const QByteArray &type, const QByteArray &body)
{
    m_isAnswered = true;
    QByteArray answer = "HTTP/1.1 " + QByteArray::number(status) + ' ' + reason + "\r\nContent-Type: " + type
        + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\nConnection: close\r\n";
    if (status == 405)
        answer += "Allow: GET, HEAD\r\n";
    answer += "\r\n";
    if (!m_isHead)
        answer += body;
    m_socket.write(answer);
    m_socket.flush(); // at once, because QTcpSocket closes both directions when the client has ended its own
    m_request.clear();
    m_timer.start(answerTime);
    if (status == 200)
        end();
    else
        QTimer::singleShot(lingeringTime, this, &MetricsClient::end);
}

void MetricsClient::end()
{
    m_socket.disconnectFromHost(); // after the unsent bytes
}

MetricsServer::MetricsServer(MetricsPage::Text text) : m_text(std::move(text))
{
    setProxy(QNetworkProxy::NoProxy);
    m_resume.setSingleShot(true);
    m_resume.setInterval(pauseAfterNoDescriptor);
    connect(&m_resume, &QTimer::timeout, this, &QTcpServer::resumeAccepting);
    connect(this, &QTcpServer::acceptError, this, [this] {
        qCDebug(lcTunnel).noquote() << "metrics:" << errorString();
        m_resume.start();
    });
}

void MetricsServer::incomingConnection(qintptr descriptor)
{
    const auto clients = findChildren<MetricsClient *>(QString(), Qt::FindDirectChildrenOnly); // oldest first
    if (clients.size() >= maximumClients)
        delete clients.constFirst();
    new MetricsClient(descriptor, m_text, this);
}

} // namespace Tunnel
