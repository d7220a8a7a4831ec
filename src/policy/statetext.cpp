// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/poolstatus.h>

namespace Tidepool {

namespace {

QString inWords(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::Timeout:
        return QStringLiteral("no answer in time");
    case ErrorKind::Refused:
        return QStringLiteral("connection refused");
    case ErrorKind::HostNotFound:
        return QStringLiteral("host not found");
    case ErrorKind::Unreachable:
        return QStringLiteral("network unreachable");
    case ErrorKind::PeerClosed:
        return QStringLiteral("closed by the peer");
    case ErrorKind::Proxy:
        return QStringLiteral("proxy failed");
    case ErrorKind::Tls:
        return QStringLiteral("TLS failed");
    case ErrorKind::Certificate:
        return QStringLiteral("certificate not accepted");
    case ErrorKind::CertificateDate:
        return QStringLiteral("certificate not valid now");
    case ErrorKind::SourceAddress:
        return QStringLiteral("source address not available");
    case ErrorKind::Pin:
        return QStringLiteral("pin does not match");
    case ErrorKind::SpokeFirst:
        return QStringLiteral("the server speaks first");
    case ErrorKind::BadIdentity:
        return QStringLiteral("not a pool server");
    case ErrorKind::Settings:
        return QStringLiteral("settings do not work");
    case ErrorKind::Resources:
        return QStringLiteral("too many open files");
    default:
        return QStringLiteral("connection failed");
    }
}

// Of a pool without a connection: why, and what it does about it.
QString trouble(const PoolStatus &status)
{
    const int underWay = status.connecting + status.handshaking;
    if (status.lastErrorKind == ErrorKind::None) {
        return underWay > 0 ? QStringLiteral("%1 connecting").arg(underWay) : QStringLiteral("no connection yet");
    }
    QString text = inWords(status.lastErrorKind);
    if (status.nextAttempt.count() > 0) {
        const double seconds = std::chrono::duration<double>(status.nextAttempt).count();
        text += QStringLiteral(", next try in %1 s").arg(seconds, 0, 'f', seconds < 10 ? 1 : 0);
    } else if (underWay > 0) {
        text += QStringLiteral(", trying now");
    }
    return text;
}
} // namespace

QString PoolStatus::stateText() const
{
    const QString warm = QString::number(active) + QStringLiteral(" warm");
    QString text;
    switch (state) {
    case PoolState::Stopped:
        return QStringLiteral("Stopped");
    case PoolState::Warming:
        text = QStringLiteral("Warming: ") + trouble(*this);
        break;
    case PoolState::Ready:
        text = QStringLiteral("Ready: ") + warm;
        break;
    case PoolState::Degraded:
        text = QStringLiteral("Degraded: ") + trouble(*this);
        break;
    case PoolState::Paused:
        text = QStringLiteral("Paused: ") + warm;
        break;
    case PoolState::Draining:
        return QStringLiteral("Draining: %1 still in use").arg(leased);
    case PoolState::Closed:
        return QStringLiteral("Closed");
    }
    return waiting > 0 ? text + QStringLiteral(", %1 waiting").arg(waiting) : text;
}

} // namespace Tidepool
