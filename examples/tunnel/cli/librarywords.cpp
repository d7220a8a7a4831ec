// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "librarywords.h"

#include <QtCore/QRegularExpression>

namespace Tunnel {

QString inOptions(QString message)
{
    const bool isOfServer = message.contains(QLatin1String(" the client "));
    const QString sameTls = isOfServer
        ? QStringLiteral("Does the client use the same --tls, and is its --pin right?")
        : QStringLiteral("Do both ends use the same --tls, and does the server's --allow name this machine?");
    message.replace(QLatin1String("TlsOptions::pins"), QLatin1String("--pin"));
    message.replace(QLatin1String("(TlsOptions::hostName, certificateAuthorities)"),
                    QLatin1String("(--server-name, --ca)"));
    message.replace(QLatin1String("TlsMode::None"), QLatin1String("--tls none"));
    // At the end of the sentence, one or two questions say what to check.
    static const QRegularExpression notAPool(
        QStringLiteral("Is it a Tidepool or Go pool server[^?]*\\?( Other servers need Identity::Local\\.)?"));
    message.replace(notAPool, QStringLiteral("Is it a tidepool server, with the same --tls?"));
    static const QRegularExpression otherMode(QStringLiteral("Do both ends use [^?]*TLS mode[^?]*\\?"));
    message.replace(otherMode, sameTls);
    return message;
}

} // namespace Tunnel
