// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "endpoint.h"
#include "relaybook.h"
#include "tunnelfigures.h"

#include <tidepool/pool.h>

#include <prometheus/collectable.h>

#include <memory>

namespace prometheus {
class Exposer;
}

namespace Tunnel {

/// What the figures come from; all of it may be read in any thread, and must outlive the page.
struct MetricsSources
{
    QByteArray end; ///< "server" or "client": the label of everything.
    const Tidepool::Pool &pool;
    const RelayBook &relays;
    const TunnelFigures &figures;
};

/// Makes Prometheus' families of a tunnel's figures whenever somebody asks.
class TunnelMetrics : public prometheus::Collectable
{
public:
    explicit TunnelMetrics(const MetricsSources &sources) : m_sources(sources) {}

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

private:
    const MetricsSources m_sources;
};

/// Serves the figures at http://ADDR:PORT/metrics, in threads of its own.
class MetricsPage
{
public:
    MetricsPage();
    ~MetricsPage();

    /// On failure the reason, and what to do; an empty string on success.
    [[nodiscard]] QString start(const Endpoint &endpoint, const MetricsSources &sources);
    /// "http://127.0.0.1:9464/metrics"
    [[nodiscard]] QString url() const { return m_url; }

private:
    std::shared_ptr<TunnelMetrics> m_metrics;
    std::unique_ptr<prometheus::Exposer> m_exposer;
    QString m_url;
};

} // namespace Tunnel
