// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "baresockets.h"

#include "benchmarkerror.h"

#include <tidepool/keepalive.h>
#include <tidepool/tlsoptions.h>

#include <QtCore/QEventLoop>
#include <QtCore/QTimer>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QSslDiffieHellmanParameters>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace Bench {

using Tidepool::TlsMode;

namespace {

constexpr int parallelDials = 64; // ClientPool's default
constexpr qint64 idSize = 8;
constexpr int patience = 60'000;

QSslConfiguration configuration()
{
    QSslConfiguration result;
    result.setProtocol(QSsl::TlsV1_3OrLater);
    result.setDiffieHellmanParameters(QSslDiffieHellmanParameters());
    result.setPeerVerifyMode(QSslSocket::VerifyNone);
    result.setCaCertificates({});
    return result;
}

// What a pool sets on its connections.
void setOptions(QSslSocket &socket)
{
    const Tidepool::KeepAlive keepAlive;
    const auto set = [&socket](int level, int name, auto value) {
        const int number = static_cast<int>(value);
        ::setsockopt(static_cast<int>(socket.socketDescriptor()), level, name, &number, sizeof number);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, keepAlive.idle.count());
    set(IPPROTO_TCP, TCP_KEEPINTVL, keepAlive.interval.count());
    set(IPPROTO_TCP, TCP_KEEPCNT, keepAlive.count);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, keepAlive.userTimeout.count());
    socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
}

} // namespace

BareDialer::BareDialer(quint16 port, TlsMode mode) : m_port(port), m_mode(mode), m_configuration(configuration()) {}

void BareDialer::dial(int count)
{
    m_toDial = m_pending = count;
    QEventLoop loop;
    connect(this, &BareDialer::finished, &loop, &QEventLoop::quit);
    QTimer::singleShot(patience, &loop, [this] { fail(QStringLiteral("it took too long")); });
    for (int i = 0; i < parallelDials; ++i)
        dialNext();
    if (m_pending > 0 && m_failure.isEmpty())
        loop.exec();
    if (!m_failure.isEmpty())
        throw BenchmarkError(QStringLiteral("Bare sockets could not be dialled: %1.").arg(m_failure));
}

void BareDialer::dialNext()
{
    if (m_toDial == 0)
        return;
    --m_toDial;
    auto owned = std::make_unique<QSslSocket>();
    QSslSocket *socket = owned.get();
    m_dialling.push_back(std::move(owned));
    socket->setProxy(QNetworkProxy::NoProxy);
    if (m_mode != TlsMode::None)
        socket->setSslConfiguration(m_configuration);
    connect(socket, &QAbstractSocket::connected, this, [this, socket] { onConnected(socket); });
    connect(socket, &QIODevice::readyRead, this, [this, socket] { onReadyRead(socket); });
    connect(socket, &QAbstractSocket::errorOccurred, this, [this, socket] { fail(socket->errorString()); });
    socket->connectToHost(m_host, m_port);
}

void BareDialer::onConnected(QSslSocket *socket)
{
    setOptions(*socket);
    if (m_mode != TlsMode::None)
        socket->startClientEncryption();
}

void BareDialer::onReadyRead(QSslSocket *socket)
{
    if (socket->bytesAvailable() < idSize)
        return;
    socket->read(idSize);
    socket->disconnect(this);
    const auto place = std::find_if(m_dialling.begin(), m_dialling.end(),
                                    [socket](const auto &owned) { return owned.get() == socket; });
    m_done.push_back(std::move(*place));
    m_dialling.erase(place);
    if (--m_pending == 0)
        emit finished();
    else
        dialNext();
}

void BareDialer::fail(const QString &why)
{
    m_failure = why;
    emit finished();
}

BareServer::BareServer(TlsMode mode) : m_mode(mode), m_configuration(configuration())
{
    setProxy(QNetworkProxy::NoProxy);
    setListenBacklogSize(1'024);
    if (mode == TlsMode::None)
        return;
    const Tidepool::CertificateAndKey made = Tidepool::makeSelfSignedCertificate();
    m_configuration.setLocalCertificate(made.certificate);
    m_configuration.setPrivateKey(made.privateKey);
}

void BareServer::incomingConnection(qintptr descriptor)
{
    auto owned = std::make_unique<QSslSocket>();
    QSslSocket *socket = owned.get();
    m_sockets.push_back(std::move(owned));
    if (!socket->setSocketDescriptor(descriptor))
        return;
    setOptions(*socket);
    if (m_mode == TlsMode::None) {
        welcome(socket);
        return;
    }
    socket->setSslConfiguration(m_configuration);
    connect(socket, &QSslSocket::encrypted, this, [this, socket] { welcome(socket); });
    socket->startServerEncryption();
}

void BareServer::welcome(QSslSocket *socket)
{
    ++m_count;
    socket->write(QStringLiteral("%1").arg(m_count, idSize, 16, QLatin1Char('0')).toLatin1());
    emit countChanged();
}

} // namespace Bench
