// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "metricspage.h"

#include "log.h"

#include <civetweb.h>

#include <array>
#include <string_view>
#include <utility>

namespace Tunnel {

namespace {

// A thread serves one client at a time. So many slow ones at once delay the others, for this long at most.
constexpr const char *threads = "8";
constexpr const char *requestTimeoutMs = "5000";

constexpr int success = 200;
constexpr int notFound = 404;
constexpr int methodNotAllowed = 405;

constexpr const char *plainText = "text/plain; charset=utf-8";
constexpr const char *prometheusText = "text/plain; version=0.0.4; charset=utf-8";

void send(mg_connection *connection, int status, const char *type, const std::string &body)
{
    mg_response_header_start(connection, status);
    mg_response_header_add(connection, "Content-Type", type, -1);
    mg_response_header_add(connection, "Content-Length", std::to_string(body.size()).c_str(), -1);
    mg_response_header_add(connection, "Connection", "close", -1);
    if (status == methodNotAllowed)
        mg_response_header_add(connection, "Allow", "GET, HEAD", -1);
    mg_response_header_send(connection);
    if (std::string_view(mg_get_request_info(connection)->request_method) != "HEAD")
        mg_write(connection, body.data(), body.size());
}

int logMessage(const mg_connection *, const char *message)
{
    qCDebug(lcTunnel).noquote() << "metrics:" << QString::fromUtf8(message);
    return 1;
}

} // namespace

MetricsPage::MetricsPage() = default;

MetricsPage::~MetricsPage() = default;

void MetricsPage::Stop::operator()(mg_context *context) const
{
    mg_stop(context);
    mg_exit_library();
}

// Not prometheus::Exposer: it counts itself on the page, as NaN at first, and does not say why it cannot start.
QString MetricsPage::start(const Endpoint &endpoint, Text text)
{
    const QHostAddress address = listenAddress(endpoint).value_or(QHostAddress(QHostAddress::LocalHost));
    // civetweb reads "port" as "all IPv4 addresses".
    const bool isAny = address.protocol() == QAbstractSocket::AnyIPProtocol;
    const std::string where =
        (isAny ? QString::number(endpoint.port) : formatAddress(address, endpoint.port)).toStdString();
    const std::array options{"listening_ports",
                             where.c_str(),
                             "num_threads",
                             threads,
                             "request_timeout_ms",
                             requestTimeoutMs,
                             "enable_keep_alive",
                             "no",
                             static_cast<const char *>(nullptr)};
    m_text = std::move(text);
    mg_callbacks callbacks{};
    callbacks.begin_request = &MetricsPage::answer;
    callbacks.log_message = logMessage;
    std::array<char, 256> reason{};
    mg_init_data init{&callbacks, this, const_cast<const char **>(options.data())};
    mg_error_data error{}; // its other members differ between CivetWeb's versions
    error.text = reason.data();
    error.text_buffer_size = reason.size();
    mg_init_library(MG_FEATURES_DEFAULT);
    m_context.reset(mg_start2(&init, &error));
    std::array<mg_server_port, 1> ports{};
    if (!m_context || mg_get_server_ports(m_context.get(), static_cast<int>(ports.size()), ports.data()) < 1) {
        // Its words are "Failed to setup server ports".
        const bool isIPv6 = address.protocol() == QAbstractSocket::IPv6Protocol;
        return QStringLiteral(
                   "cannot serve metrics on %1: the address is in use%2 or not this machine's; choose another "
                   "--metrics address")
            .arg(endpoint.toString(),
                 isIPv6 ? QStringLiteral(", or IPv6, which not every build of the web server speaks,") : QString());
    }
    const auto port = static_cast<quint16>(ports.front().port);
    m_url = QStringLiteral("http://%1/metrics")
                .arg(formatAddress(isAny ? QHostAddress(QHostAddress::AnyIPv4) : address, port));
    return {};
}

int MetricsPage::answer(mg_connection *connection)
{
    const auto *page = static_cast<const MetricsPage *>(mg_get_user_data(mg_get_context(connection)));
    const mg_request_info *request = mg_get_request_info(connection);
    const std::string_view method(request->request_method);
    const char *path = request->local_uri;
    int status = success;
    if (!path || std::string_view(path) != "/metrics")
        status = notFound;
    else if (method != "GET" && method != "HEAD")
        status = methodNotAllowed;
    if (status == success)
        send(connection, status, prometheusText, page->m_text());
    else if (status == notFound)
        send(connection, status, plainText, "Not found. The figures are at /metrics.\n");
    else
        send(connection, status, plainText, "Not allowed. Ask for /metrics by GET.\n");
    return status;
}

} // namespace Tunnel
