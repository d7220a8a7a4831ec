// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../endpoint.h"

#include <functional>
#include <memory>
#include <string>

namespace Tunnel {

class MetricsServer;

/// Serves one text at http://ADDR:PORT/metrics, from the event loop of its thread. Answers all other requests with an
/// error.
class MetricsPage
{
public:
    using Text = std::function<std::string()>;

    MetricsPage();
    ~MetricsPage();

    /// Calls @p text for each answer, until this object is destroyed. On failure, returns the reason and what to do. On
    /// success, returns an empty string.
    [[nodiscard]] QString start(const Endpoint &endpoint, Text text);
    /// "http://127.0.0.1:9464/metrics"
    [[nodiscard]] QString url() const { return m_url; }

private:
    std::unique_ptr<MetricsServer> m_server;
    QString m_url;
};

} // namespace Tunnel
