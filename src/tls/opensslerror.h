// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

#include <openssl/err.h>

namespace Tidepool {

/// Empties OpenSSL's error queue of this thread at its end.
///
/// What a failed parse leaves there would be reported by the next live TLS socket of the thread as its own.
class OpenSslErrorQueueGuard
{
public:
    OpenSslErrorQueueGuard() = default;
    ~OpenSslErrorQueueGuard() { ERR_clear_error(); }
    Q_DISABLE_COPY_MOVE(OpenSslErrorQueueGuard)

    [[nodiscard]] static QString lastError()
    {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        return reason ? QString::fromLatin1(reason) : QStringLiteral("unknown reason");
    }
};

} // namespace Tidepool
