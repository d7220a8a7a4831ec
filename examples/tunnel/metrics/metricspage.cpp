// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "metricspage.h"

#include "metricsserver.h"

#include <memory>
#include <utility>

namespace Tunnel {

MetricsPage::MetricsPage() = default;

MetricsPage::~MetricsPage() = default;

// This class does not use prometheus::Exposer or the web server in it. That server handles one client in each of its
// threads, so a few silent clients block all other clients. The Exposer also adds metrics about itself to the page, and
// does not report why it cannot start.
QString MetricsPage::start(const Endpoint &endpoint, Text text)
{
    const QHostAddress address = listenAddress(endpoint).value_or(QHostAddress(QHostAddress::LocalHost));
    auto server = std::make_unique<MetricsServer>(std::move(text));
    if (!server->listen(address, endpoint.port))
        return QStringLiteral("cannot serve metrics on %1: %2; choose another --metrics address")
            .arg(endpoint.toString(), server->errorString());
    const bool isAny = address.protocol() == QAbstractSocket::AnyIPProtocol;
    m_url = QStringLiteral("http://%1/metrics")
                .arg(formatAddress(isAny ? QHostAddress(QHostAddress::AnyIPv4) : address, server->serverPort()));
    m_server = std::move(server);
    return {};
}

} // namespace Tunnel
