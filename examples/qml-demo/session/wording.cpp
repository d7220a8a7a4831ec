// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "wording.h"

#include <QtCore/QCoreApplication>

namespace Dashboard::Wording {

using Tidepool::ErrorKind;
using Tidepool::PoolState;
using Tidepool::PoolStatus;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Wording", text);
}

QString nextTry(const PoolStatus &status)
{
    if (status.nextAttempt.count() > 0) {
        const double seconds = std::chrono::duration<double>(status.nextAttempt).count();
        return tr(", next try in %1 s").arg(seconds, 0, 'f', 1);
    }
    return status.connecting + status.handshaking > 0 ? tr(", trying now") : QString();
}

} // namespace

QString headline(const PoolStatus &status, ErrorKind kind)
{
    switch (status.state) {
    case PoolState::Stopped:
        return tr("Stopped");
    case PoolState::Warming:
        if (kind != ErrorKind::None)
            return tr("Warming: %1%2").arg(kindName(kind), nextTry(status));
        return tr("Warming: %1 connecting").arg(status.connecting + status.handshaking);
    case PoolState::Ready:
        return status.active == 0 && status.waiting > 0 ? tr("Ready: %1 waiting").arg(status.waiting)
                                                        : tr("Ready: %1 warm").arg(status.active);
    case PoolState::Degraded:
        return tr("Degraded: %1%2")
            .arg(kind == ErrorKind::None ? tr("no connection") : kindName(kind), nextTry(status));
    case PoolState::Paused:
        return tr("Paused: %1 warm").arg(status.active);
    case PoolState::Draining:
        return tr("Draining: %1 still taken").arg(status.leased);
    case PoolState::Closed:
        return tr("Closed");
    }
    return {};
}

QString advice(const PoolStatus &status, const QString &trouble)
{
    switch (status.state) {
    case PoolState::Stopped:
    case PoolState::Closed:
        return trouble.isEmpty() ? tr("Nothing is connected. Press Start.") : trouble;
    case PoolState::Warming:
        return trouble.isEmpty() ? tr("The first connections are being made.") : trouble;
    case PoolState::Ready:
        if (!trouble.isEmpty())
            return trouble;
        return status.active > 0 ? tr("Whoever takes a connection now gets one at once.")
                                 : tr("Every warm connection is taken; new ones are on their way.");
    case PoolState::Degraded:
        return trouble.isEmpty() ? tr("No connection comes up. Check the server, or press Retry now.") : trouble;
    case PoolState::Paused:
        return tr("Warm connections can still be taken, but no new ones are made. Press Resume to go on.");
    case PoolState::Draining:
        return tr("No new takes. The pool closes when the last connection is let go.");
    }
    return {};
}

QString kindName(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::Timeout:
        return tr("no answer in time");
    case ErrorKind::Refused:
        return tr("connection refused");
    case ErrorKind::HostNotFound:
        return tr("server not found");
    case ErrorKind::Unreachable:
        return tr("network unreachable");
    case ErrorKind::PeerClosed:
        return tr("closed by the server");
    case ErrorKind::Proxy:
        return tr("proxy failed");
    case ErrorKind::Tls:
        return tr("TLS failed");
    case ErrorKind::Certificate:
        return tr("certificate not accepted");
    case ErrorKind::Pin:
        return tr("pin does not match");
    case ErrorKind::BadIdentity:
        return tr("not a pool server");
    case ErrorKind::Settings:
        return tr("settings do not work");
    case ErrorKind::Resources:
        return tr("too many open files");
    default:
        return tr("connection failed");
    }
}

} // namespace Dashboard::Wording
