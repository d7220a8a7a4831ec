// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "directdial.h"
#include "socketerror.h"
#include "socketoptions.h"
#include "wireid.h"

#include <QtCore/QSocketNotifier>
#include <QtNetwork/QHostInfo>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
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
        bool isIPv4 = false;
        const quint32 ipv4 = address.toIPv4Address(&isIPv4);
        if (isIPv4) {
            auto &target = reinterpret_cast<sockaddr_in &>(m_storage);
            target.sin_family = AF_INET;
            target.sin_port = htons(port);
            target.sin_addr.s_addr = htonl(ipv4);
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

class DirectDial final : public Dial
{
public:
    DirectDial(Sink &sink, const DialPlan &plan) : Dial(sink, plan)
    {
        m_share.setSingleShot(true);
        connect(&m_share, &QTimer::timeout, this, [this] {
            if (!isOver())
                connectNext(ETIMEDOUT);
        });
    }

    ~DirectDial() override
    {
        if (m_lookup >= 0)
            QHostInfo::abortHostLookup(m_lookup);
        closeDescriptor();
    }
    Q_DISABLE_COPY_MOVE(DirectDial)

    void start() override
    {
        enterPhase(Phase::Resolve, settings().timeouts.resolve);
        const QHostAddress literal(settings().host);
        if (!literal.isNull()) {
            connectTo({literal});
            return;
        }
        m_lookup = QHostInfo::lookupHost(settings().host, this, [this](const QHostInfo &info) { onLookedUp(info); });
    }

private:
    void onLookedUp(const QHostInfo &info)
    {
        m_lookup = -1;
        if (isOver())
            return;
        if (info.addresses().isEmpty())
            fail(lookupError(info.errorString(), settings().endpoint()));
        else
            connectTo(info.addresses());
    }

    void connectTo(const QList<QHostAddress> &addresses)
    {
        const QHostAddress source = settings().sourceAddress;
        for (const QHostAddress &address : addresses) {
            if (source.isNull() || SystemAddress(source, 0).family() == SystemAddress(address, 0).family())
                m_addresses.append(address);
        }
        if (m_addresses.isEmpty()) {
            fail({Phase::Resolve, ErrorKind::HostNotFound,
                  QStringLiteral("%1 has no address of the kind of the source address %2; set another sourceAddress.")
                      .arg(settings().endpoint(), source.toString())});
            return;
        }
        m_perAddress = settings().timeouts.dial / m_addresses.size();
        connectNext(0);
    }

    // One address after the other, each with its share of the time, so that one that swallows everything does not use
    // it all up; the last one's error counts.
    void connectNext(int error)
    {
        m_share.stop();
        closeDescriptor();
        if (m_addresses.isEmpty()) {
            fail(systemError(Phase::Dial, error, settings().endpoint()));
            return;
        }
        if (phase() != Phase::Dial)
            enterPhase(Phase::Dial, settings().timeouts.dial);
        const SystemAddress address(m_addresses.takeFirst(), settings().port);
        if (!m_addresses.isEmpty())
            m_share.start(m_perAddress);
        m_descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (m_descriptor < 0) {
            connectNext(errno);
            return;
        }
        if (!settings().sourceAddress.isNull()) {
            const SystemAddress source(settings().sourceAddress, 0);
            if (::bind(m_descriptor, source.data(), source.size()) != 0) {
                fail(sourceAddressError(settings().sourceAddress.toString(), qt_error_string(errno)));
                return;
            }
        }
        if (::connect(m_descriptor, address.data(), address.size()) == 0) {
            onConnected();
        } else if (errno == EINPROGRESS) {
            awaitThen(QSocketNotifier::Write, &DirectDial::onWritable);
        } else {
            connectNext(errno);
        }
    }

    void onWritable()
    {
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(m_descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
        if (error == 0)
            onConnected();
        else
            connectNext(error);
    }

    void onConnected()
    {
        m_share.stop();
        applyKeepAlive(m_descriptor, settings().keepAlive);
        const int yes = 1;
        (void)::setsockopt(m_descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        enterHandshake();
        enterPhase(Phase::Identify, settings().timeouts.identify);
        if (settings().identity == Identity::Local)
            succeedWith([this] { succeed(m_sink.freshId()); });
        else
            readId(); // mostly it is there already
    }

    // Not a byte more than the id: what follows is the application's.
    void readId()
    {
        const auto size = static_cast<size_t>(wireSize(settings().idFormat));
        const ssize_t count = ::recv(m_descriptor, m_id.data() + m_idSize, size - m_idSize, 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            awaitId();
            return;
        }
        if (count <= 0) {
            fail(count < 0 ? systemError(Phase::Identify, errno, settings().endpoint())
                           : closedError(Phase::Identify, settings().endpoint()));
            return;
        }
        m_idSize += static_cast<size_t>(count);
        if (m_idSize == size)
            succeedWith([this] { identify(QByteArray(m_id.data(), static_cast<qsizetype>(m_idSize))); });
        else
            awaitId();
    }

    void awaitId()
    {
        if (!m_notifier || m_notifier->type() != QSocketNotifier::Read)
            awaitThen(QSocketNotifier::Read, &DirectDial::readId);
    }

    // From here on it is a socket like any other.
    template <typename Verdict>
    void succeedWith(Verdict verdict)
    {
        m_notifier.reset();
        m_socket = std::make_unique<QSslSocket>();
        m_socket->setReadBufferSize(pooledReadBuffer);
        m_socket->setProxy(settings().proxy); // none: see makeDirectDial()
        if (!m_socket->setSocketDescriptor(m_descriptor)) {
            fail(socketError(phase(), *m_socket, settings().endpoint()));
            return;
        }
        m_descriptor = -1;
        verdict();
    }

    void awaitThen(QSocketNotifier::Type what, void (DirectDial::*action)())
    {
        m_notifier = std::make_unique<QSocketNotifier>(m_descriptor, what);
        connect(m_notifier.get(), &QSocketNotifier::activated, this, [this, action] {
            if (!isOver())
                (this->*action)();
        });
    }

    void closeDescriptor()
    {
        m_notifier.reset();
        if (m_descriptor >= 0)
            ::close(std::exchange(m_descriptor, -1));
    }

    std::unique_ptr<QSslSocket> takeSocket() override { return std::move(m_socket); }

    int m_lookup = -1;
    QList<QHostAddress> m_addresses;
    std::chrono::milliseconds m_perAddress{0};
    QTimer m_share;
    int m_descriptor = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
    std::array<char, 8> m_id{};
    size_t m_idSize = 0;
    std::unique_ptr<QSslSocket> m_socket;
};

} // namespace

std::unique_ptr<Dial> makeDirectDial(Sink &sink, const DialPlan &plan)
{
    const ClientSettings &settings = *plan.settings;
    const bool isPlain = plan.tls->mode == TlsMode::None && !settings.dialer;
    if (!isPlain || settings.proxy.type() != QNetworkProxy::NoProxy)
        return nullptr;
    return std::make_unique<DirectDial>(sink, plan);
}

} // namespace Tidepool
