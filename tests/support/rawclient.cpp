// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/rawclient.h"

#include <QtCore/QtEndian>
#include <QtNetwork/QNetworkProxy>
#include <QtTest/QTest>

#include <sys/socket.h>

using Tidepool::ConnectionId;

namespace TestSupport {

namespace {

template <typename Condition>
bool waitUntil(Condition condition, std::chrono::milliseconds limit)
{
    return QTest::qWaitFor(condition, static_cast<int>(limit.count()));
}

} // namespace

RawClient::RawClient(quint16 port, const QHostAddress &address, const QHostAddress &source)
    : m_socket(std::make_unique<QSslSocket>())
{
    m_socket->setProxy(QNetworkProxy::NoProxy);
    if (!source.isNull())
        m_socket->bind(source);
    m_socket->connectToHost(address, port);
    m_socket->waitForConnected(5'000);
}

bool RawClient::encrypt(QSsl::SslProtocol protocol)
{
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setProtocol(protocol);
    configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
    return encrypt(configuration, {});
}

bool RawClient::encrypt(const QSslConfiguration &configuration, const QString &name)
{
    m_socket->setSslConfiguration(configuration);
    m_socket->setPeerVerifyName(name);
    m_socket->startClientEncryption();
    QSslSocket *socket = m_socket.get();
    return waitUntil([socket] { return socket->isEncrypted() || socket->state() == QAbstractSocket::UnconnectedState; },
                     std::chrono::seconds(5))
        && socket->isEncrypted();
}

bool RawClient::isConnected() const
{
    return m_socket->state() == QAbstractSocket::ConnectedState;
}

bool RawClient::waitForClosed(std::chrono::milliseconds limit)
{
    return waitUntil([this] { return m_socket->state() == QAbstractSocket::UnconnectedState; }, limit);
}

QByteArray RawClient::read(qsizetype count, std::chrono::milliseconds limit)
{
    const bool came = waitUntil([this, count] { return m_socket->bytesAvailable() >= count || !isConnected(); }, limit);
    Q_UNUSED(came)
    return m_socket->read(count);
}

ConnectionId RawClient::readHexId(std::chrono::milliseconds limit)
{
    return ConnectionId::fromString(QString::fromLatin1(read(8, limit))).value_or(ConnectionId());
}

ConnectionId RawClient::readRawId(std::chrono::milliseconds limit)
{
    const QByteArray bytes = read(4, limit);
    return bytes.size() == 4 ? ConnectionId(qFromBigEndian<quint32>(bytes.constData())) : ConnectionId();
}

void RawClient::write(const QByteArray &bytes)
{
    m_socket->write(bytes);
    m_socket->flush();
}

void RawClient::close()
{
    m_socket->disconnectFromHost();
}

void RawClient::reset()
{
    const linger now{1, 0};
    setsockopt(static_cast<int>(m_socket->socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    m_socket->abort();
}

std::vector<RawClient> connectMany(quint16 port, int count)
{
    std::vector<RawClient> clients;
    clients.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i)
        clients.emplace_back(port);
    return clients;
}

} // namespace TestSupport
