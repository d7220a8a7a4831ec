// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connectionid.h>

#include <QtCore/QByteArray>
#include <QtCore/QDeadlineTimer>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

namespace TestSupport {

/// A blocking socket without Qt, which closes one whose peer has ended its sending.
class SystemSocket
{
public:
    explicit SystemSocket(quint16 port, int receiveBuffer = 0)
        : m_descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (receiveBuffer > 0)
            ::setsockopt(m_descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
        const timeval patience{20, 0};
        ::setsockopt(m_descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(m_descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
            qWarning("cannot connect");
    }
    ~SystemSocket() { close(); }
    Q_DISABLE_COPY_MOVE(SystemSocket)

    [[nodiscard]] Tidepool::ConnectionId readId()
    {
        return Tidepool::ConnectionId::fromString(QString::fromLatin1(read(8))).value_or(Tidepool::ConnectionId());
    }

    /// At most @p size bytes: fewer only if the peer ends.
    QByteArray read(qsizetype size)
    {
        QByteArray result(size, '\0');
        qsizetype got = 0;
        while (got < size) {
            const ssize_t count = ::recv(m_descriptor, result.data() + got, static_cast<size_t>(size - got), 0);
            if (count <= 0)
                break;
            got += count;
        }
        return result.first(got);
    }
    [[nodiscard]] QByteArray readToTheEnd() { return read(50'000'000); }

    void write(const QByteArray &bytes)
    {
        qsizetype sent = 0;
        while (sent < bytes.size()) {
            const ssize_t count =
                ::send(m_descriptor, bytes.constData() + sent, static_cast<size_t>(bytes.size() - sent), MSG_NOSIGNAL);
            if (count < 0)
                return;
            sent += count;
        }
    }
    /// True if the peer's system has all that was written.
    [[nodiscard]] bool isAcknowledged(std::chrono::milliseconds limit) const
    {
        const QDeadlineTimer deadline(limit);
        int count = 1;
        while (::ioctl(m_descriptor, TIOCOUTQ, &count) == 0 && count > 0 && !deadline.hasExpired())
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return count == 0;
    }
    void endWriting() { ::shutdown(m_descriptor, SHUT_WR); }

    void close()
    {
        if (m_descriptor >= 0)
            ::close(std::exchange(m_descriptor, -1));
    }

private:
    int m_descriptor;
};

} // namespace TestSupport
