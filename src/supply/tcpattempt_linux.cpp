// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/ipaddress.h"
#include "socketerror.h"
#include "tcpattempt.h"

#include <QtCore/QSocketNotifier>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QSslSocket>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace Tidepool {

namespace {

/// An address in the form the system wants.
class SystemAddress
{
public:
    SystemAddress(const QHostAddress &address, quint16 port)
    {
        if (const auto ipv4 = ipv4Of(address)) {
            auto &target = reinterpret_cast<sockaddr_in &>(m_storage);
            target.sin_family = AF_INET;
            target.sin_port = htons(port);
            target.sin_addr.s_addr = htonl(ipv4->toIPv4Address());
            m_size = sizeof target;
            return;
        }
        auto &target = reinterpret_cast<sockaddr_in6 &>(m_storage);
        target.sin6_family = AF_INET6;
        target.sin6_port = htons(port);
        const Q_IPV6ADDR ipv6 = address.toIPv6Address();
        std::copy(std::begin(ipv6.c), std::end(ipv6.c), std::begin(target.sin6_addr.s6_addr));
        const QString scope = address.scopeId();
        bool isNumber = false;
        target.sin6_scope_id = scope.toUInt(&isNumber);
        if (!isNumber && !scope.isEmpty())
            target.sin6_scope_id = ::if_nametoindex(scope.toLatin1().constData());
        m_size = sizeof target;
    }

    [[nodiscard]] int family() const { return m_storage.ss_family; }
    [[nodiscard]] const sockaddr *data() const { return reinterpret_cast<const sockaddr *>(&m_storage); }
    [[nodiscard]] socklen_t size() const { return m_size; }

private:
    sockaddr_storage m_storage{};
    socklen_t m_size = 0;
};

// On a bare descriptor: half of what a QSslSocket does while it connects is not needed, and the loser of a race costs
// next to nothing.
class DescriptorAttempt final : public TcpAttempt
{
public:
    DescriptorAttempt(const QHostAddress &address, quint16 port, const QHostAddress &source, const QString &peer)
        : m_peer(peer)
    {
        connectTo(SystemAddress(address, port), source);
    }

    ~DescriptorAttempt() override { close(); }
    Q_DISABLE_COPY_MOVE(DescriptorAttempt)

    std::unique_ptr<QSslSocket> takeSocket() override
    {
        static const QNetworkProxy none(QNetworkProxy::NoProxy); // one for all: a socket only shares it
        auto socket = std::make_unique<QSslSocket>();
        socket->setProxy(none);
        if (socket->setSocketDescriptor(m_descriptor))
            m_descriptor = -1;
        return socket;
    }

    void giveUp() override { close(); }

private:
    void connectTo(const SystemAddress &target, const QHostAddress &source)
    {
        m_descriptor = ::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (m_descriptor < 0) {
            fail(systemError(Phase::Dial, errno, m_peer));
            return;
        }
        if (!source.isNull()) {
            const SystemAddress own(source, 0);
            // The port is chosen when the peer is known: else each of the 28,000 serves one connection only.
            const int yes = 1;
            (void)::setsockopt(m_descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
            if (::bind(m_descriptor, own.data(), own.size()) != 0) {
                fail(sourceAddressError(source.toString(), errno));
                return;
            }
        }
        if (::connect(m_descriptor, target.data(), target.size()) == 0) {
            setConnected();
        } else if (errno == EINPROGRESS) {
            m_notifier = std::make_unique<QSocketNotifier>(m_descriptor, QSocketNotifier::Write);
            connect(m_notifier.get(), &QSocketNotifier::activated, this, &DescriptorAttempt::onWritable);
        } else {
            fail(systemError(Phase::Dial, errno, m_peer));
        }
    }

    void onWritable()
    {
        if (!m_notifier->isEnabled())
            return;
        m_notifier->setEnabled(false);
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(m_descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
        if (error == 0)
            setConnected();
        else
            fail(systemError(Phase::Dial, error, m_peer));
        emit ended();
    }

    void fail(const PoolError &error)
    {
        setFailed(error);
        close();
    }

    // The notifier stays, because this may run inside its signal.
    void close()
    {
        if (m_notifier)
            m_notifier->setEnabled(false);
        if (m_descriptor >= 0)
            ::close(std::exchange(m_descriptor, -1));
    }

    const QString m_peer;
    int m_descriptor = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace

std::unique_ptr<TcpAttempt> TcpAttempt::begin(const QHostAddress &address, quint16 port, const QHostAddress &source,
                                              const QString &peer)
{
    return std::make_unique<DescriptorAttempt>(address, port, source, peer);
}

} // namespace Tidepool
