// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketerror.h"
#include "tcpattempt.h"

#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QSslSocket>

namespace Tidepool {

namespace {

class SocketAttempt final : public TcpAttempt
{
public:
    SocketAttempt(const QHostAddress &address, quint16 port, const QHostAddress &source, const QString &peer)
        : m_peer(peer), m_socket(std::make_unique<QSslSocket>())
    {
        m_socket->setProxy(QNetworkProxy::NoProxy);
        if (!source.isNull() && !m_socket->bind(source)) {
            setFailed(sourceAddressError(source.toString(), *m_socket));
            return;
        }
        connect(m_socket.get(), &QAbstractSocket::connected, this, &SocketAttempt::onEnded);
        connect(m_socket.get(), &QAbstractSocket::errorOccurred, this, &SocketAttempt::onEnded);
        m_socket->connectToHost(address, port);
        m_isBegun = true;
    }

    std::unique_ptr<QSslSocket> takeSocket() override
    {
        m_socket->disconnect(this);
        return std::move(m_socket);
    }

    // The socket stays, because this may run inside its signal.
    void giveUp() override
    {
        if (m_socket) {
            m_socket->disconnect(this);
            m_socket->abort();
        }
    }

private:
    // Qt keeps the descriptor of what has failed for as long as the socket lives, and may still use it in this signal.
    void fail()
    {
        setFailed(socketError(Phase::Dial, *m_socket, m_peer));
        m_socket->disconnect(this);
        m_socket.release()->deleteLater();
    }

    void onEnded()
    {
        if (state() != State::Connecting)
            return;
        if (m_socket->state() == QAbstractSocket::ConnectedState)
            setConnected();
        else
            fail();
        if (m_isBegun)
            emit ended();
    }

    const QString m_peer;
    std::unique_ptr<QSslSocket> m_socket;
    bool m_isBegun = false;
};

} // namespace

std::unique_ptr<TcpAttempt> TcpAttempt::begin(const QHostAddress &address, quint16 port, const QHostAddress &source,
                                              const QString &peer)
{
    return std::make_unique<SocketAttempt>(address, port, source, peer);
}

} // namespace Tidepool
