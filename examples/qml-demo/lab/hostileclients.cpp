// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "hostileclients.h"

#include <QtCore/QTimer>
#include <QtNetwork/QHostAddress>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QTcpSocket>

#include <array>
#include <chrono>

namespace Dashboard {

using namespace std::chrono_literals;

namespace {

// The clients come one after another, so that the user can follow the events.
constexpr auto pace = 40ms;
// The server closes them long before this.
constexpr auto staying = 8s;

constexpr std::array openings{
    // Invalid data: an HTTP request.
    "GET /admin.php HTTP/1.1\r\nHost: localhost\r\n\r\n",
    // Silence.
    "",
    // The first bytes of a TLS 1.3 hello, and then nothing.
    "\x16\x03\x01\x02\x42\x01",
};

} // namespace

class HostileClients::Intruder : public QObject
{
public:
    Intruder(HostileClients &owner, quint16 port, QByteArray opening) : QObject(&owner), m_opening(std::move(opening))
    {
        m_socket.setProxy(QNetworkProxy::NoProxy);
        connect(&m_socket, &QTcpSocket::connected, this, [this] { m_socket.write(m_opening); });
        connect(&m_socket, &QTcpSocket::disconnected, this, &QObject::deleteLater);
        connect(&m_socket, &QTcpSocket::errorOccurred, this, &QObject::deleteLater);
        QTimer::singleShot(staying, this, &QObject::deleteLater);
        m_socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    }

private:
    QTcpSocket m_socket;
    const QByteArray m_opening;
};

void HostileClients::attack(quint16 port, int clients)
{
    for (int i = 0; i < clients; ++i) {
        ++m_underWay;
        QTimer::singleShot(pace * i, this, [this, port, i] {
            auto *intruder = new Intruder(*this, port, openings.at(static_cast<size_t>(i) % openings.size()));
            connect(intruder, &QObject::destroyed, this, [this] {
                if (--m_underWay == 0)
                    emit dispersed();
            });
        });
    }
}

} // namespace Dashboard
