// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "wording.h"

#include <QtCore/QCoreApplication>

namespace Dashboard::Wording {

using Tidepool::PoolState;
using Tidepool::PoolStatus;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Wording", text);
}

// The error of one attempt, and if the failures continue, their diagnosis.
QString explained(const PoolStatus &status, const QString &lastError)
{
    constexpr int manyFailures = 3;
    const QString diagnosis = status.diagnosisText();
    const bool isLasting = status.failedInARow >= manyFailures || lastError.isEmpty();
    if (diagnosis.isEmpty() || !isLasting)
        return lastError;
    return lastError.isEmpty() ? diagnosis + QLatin1Char('.') : tr("%1. %2").arg(diagnosis, lastError);
}

} // namespace

QString advice(const PoolStatus &status, const QString &lastError)
{
    QString trouble = explained(status, lastError);
    switch (status.state) {
    case PoolState::Stopped:
    case PoolState::Closed:
        return trouble.isEmpty() ? tr("Nothing is connected. Press Start.") : trouble;
    case PoolState::Warming:
        return trouble.isEmpty() ? tr("The first connections are being made.") : trouble;
    case PoolState::Ready:
        if (!lastError.isEmpty())
            return trouble;
        return status.active > 0 ? tr("Whoever takes a connection now gets one at once. Capacity %1. %2")
                                       .arg(status.sizingText(), trouble)
                                       .trimmed()
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

QString draining(int openConnections)
{
    return openConnections == 1 ? tr("Draining: 1 connection still open")
                                : tr("Draining: %1 connections still open").arg(openConnections);
}

QString drainingAdvice()
{
    return tr("No new visitors. The tunnel closes when the last one leaves; press Stop to cut them off.");
}

QString unreachableTarget(const QString &target, const QString &reason)
{
    return tr("Cannot reach the target %1: %2. Is the service running?")
        .arg(target, reason.left(1).toLower() + reason.mid(1));
}

} // namespace Dashboard::Wording
