// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "socketerror.h"

#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslError>
#include <QtNetwork/QSslSocket>

#include <algorithm>
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
    case ErrorKind::CertificateDate:
        return QStringLiteral(
            "Is this machine's clock right, and is the certificate of every server behind this address "
            "renewed?");
    case ErrorKind::PeerClosed:
        if (phase == Phase::Handshake)
            return QStringLiteral("Do both ends use the same TLS mode, and does the server allow this client?");
        if (phase == Phase::Identify)
            return QStringLiteral(
                "Is it a Tidepool or Go pool server that allows this client and has room for it, with "
                "the same TLS mode? Other servers need Identity::Local.");
        return {};
    case ErrorKind::Timeout:
        if (phase == Phase::Identify)
            return QStringLiteral("Is it a Tidepool or Go pool server with the same TLS mode? Other servers need "
                                  "Identity::Local.");
        if (phase == Phase::Handshake)
            return QStringLiteral("Does the server speak TLS on this port? If not, use TlsMode::None; if so, it or the "
                                  "network is slow.");
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

// A clock may be wrong, and one server of several may have been forgotten when the certificates were renewed.
bool isOfTime(const QSslError &error)
{
    return error.error() == QSslError::CertificateExpired || error.error() == QSslError::CertificateNotYetValid;
}

} // namespace

PoolError socketError(Phase phase, const QSslSocket &socket, const QString &endpoint)
{
    QString what = socket.errorString();
    // Only a check that was asked for makes a certificate's faults the reason.
    const bool isVerified = socket.sslConfiguration().peerVerifyMode() == QSslSocket::VerifyPeer;
    const auto errors = socket.sslHandshakeErrors();
    if (phase == Phase::Handshake && isVerified && !errors.isEmpty()) {
        const auto worst = std::ranges::find_if_not(errors, isOfTime);
        if (worst == errors.end())
            return {phase, ErrorKind::CertificateDate,
                    sentence(phase, ErrorKind::CertificateDate, endpoint, errors.constFirst().errorString())};
        what = worst->errorString();
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

PoolError clientTimeoutError(Phase phase, qint64 milliseconds, const QString &client)
{
    const QString what =
        verb(phase).arg(client) + QStringLiteral(" failed: no answer within %1 ms. ").arg(milliseconds);
    return {phase, ErrorKind::Timeout,
            what
                + (phase == Phase::Handshake
                       ? QStringLiteral("Do both ends use the same TLS mode? If so, the client or the network is slow.")
                       : QStringLiteral("The client or the network is slow."))};
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

namespace {
PoolError cannotUseSource(const QString &address, ErrorKind kind, const QString &what)
{
    const QString text = QStringLiteral("Cannot connect from %1: %2. ").arg(address, what);
    if (kind == ErrorKind::SourceAddress)
        return {Phase::Dial, kind, text + QStringLiteral("Is it an address of this machine, and its interface up?")};
    if (kind == ErrorKind::Resources)
        return {Phase::Dial, kind, text + QStringLiteral("Are too many connections open from this address?")};
    return {Phase::Dial, ErrorKind::Settings, text + QStringLiteral("Set another sourceAddress.")};
}
} // namespace

PoolError sourceAddressError(const QString &address, int number)
{
    const bool isMissing = number == EADDRNOTAVAIL || number == ENODEV;
    const bool isUsedUp = number == EADDRINUSE || kindOfSystem(number) == ErrorKind::Resources;
    return cannotUseSource(address,
                           isMissing      ? ErrorKind::SourceAddress
                               : isUsedUp ? ErrorKind::Resources
                                          : ErrorKind::Settings,
                           qt_error_string(number));
}

PoolError sourceAddressError(const QString &address, const QSslSocket &socket)
{
    const auto error = socket.error();
    const bool isUsedUp = error == QAbstractSocket::AddressInUseError || error == QAbstractSocket::SocketResourceError;
    return cannotUseSource(address,
                           error == QAbstractSocket::SocketAddressNotAvailableError ? ErrorKind::SourceAddress
                               : isUsedUp                                           ? ErrorKind::Resources
                                                                                    : ErrorKind::Settings,
                           socket.errorString());
}

PoolError formatError(IdFormat sent, const QString &endpoint)
{
    return {
        Phase::Identify, ErrorKind::BadIdentity,
        sent == IdFormat::Raw4
            ? QStringLiteral("%1 sent 4 bytes that are not hexadecimal digits where a connection's id belongs. Is it "
                             "IdFormat::Raw4? IdFormat::Auto takes both. Other servers need Identity::Local.")
                  .arg(endpoint)
            : QStringLiteral("%1 sent 8 hexadecimal digits where the 4 bytes of a connection's id belong. Is it "
                             "IdFormat::Hex8? IdFormat::Auto takes both.")
                  .arg(endpoint)};
}

PoolError noIdError(const QByteArray &bytes, const QString &endpoint)
{
    return {
        Phase::Identify, ErrorKind::BadIdentity,
        QStringLiteral("%1 sent \"%2\" where a connection's id belongs. Is it a Tidepool or Go pool server, with the "
                       "same IdFormat and TLS mode? Other servers need Identity::Local.")
            .arg(endpoint, QString::fromLatin1(bytes.toPercentEncoding(" :;,/=")))};
}

PoolError noAnswerError(qint64 milliseconds, const QByteArray &bytes, IdFormat expected, const QString &endpoint)
{
    if (bytes.isEmpty())
        return timeoutError(Phase::Identify, milliseconds, endpoint);
    if (expected == IdFormat::Hex8 && bytes.size() == 4)
        return {Phase::Identify, ErrorKind::BadIdentity,
                QStringLiteral("%1 sent 4 bytes within %2 ms where the 8 of a connection's id belong. Is it "
                               "IdFormat::Raw4?")
                    .arg(endpoint)
                    .arg(milliseconds)};
    return {
        Phase::Identify, ErrorKind::Timeout,
        QStringLiteral("%1 sent only %2 bytes of a connection's id within %3 ms. Is it a Tidepool or Go pool server, "
                       "with the same IdFormat? Other servers need Identity::Local.")
            .arg(endpoint)
            .arg(bytes.size())
            .arg(milliseconds)};
}

} // namespace Tidepool
