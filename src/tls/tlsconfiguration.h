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

/// TlsOptions, checked and ready for use by the sockets of either end.
struct TlsConfiguration
{
    TlsMode mode = TlsMode::None;
    TlsProtocol minimumProtocol = TlsProtocol::Tls13;
    bool verifiesPeer = false;
    bool usesSystemRoots = false; ///< Trusts the system's roots and no others.
    QSslConfiguration ssl;
    Pins pins;
    std::shared_ptr<SharedTlsContext> context = std::make_shared<SharedTlsContext>();
    /// Settings that cannot work; a fatal error, or none.
    PoolError error;
    /// What is dangerous about the settings and what to do about it, for the log; empty if nothing is.
    QString advice;

    /// Before the handshake, in the I/O thread. Client: @p peerName is what the certificate must be valid for, and the
    /// name that is sent.
    void applyTo(QSslSocket &socket, const QString &peerName = {}) const;
    /// After the handshake: an error if it does not meet the settings, for a dialer may have changed the socket's
    /// configuration. @p endpoint is for the message.
    [[nodiscard]] PoolError verify(const QSslSocket &socket, const QString &endpoint) const;

    /// Logs the advice, with @p who in front, unless it is @p said, the one logged last; sets @p said.
    void advise(QString &said, const QString &who) const;
};

[[nodiscard]] TlsConfiguration clientTlsConfiguration(const TlsOptions &options, Identity identity);

/// In SelfSigned mode without a certificate it uses @p own, and creates that if it is null.
[[nodiscard]] TlsConfiguration serverTlsConfiguration(const TlsOptions &options, CertificateAndKey &own);

} // namespace Tidepool
