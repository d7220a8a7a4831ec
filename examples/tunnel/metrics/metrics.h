// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../relayregistry.h"
#include "tunnelmetrics.h"

#include <tidepool/pool.h>

#include <QtCore/QByteArray>

#include <string>

namespace Tunnel {

/// What the metrics come from; all of it may be read in any thread, and must outlive the page.
struct MetricsSources
{
    QByteArray end; ///< "server" or "client": the label of everything.
    const Tidepool::Pool &pool;
    const RelayRegistry &relays;
    const TunnelMetrics &metrics;
};

/// A tunnel's metrics now, as Prometheus reads them. Any thread.
[[nodiscard]] std::string metricsText(const MetricsSources &sources);

} // namespace Tunnel
