// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "commands.h"

#include "console.h"

#include <tidepool/iothreads.h>

#include <QtCore/QThread>

#include <algorithm>

namespace Tunnel {

namespace {

constexpr int mostIoThreadsByDefault = 4;

} // namespace

int reportFailure(QLatin1String command, const QString &error)
{
    Console::printError(QStringLiteral("tidepool %1: %2\n").arg(command, error));
    return cannotStart;
}

void setIoThreads(int ioThreads)
{
    Tidepool::IoThreads::setCount(ioThreads > 0 ? ioThreads
                                                : std::clamp(QThread::idealThreadCount(), 1, mostIoThreadsByDefault));
}

QString modeName(Tidepool::TlsMode mode)
{
    switch (mode) {
    case Tidepool::TlsMode::None:
        return QStringLiteral("none");
    case Tidepool::TlsMode::SelfSigned:
        return QStringLiteral("self-signed");
    case Tidepool::TlsMode::Verified:
        break;
    }
    return QStringLiteral("verified");
}

} // namespace Tunnel
