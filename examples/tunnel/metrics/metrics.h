// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../relayregistry.h"
#include "tunnelmetrics.h"

#include <tidepool/pool.h>

#include <QtCore/QByteArray>

#include <string>

namespace Tunnel {

/// The sources of the metrics. Any thread can read them. They must outlive the page.
struct MetricsSources
{
    QByteArray end; ///< "server" or "client": the label of all metrics.
    const Tidepool::Pool &pool;
    const RelayRegistry &relays;
    const TunnelMetrics &metrics;
};

/// The current metrics of a tunnel in the format of Prometheus. Any thread.
[[nodiscard]] std::string metricsText(const MetricsSources &sources);

} // namespace Tunnel
