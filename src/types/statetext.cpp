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

QString inSeconds(std::chrono::milliseconds duration)
{
    const double seconds = std::chrono::duration<double>(duration).count();
    return QStringLiteral("%1 s").arg(seconds, 0, 'f', seconds < 10 ? 1 : 0);
}

QString inMinutes(std::chrono::milliseconds duration)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(duration).count();
    if (seconds < 60)
        return inSeconds(duration);
    const QString minutes = QStringLiteral("%1 min").arg(seconds / 60);
    return seconds % 60 == 0 ? minutes : QStringLiteral("%1 %2 s").arg(minutes).arg(seconds % 60);
}

// Names the symptom, not the cause.
QString inWords(Diagnosis diagnosis)
{
    switch (diagnosis) {
    case Diagnosis::None:
    case Diagnosis::ClosedWhenIdle:
        break;
    case Diagnosis::NoNetwork:
        return QStringLiteral("This machine has no network: nothing is dialled until it is back");
    case Diagnosis::ThisMachine:
        return QStringLiteral("This machine cannot dial");
    case Diagnosis::NameNotFound:
        return QStringLiteral("The server's name cannot be looked up");
    case Diagnosis::Unreachable:
        return QStringLiteral("The server's address cannot be reached");
    case Diagnosis::NoAnswer:
        return QStringLiteral("Nothing answers at the server's address");
    case Diagnosis::Refused:
        return QStringLiteral("The server's machine, or a firewall before it, refuses connections");
    case Diagnosis::ProxyFailed:
        return QStringLiteral("The proxy does not connect to the server");
    case Diagnosis::ServerCloses:
        return QStringLiteral("The server is reached, and closes connections as soon as they are made");
    case Diagnosis::TlsFailed:
        return QStringLiteral("The server is reached, and TLS with it fails");
    case Diagnosis::WrongProtocol:
        return QStringLiteral("The server is reached, and does not speak as expected");
    case Diagnosis::Other:
        return QStringLiteral("Connections are not made, or do not last");
    }
    return {};
}

// For a pool without a connection: the reason, and what the pool does about it.
QString trouble(const PoolStatus &status)
{
    if (status.offline)
        return QStringLiteral("no network");
    const int underWay = status.connecting + status.handshaking;
    if (status.lastErrorKind == ErrorKind::None) {
        return underWay > 0 ? QStringLiteral("%1 connecting").arg(underWay) : QStringLiteral("no connection yet");
    }
    QString text = inWords(status.lastErrorKind);
    if (status.nextAttempt.count() > 0) {
        text += QStringLiteral(", next try in ") + inSeconds(status.nextAttempt);
    } else if (underWay > 0) {
        text += QStringLiteral(", trying now");
    }
    return text;
}
} // namespace

QString PoolStatus::sizingText() const
{
    const QString needed =
        QStringLiteral("up to %1 were taken within one dial time%2 in the last %3")
            .arg(QString::number(sizing.needed),
                 sizing.cause == SizingCause::BetweenBursts ? QStringLiteral(", outside bursts,") : QString(),
                 inSeconds(sizing.spareWindow));
    QString why;
    switch (sizing.cause) {
    case SizingCause::Rule:
        why = interval.count() > 0 ? QStringLiteral("by the Classic rule, one more or one less at each round")
                                   : QStringLiteral("the maximum that is set");
        break;
    case SizingCause::Minimum:
        why = QStringLiteral("the minimum; ") + needed;
        break;
    case SizingCause::Maximum:
        why = QStringLiteral("the maximum; ") + needed;
        break;
    case SizingCause::Takes:
    case SizingCause::BetweenBursts:
        why = needed;
        break;
    case SizingCause::BurstDue:
        why = QStringLiteral("a burst of up to %1 is due").arg(sizing.burstSize);
        break;
    case SizingCause::Announced:
        why = QStringLiteral("%1 takes are announced").arg(sizing.announced);
        break;
    }
    if (sizing.nextBurst.count() >= 0)
        why += (sizing.cause == SizingCause::BurstDue ? QStringLiteral("; it is expected in ")
                                                      : QStringLiteral("; the next burst is expected in "))
            + inSeconds(sizing.nextBurst);
    return QStringLiteral("%1: %2").arg(capacity).arg(why);
}

QString PoolStatus::idleText() const
{
    if (idleLifetime.count() <= 0)
        return {};
    return QStringLiteral("Connections that are idle for %1 are closed by the server, or by a firewall on the way")
        .arg(inMinutes(idleLifetime));
}

QString PoolStatus::diagnosisText() const
{
    if (diagnosis == Diagnosis::ClosedWhenIdle)
        return idleText();
    QString text = inWords(diagnosis);
    if (text.isEmpty())
        return text;
    if (diagnosis == Diagnosis::ThisMachine || diagnosis == Diagnosis::TlsFailed || diagnosis == Diagnosis::Other)
        text += QStringLiteral(" (%1)").arg(inWords(lastErrorKind));
    if (failedInARow > 1 && diagnosis != Diagnosis::NoNetwork)
        text += QStringLiteral(": %1 attempts in a row failed").arg(failedInARow);
    return text;
}

QString PoolStatus::stateText() const
{
    const QString warm = QString::number(active) + QStringLiteral(" warm");
    QString text;
    switch (state) {
    case PoolState::Stopped:
        return QStringLiteral("Stopped");
    case PoolState::Warming:
        text = (waking ? QStringLiteral("Waking: ") : QStringLiteral("Warming: ")) + trouble(*this);
        break;
    case PoolState::Ready:
        text = QStringLiteral("Ready: ") + warm;
        if (offline)
            text += QStringLiteral(", no network");
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
