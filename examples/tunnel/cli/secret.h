// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QString>

namespace Tunnel {

/// The secret that both ends know. It comes from a file or the environment, never from the command
/// line, which every user of the machine can read.
struct Secret
{
    QByteArray value; ///< Empty if none was given.
    QString error; ///< What is wrong and what to do; empty if nothing is.
};

/// From the first line of @p file, or, without a file, from TIDEPOOL_SECRET, which is then removed from the
/// environment.
[[nodiscard]] Secret loadSecret(const QString &file);
/// 256 random bits, as 64 hexadecimal digits.
[[nodiscard]] QByteArray makeSecret();

} // namespace Tunnel
