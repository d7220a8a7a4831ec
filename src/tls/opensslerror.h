// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

#include <openssl/err.h>

namespace Tidepool {

/// Clears OpenSSL's error queue of this thread in the destructor.
///
/// Otherwise the next TLS socket of the thread would report the error of a failed parse as its own.
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
