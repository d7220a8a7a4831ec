// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "endpoint.h"

#include <functional>
#include <memory>
#include <string>

struct mg_connection;
struct mg_context;

namespace Tunnel {

/// Serves one text at http://ADDR:PORT/metrics, in threads of its own. Everything else is answered with an error.
class MetricsPage
{
public:
    using Text = std::function<std::string()>;

    MetricsPage();
    ~MetricsPage();

    /// @p text is asked in other threads, until this object is destroyed.
    /// On failure the reason, and what to do; an empty string on success.
    [[nodiscard]] QString start(const Endpoint &endpoint, Text text);
    /// "http://127.0.0.1:9464/metrics"
    [[nodiscard]] QString url() const { return m_url; }

private:
    struct Stop
    {
        void operator()(mg_context *context) const;
    };

    static int answer(mg_connection *connection);

    Text m_text;
    std::unique_ptr<mg_context, Stop> m_context;
    QString m_url;
};

} // namespace Tunnel
