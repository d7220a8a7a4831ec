// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/peername.h"

#include <tidepool/backoff.h>
#include <tidepool/bounds.h>
#include <tidepool/enums.h>
#include <tidepool/keepalive.h>
#include <tidepool/recovery.h>
#include <tidepool/timeouts.h>
#include <tidepool/tlsoptions.h>

#include <QtNetwork/QHostAddress>
#include <QtNetwork/QNetworkProxy>

#include <chrono>
#include <functional>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// Everything a Connector has to know. A plain value, copied into the I/O thread.
struct ConnectorSettings
{
    QString host;
    quint16 port = 0;
    TlsOptions tls;
    IdFormat idFormat = IdFormat::Hex8;
    Identity identity = Identity::FromServer;
    Timeouts timeouts;
    KeepAlive keepAlive;
    Bounds bounds; ///< As set; use corrected().
    SizingPolicy sizingPolicy = SizingPolicy::Predictive;
    std::chrono::milliseconds spareWindow{60'000};
    Refill refill = Refill::AtTake;
    Backoff backoff;
    Recovery recovery;
    int maximumParallelDials = 64;
    QNetworkProxy proxy = QNetworkProxy::NoProxy;
    QHostAddress sourceAddress;
    std::function<void(QSslSocket &)> dialer; ///< See ClientPool::Dialer.

    /// For messages.
    [[nodiscard]] QString endpoint() const
    {
        if (dialer && host.isEmpty())
            return QStringLiteral("the dialer's server");
        return hostAndPort(host, port);
    }
};

} // namespace Tidepool
