// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "options.h"

#include <tidepool/tlsoptions.h>

namespace Tunnel {

/// The TLS settings for the pool, made from the command line.
struct TlsSetup
{
    Tidepool::TlsOptions options;
    QString notice; ///< Something worth logging, like a file that was made; empty for nothing.
    QString error; ///< What is wrong and what to do; empty if nothing is.
};

/// Reads the certificate and the key. In self-signed mode, creates files that do not exist.
[[nodiscard]] TlsSetup serverTls(const TlsChoice &choice);
[[nodiscard]] TlsSetup clientTls(const TlsChoice &choice);

} // namespace Tunnel
