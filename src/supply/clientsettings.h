// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/clientpool.h>

namespace Tidepool {

/// Everything a ClientSupply has to know. A plain value, copied into the lane.
struct ClientSettings
{
    QString host;
    quint16 port = 0;
    TlsOptions tls;
    IdFormat idFormat = IdFormat::Hex8;
    Identity identity = Identity::FromServer;
    Timeouts timeouts;
    KeepAlive keepAlive;
    Bounds bounds; ///< As set; use corrected().
    Refill refill = Refill::AtTake;
    Backoff backoff;
    int maximumParallelDials = 64;
    QNetworkProxy proxy = QNetworkProxy::NoProxy;
    QHostAddress sourceAddress;
    ClientPool::Dialer dialer;

    /// For messages.
    [[nodiscard]] QString endpoint() const
    {
        if (dialer && host.isEmpty())
            return QStringLiteral("the dialer's server");
        const bool isIPv6 = host.contains(QLatin1Char(':'));
        return (isIPv6 ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2")).arg(host).arg(port);
    }
};

} // namespace Tidepool
