// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "targetdial.h"

#include <QtNetwork/QNetworkProxy>

#include <utility>

namespace Tunnel {

namespace {

constexpr qint64 targetReadBuffer = qint64(64) * 1024;

} // namespace

TargetDial::TargetDial(Tidepool::Connection pooled, const Endpoint &target, std::chrono::milliseconds timeout,
                       QObject *parent)
    : QObject(parent), m_pooled(std::move(pooled)), m_socket(std::make_unique<QTcpSocket>())
{
    m_socket->setProxy(QNetworkProxy::NoProxy);
    m_socket->setReadBufferSize(targetReadBuffer);
    // Queued, because the slot moves the socket to another thread, which must not happen inside the socket's own
    // signal.
    connect(m_socket.get(), &QTcpSocket::connected, this, &TargetDial::succeed, Qt::QueuedConnection);
    connect(
        m_socket.get(), &QTcpSocket::errorOccurred, this, [this] { fail(m_socket->errorString()); },
        Qt::QueuedConnection);
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this, [this] { fail(QStringLiteral("no answer in time")); });
    m_deadline.start(timeout);
    m_socket->connectToHost(target.host, target.port);
}

TargetDial::~TargetDial() = default;

std::unique_ptr<QTcpSocket> TargetDial::takeSocket()
{
    m_socket->disconnect(this);
    if (!m_socket->thread())
        m_socket->moveToThread(thread());
    return std::move(m_socket);
}

void TargetDial::succeed()
{
    if (std::exchange(m_done, true))
        return;
    m_deadline.stop();
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_socket->setSocketOption(QAbstractSocket::KeepAliveOption, 1);
    m_isConnected = true;
    if (m_isConfirmed)
        emit connected();
    else
        // in a thread, the socket would treat the end of the target's sending as the end of both directions
        m_socket->moveToThread(nullptr);
}

void TargetDial::confirm()
{
    m_isConfirmed = true;
    if (m_isConnected)
        emit connected();
}

void TargetDial::fail(const QString &reason)
{
    if (std::exchange(m_done, true))
        return;
    m_deadline.stop();
    emit failed(reason);
}

} // namespace Tunnel
