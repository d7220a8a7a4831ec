// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "afterwrite.h"
#include "descriptor.h"

#include <QtCore/QSocketNotifier>
#include <QtNetwork/QAbstractSocket>

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace Tidepool {

namespace {

/// Holds a second descriptor of the connection, which stays open after the socket is closed.
class DescriptorLingeringClose final : public LingeringClose
{
public:
    DescriptorLingeringClose(int descriptor, qint64 maximumBytes) : m_descriptor(descriptor), m_room(maximumBytes) {}
    ~DescriptorLingeringClose() override
    {
        m_readable.reset();
        ::close(m_descriptor);
    }
    Q_DISABLE_COPY_MOVE(DescriptorLingeringClose)

    // A reset after the peer's normal end leaves EPIPE. In that case the peer has read all bytes.
    bool wasReset() const override
    {
        tcp_info info{};
        socklen_t size = sizeof info;
        int error = 0;
        socklen_t errorSize = sizeof error;
        return ::getsockopt(m_descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_CLOSE
            && ::getsockopt(m_descriptor, SOL_SOCKET, SO_ERROR, &error, &errorSize) == 0 && error != EPIPE;
    }

    void begin() override
    {
        (void)::shutdown(m_descriptor, SHUT_WR);
        m_readable = std::make_unique<QSocketNotifier>(m_descriptor, QSocketNotifier::Read);
        connect(m_readable.get(), &QSocketNotifier::activated, this, &DescriptorLingeringClose::discard);
    }

    bool isOver() const override { return m_isOver; }

private:
    void discard()
    {
        std::array<char, 16 * 1024> bytes; // NOLINT(cppcoreguidelines-pro-type-member-init): nobody looks at them
        const ssize_t count = ::recv(m_descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT);
        m_room -= std::max<qint64>(count, 0);
        if (m_room >= 0 && (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))))
            return;
        m_readable->setEnabled(false);
        m_isOver = true;
        emit over();
    }

    int m_descriptor;
    qint64 m_room; // the number of bytes that may still arrive
    std::unique_ptr<QSocketNotifier> m_readable; // set by begin()
    bool m_isOver = false;
};

} // namespace

qint64 unacknowledgedBytes(qintptr descriptor)
{
    int count = 0;
    return ::ioctl(static_cast<int>(descriptor), SIOCOUTQ, &count) == 0 ? count : 0;
}

std::unique_ptr<LingeringClose> LingeringClose::of(const QAbstractSocket &socket, qint64 maximumBytes)
{
    const int descriptor = ::fcntl(static_cast<int>(nativeDescriptor(socket)), F_DUPFD_CLOEXEC, 0);
    return descriptor < 0 ? nullptr : std::make_unique<DescriptorLingeringClose>(descriptor, maximumBytes);
}

} // namespace Tidepool
