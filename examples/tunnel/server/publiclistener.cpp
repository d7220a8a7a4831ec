// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "publiclistener.h"

#include "../endpoint.h"
#include "../log.h"

#include <QtNetwork/QNetworkProxy>

namespace Tunnel {

namespace {

// The number of connections in one burst that the kernel queues before it refuses more.
constexpr int visitorBacklog = 1024;
// After "too many open files", QTcpServer accepts nothing until accepting is resumed.
constexpr std::chrono::milliseconds pauseAfterError{200};

} // namespace

PublicListener::PublicListener(std::chrono::milliseconds patience, Receiver receiver, QObject *parent)
    : QTcpServer(parent), m_patience(patience), m_receiver(std::move(receiver))
{
    setListenBacklogSize(visitorBacklog);
    setProxy(QNetworkProxy::NoProxy);
    m_resume.setSingleShot(true);
    m_resume.setInterval(pauseAfterError);
    connect(&m_resume, &QTimer::timeout, this, &QTcpServer::resumeAccepting);
    connect(this, &QTcpServer::acceptError, this, [this] {
        if (!m_resume.isActive())
            qCWarning(lcTunnel).noquote() << "cannot accept visitors just now:" << errorString();
        m_resume.start();
    });
}

void PublicListener::incomingConnection(qintptr descriptor)
{
    auto socket = std::make_unique<QTcpSocket>();
    socket->setProxy(QNetworkProxy::NoProxy);
    if (!socket->setSocketDescriptor(descriptor))
        return;
    socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    socket->setSocketOption(QAbstractSocket::KeepAliveOption, 1);
    Visitor visitor;
    visitor.peer = formatAddress(socket->peerAddress(), socket->peerPort());
    visitor.arrival = std::chrono::steady_clock::now();
    visitor.deadline = visitor.arrival + m_patience;
    socket->moveToThread(nullptr);
    visitor.socket = std::move(socket);
    m_receiver(std::move(visitor));
}

} // namespace Tunnel
