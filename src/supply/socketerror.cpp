// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketerror.h"

#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>

#include <cerrno>

namespace Tidepool {

namespace {

ErrorKind kindOf(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::ConnectionRefusedError:
        return ErrorKind::Refused;
    case QAbstractSocket::RemoteHostClosedError:
        return ErrorKind::PeerClosed;
    case QAbstractSocket::HostNotFoundError:
        return ErrorKind::HostNotFound;
    case QAbstractSocket::NetworkError:
        return ErrorKind::Unreachable;
    case QAbstractSocket::SocketTimeoutError:
        return ErrorKind::Timeout;
    case QAbstractSocket::SocketResourceError:
        return ErrorKind::Resources;
    case QAbstractSocket::SslHandshakeFailedError:
    case QAbstractSocket::SslInternalError:
    case QAbstractSocket::SslInvalidUserDataError:
        return ErrorKind::Tls;
    case QAbstractSocket::ProxyAuthenticationRequiredError:
    case QAbstractSocket::ProxyConnectionRefusedError:
    case QAbstractSocket::ProxyConnectionClosedError:
    case QAbstractSocket::ProxyConnectionTimeoutError:
    case QAbstractSocket::ProxyNotFoundError:
    case QAbstractSocket::ProxyProtocolError:
        return ErrorKind::Proxy;
    default:
        return ErrorKind::Other;
    }
}

ErrorKind kindOfSystem(int number)
{
    switch (number) {
    case ECONNREFUSED:
        return ErrorKind::Refused;
    case ECONNRESET:
    case EPIPE:
        return ErrorKind::PeerClosed;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        return ErrorKind::Unreachable;
    case ETIMEDOUT:
        return ErrorKind::Timeout;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ErrorKind::Resources;
    default:
        return ErrorKind::Other;
    }
}

QString verb(Phase phase)
{
    switch (phase) {
    case Phase::Resolve:
        return QStringLiteral("Looking up %1");
    case Phase::Dial:
        return QStringLiteral("Connecting to %1");
    case Phase::Handshake:
        return QStringLiteral("The TLS handshake with %1");
    case Phase::Identify:
        return QStringLiteral("Exchanging the connection's id with %1");
    default:
        return QStringLiteral("The connection with %1");
    }
}

QString remedy(Phase phase, ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::Refused:
        return QStringLiteral("Is the server running, and is the port right?");
    case ErrorKind::HostNotFound:
        return QStringLiteral("Check the host name and the name server.");
    case ErrorKind::Unreachable:
        return QStringLiteral("Check the network and the firewall.");
    case ErrorKind::Proxy:
        return QStringLiteral("Check the proxy's address and credentials.");
    case ErrorKind::Resources:
        return QStringLiteral("Raise the limit of open files (ulimit -n), or lower the capacity.");
    case ErrorKind::Tls:
        return QStringLiteral("Do both ends use TLS 1.3, and the same TLS mode?");
    case ErrorKind::PeerClosed:
        if (phase == Phase::Identify)
            return QStringLiteral("Is it a Tidepool or Go pool server, with the same TLS mode? Other servers need "
                                  "Identity::Local.");
        if (phase == Phase::Handshake)
            return QStringLiteral("Do both ends use the same TLS mode, and does the server allow this client?");
        return {};
    case ErrorKind::Timeout:
        if (phase == Phase::Identify)
            return QStringLiteral("Is it a Tidepool or Go pool server, with the same TLS mode? Other servers need "
                                  "Identity::Local.");
        if (phase == Phase::Handshake)
            return QStringLiteral("Do both ends use the same TLS mode?");
        return QStringLiteral("Check the network and the firewall.");
    default:
        return {};
    }
}

QString sentence(Phase phase, ErrorKind kind, const QString &endpoint, const QString &what)
{
    QString result = verb(phase).arg(endpoint) + QStringLiteral(" failed: ") + what;
    if (!result.endsWith(QLatin1Char('.')))
        result += QLatin1Char('.');
    const QString advice = remedy(phase, kind);
    return advice.isEmpty() ? result : result + QLatin1Char(' ') + advice;
}

} // namespace

PoolError socketError(Phase phase, const QSslSocket &socket, const QString &endpoint)
{
    QString what = socket.errorString();
    // Only a check that was asked for makes a certificate's faults the reason.
    const bool isVerified = socket.sslConfiguration().peerVerifyMode() == QSslSocket::VerifyPeer;
    if (phase == Phase::Handshake && isVerified && !socket.sslHandshakeErrors().isEmpty()) {
        what = socket.sslHandshakeErrors().constFirst().errorString();
        const QString name = socket.peerVerifyName().isEmpty() ? endpoint : socket.peerVerifyName();
        return {phase, ErrorKind::Certificate,
                sentence(phase, ErrorKind::Certificate, endpoint, what)
                    + QStringLiteral(" The certificate must be valid for \"%1\" and signed by a trusted authority "
                                     "(TlsOptions::hostName, certificateAuthorities).")
                          .arg(name)};
    }
    const ErrorKind kind = kindOf(socket.error());
    return {phase, kind, sentence(phase, kind, endpoint, what)};
}

PoolError timeoutError(Phase phase, qint64 milliseconds, const QString &endpoint)
{
    return {phase, ErrorKind::Timeout,
            sentence(phase, ErrorKind::Timeout, endpoint, QStringLiteral("no answer within %1 ms").arg(milliseconds))};
}

PoolError systemError(Phase phase, int number, const QString &endpoint)
{
    const ErrorKind kind = kindOfSystem(number);
    return {phase, kind, sentence(phase, kind, endpoint, qt_error_string(number))};
}

PoolError closedError(Phase phase, const QString &endpoint)
{
    return {phase, ErrorKind::PeerClosed,
            sentence(phase, ErrorKind::PeerClosed, endpoint, QStringLiteral("The remote host closed the connection"))};
}

PoolError lookupError(const QString &what, const QString &endpoint)
{
    return {Phase::Resolve, ErrorKind::HostNotFound, sentence(Phase::Resolve, ErrorKind::HostNotFound, endpoint, what)};
}

PoolError sourceAddressError(const QString &address, const QString &what)
{
    return {Phase::Dial, ErrorKind::Settings,
            QStringLiteral("Cannot connect from %1: %2. Is it an address of this machine?").arg(address, what)};
}

} // namespace Tidepool
