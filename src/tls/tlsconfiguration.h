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

/// TlsOptions after all checks, ready for the sockets of either end.
struct TlsConfiguration
{
    TlsMode mode = TlsMode::None;
    TlsProtocol minimumProtocol = TlsProtocol::Tls13;
    bool verifiesPeer = false;
    bool usesSystemRoots = false; ///< Trusts only the system's roots.
    QSslConfiguration ssl;
    Pins pins;
    std::shared_ptr<SharedTlsContext> context = std::make_shared<SharedTlsContext>();
    /// A fatal error if the settings cannot work, otherwise no error.
    PoolError error;
    /// What is dangerous about the settings and what to do about it, for the log. Empty if nothing is dangerous.
    QString advice;

    /// Call this before the handshake, in the I/O thread. Client: @p peerName is the name for which the certificate
    /// must be valid, and the name that is sent.
    void applyTo(QSslSocket &socket, const QString &peerName = {}) const;
    /// Call this after the handshake. Returns an error if the handshake does not meet the settings, because a dialer
    /// can have changed the socket's configuration. @p endpoint is for the message.
    [[nodiscard]] PoolError verify(const QSslSocket &socket, const QString &endpoint) const;

    /// Logs the advice, with @p who in front, unless the advice equals @p said, the advice that was logged last. Sets
    /// @p said.
    void advise(QString &said, const QString &who) const;
};

[[nodiscard]] TlsConfiguration clientTlsConfiguration(const TlsOptions &options, Identity identity);

/// In SelfSigned mode without a certificate, uses @p own. If @p own is null, creates @p own.
[[nodiscard]] TlsConfiguration serverTlsConfiguration(const TlsOptions &options, CertificateAndKey &own);

} // namespace Tidepool
