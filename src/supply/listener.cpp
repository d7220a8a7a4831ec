// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "listener.h"

#include <QtNetwork/QNetworkProxy>

#ifdef Q_OS_WIN
#    include <winsock2.h>
#else
#    include <fcntl.h>
#    include <sys/socket.h>
#    include <unistd.h>

#    include <cerrno>
#endif

#include <utility>

namespace Tidepool {

namespace {
constexpr int backlog = 1'024; // Qt's default is 50
// In one turn of the loop, so that a flood does not keep the I/O thread from the rest.
constexpr int acceptsInOneTurn = 64;

QString remedy(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::AddressInUseError:
        return QStringLiteral(" Another program listens there: stop it or choose another port.");
    case QAbstractSocket::SocketAccessError:
        return QStringLiteral(" Ports below 1024 need special rights: choose another port.");
    case QAbstractSocket::SocketAddressNotAvailableError:
        return QStringLiteral(" Choose an address of this machine.");
    default:
        return {};
    }
}

// Qt would take any socket, and accept() on it would then fail for ever.
bool isListeningDescriptor(qintptr descriptor)
{
    int isListening = 0;
#ifdef Q_OS_WIN
    int size = sizeof isListening;
    auto *value = reinterpret_cast<char *>(&isListening);
    const int result = ::getsockopt(static_cast<SOCKET>(descriptor), SOL_SOCKET, SO_ACCEPTCONN, value, &size);
#else
    socklen_t size = sizeof isListening;
    const int result = ::getsockopt(static_cast<int>(descriptor), SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size);
#endif
    return result == 0 && isListening != 0;
}

enum class Outcome : quint8 { Accepted, GoneAgain, NobodyThere, Failed };

#ifdef Q_OS_WIN
std::pair<qintptr, Outcome> acceptOne(qintptr listening)
{
    const SOCKET accepted = ::accept(static_cast<SOCKET>(listening), nullptr, nullptr);
    if (accepted != INVALID_SOCKET)
        return {static_cast<qintptr>(accepted), Outcome::Accepted};
    const int error = WSAGetLastError();
    if (error == WSAEWOULDBLOCK)
        return {-1, Outcome::NobodyThere};
    return {-1, error == WSAECONNRESET ? Outcome::GoneAgain : Outcome::Failed};
}
#else
std::pair<qintptr, Outcome> acceptOne(qintptr listening)
{
#    ifdef SOCK_CLOEXEC // in one step, or a process started in between would inherit it
    const int accepted = ::accept4(static_cast<int>(listening), nullptr, nullptr, SOCK_CLOEXEC);
#    else
    const int accepted = ::accept(static_cast<int>(listening), nullptr, nullptr);
    if (accepted >= 0)
        (void)::fcntl(accepted, F_SETFD, FD_CLOEXEC);
#    endif
    if (accepted >= 0)
        return {accepted, Outcome::Accepted};
    switch (errno) {
    case EAGAIN:
        return {-1, Outcome::NobodyThere};
    case EINTR:
    case ECONNABORTED: // the client left while it waited in the backlog
    case EPROTO:
        return {-1, Outcome::GoneAgain};
    default:
        return {-1, Outcome::Failed};
    }
}
#endif
} // namespace

Listener::Listener()
{
    setProxy(QNetworkProxy::NoProxy); // not the application's by accident
    setListenBacklogSize(backlog);
}

bool Listener::listenOn(const QHostAddress &address, quint16 port)
{
    const QString where = QStringLiteral("%1 port %2").arg(address.toString()).arg(port);
    return settle(listen(address, port), where);
}

bool Listener::adopt(qintptr descriptor)
{
    if (isListeningDescriptor(descriptor))
        return settle(setSocketDescriptor(descriptor), QStringLiteral("the descriptor %1").arg(descriptor));
    m_error = {Phase::Accept, ErrorKind::Settings,
               QStringLiteral("The descriptor %1 is not a listening socket; call bind() and listen() on it first.")
                   .arg(descriptor)};
    return false;
}

bool Listener::settle(bool isListening, const QString &where)
{
    m_error = {};
    if (!isListening)
        m_error = {Phase::Accept, ErrorKind::Settings,
                   QStringLiteral("Cannot listen on %1: %2.%3").arg(where, errorString(), remedy(serverError()))};
    return isListening;
}

// QTcpServer listens, but does not accept. Its engine keeps the first error it ever meets; that is EAGAIN, at the end
// of the first accept loop, which it takes to be temporary. When descriptors run out later, it still sees that EAGAIN,
// neither pauses nor tells, and spins. (Qt 6.4.2; QSslServer on top of it stops for good at thirty silent clients.)
void Listener::start(Handler handler)
{
    m_handler = std::move(handler);
    pauseAccepting();
    m_notifier = std::make_unique<QSocketNotifier>(socketDescriptor(), QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &Listener::acceptPending);
}

void Listener::hold()
{
    if (m_notifier)
        m_notifier->setEnabled(false);
}

void Listener::unhold()
{
    if (m_notifier && isListening())
        m_notifier->setEnabled(true);
}

void Listener::end()
{
    hold();
    close();
}

void Listener::acceptPending()
{
    for (int i = 0; i < acceptsInOneTurn && m_notifier->isEnabled() && isListening(); ++i) {
        const auto [descriptor, outcome] = acceptOne(socketDescriptor());
        switch (outcome) {
        case Outcome::Accepted:
            m_handler(descriptor);
            break;
        case Outcome::GoneAgain:
            break;
        case Outcome::NobodyThere:
            return;
        case Outcome::Failed:
            hold();
            emit acceptFailed(qt_error_string());
            return;
        }
    }
}

} // namespace Tidepool
