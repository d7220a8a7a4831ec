// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "pins.h"
#include "sharedcontext.h"

#include <tidepool/poolerror.h>
#include <tidepool/tlsoptions.h>

#include <QtNetwork/QSslConfiguration>

#include <memory>

namespace Tidepool {

/// TlsOptions, checked and ready for use by a socket.
struct TlsConfiguration
{
    TlsMode mode = TlsMode::None;
    QSslConfiguration ssl;
    Pins pins;
    std::shared_ptr<SharedTlsContext> context = std::make_shared<SharedTlsContext>();
    /// Settings that cannot work; a fatal error, or none.
    PoolError error;
};

[[nodiscard]] TlsConfiguration clientTlsConfiguration(const TlsOptions &options);

/// In SelfSigned mode without a certificate, shows @p own, and makes that first if it is null.
[[nodiscard]] TlsConfiguration serverTlsConfiguration(const TlsOptions &options, CertificateAndKey &own);

} // namespace Tidepool
