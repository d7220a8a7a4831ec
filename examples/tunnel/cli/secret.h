// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QString>

namespace Tunnel {

/// The secret that both ends know. It comes from a file or the environment, never from the command line, because every
/// user of the machine can read the command line.
struct Secret
{
    QByteArray value; ///< Empty if none was given.
    QString error; ///< What is wrong and what to do; empty if nothing is.
};

/// Reads the secret from the first line of @p file. Without a file, reads it from TIDEPOOL_SECRET and removes that
/// variable from the environment.
[[nodiscard]] Secret loadSecret(const QString &file);
/// 256 random bits, as 64 hexadecimal digits.
[[nodiscard]] QByteArray makeSecret();

} // namespace Tunnel
