// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "demotarget.h"

#include <QtNetwork/QNetworkProxy>

#include <optional>

namespace Tunnel {

namespace {

constexpr qint64 maximumUnsent = qint64(256) * 1024;
constexpr int demoBacklog = 1024;

/// One visitor at the target. Destroyed with its socket.
class Guest : public QObject
{
public:
    Guest(QTcpSocket *socket, const DemoData &data) : QObject(socket), m_socket(*socket), m_data(data)
    {
        connect(socket, &QTcpSocket::readyRead, this, &Guest::read);
        connect(socket, &QTcpSocket::bytesWritten, this, &Guest::write);
        connect(socket, &QTcpSocket::disconnected, socket, &QTcpSocket::deleteLater);
    }

private:
    void read()
    {
        if (!m_outflow && m_socket.bytesAvailable() > 0) {
            const int variant = static_cast<unsigned char>(m_socket.read(1).at(0)) % DemoData::variants;
            m_outflow.emplace(m_data, (variant + 1) % DemoData::variants);
        }
        while (m_received < m_data.length() && m_socket.bytesAvailable() > 0) {
            const QByteArray bytes = m_socket.read(m_data.length() - m_received);
            m_checksum.add(bytes);
            m_received += bytes.size();
        }
        write();
    }

    void write()
    {
        if (!m_outflow || !m_outflow->pump(m_socket) || m_received < m_data.length() || m_isDone)
            return;
        m_isDone = true;
        m_socket.write(m_checksum.result());
        m_socket.disconnectFromHost();
    }

    QTcpSocket &m_socket;
    const DemoData &m_data;
    std::optional<Outflow> m_outflow;
    Checksum m_checksum;
    qint64 m_received = 0;
    bool m_isDone = false;
};

} // namespace

bool Outflow::pump(QTcpSocket &socket)
{
    while (m_position < m_data.length()) {
        if (socket.bytesToWrite() >= maximumUnsent)
            return false;
        const QByteArrayView part = m_data.at(m_variant, m_position);
        socket.write(part.data(), part.size());
        m_position += part.size();
    }
    return true;
}

DemoTarget::DemoTarget(const DemoData &data, QObject *parent) : QTcpServer(parent), m_data(data)
{
    setListenBacklogSize(demoBacklog);
    setProxy(QNetworkProxy::NoProxy);
}

void DemoTarget::incomingConnection(qintptr descriptor)
{
    auto *socket = new QTcpSocket(this);
    socket->setReadBufferSize(maximumUnsent);
    if (!socket->setSocketDescriptor(descriptor)) {
        delete socket;
        return;
    }
    new Guest(socket, m_data);
}

} // namespace Tunnel
