// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "secret.h"

#include "../protocol/auth.h"

#include <QtCore/QFile>

namespace Tunnel {

namespace {

// An attacker that pretends to be the server can test guesses offline. The secret must therefore be too long to guess.
constexpr qsizetype minimumLength = 16;
constexpr qint64 maximumSecret = qint64(64) * 1024;
constexpr auto variable = "TIDEPOOL_SECRET";

Secret checked(const QByteArray &value, const QString &source)
{
    if (value.size() >= minimumLength)
        return {value, {}};
    return {{},
            QStringLiteral(
                "the secret in %1 has %2 characters and needs at least %3; make a good one with: openssl rand -hex 32")
                .arg(source)
                .arg(value.size())
                .arg(minimumLength)};
}

} // namespace

Secret loadSecret(const QString &fileName)
{
    const bool isSet = qEnvironmentVariableIsSet(variable);
    const QByteArray fromEnvironment = qgetenv(variable).trimmed();
    qunsetenv(variable);
    if (fileName.isEmpty())
        return isSet ? checked(fromEnvironment, QStringLiteral("TIDEPOOL_SECRET")) : Secret{};

    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly)) {
        return {
            {},
            QStringLiteral("cannot read the secret file %1: %2; make one with: (umask 077; openssl rand -hex 32 > %1)")
                .arg(fileName, file.errorString())};
    }
    return checked(file.readLine(maximumSecret).trimmed(), fileName);
}

QByteArray makeSecret()
{
    return makeNonce().toHex();
}

} // namespace Tunnel
