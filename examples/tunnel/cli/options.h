// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../endpoint.h"

#include <tidepool/bounds.h>
#include <tidepool/enums.h>

#include <QtCore/QStringList>

#include <chrono>
#include <optional>
#include <variant>

namespace Tunnel {

// The parsed command line. The values are checked as far as that is possible without opening a file or a socket.

/// The TLS options of both ends. --cert and --key belong to the server, the others to the client.
struct TlsChoice
{
    Tidepool::TlsMode mode = Tidepool::TlsMode::SelfSigned;
    QString certificateFile;
    QString keyFile;
    QString authoritiesFile;
    QString serverName;
    QStringList pins;
};

struct CommonOptions
{
    TlsChoice tls;
    QString secretFile; ///< Empty: TIDEPOOL_SECRET.
    std::optional<Endpoint> metrics;
    std::chrono::milliseconds heartbeat{5'000};
    std::chrono::milliseconds idleTimeout{3'600'000};
    int ioThreads = 0; ///< 0: one for each processor, four at most.
    bool verbose = false;
};

struct ServerOptions : CommonOptions
{
    Endpoint listen;
    Endpoint expose;
    QStringList allowed;
    std::chrono::milliseconds visitorPatience{10'000};
    int maximumWaiting = 1'024;
};

struct ClientOptions : CommonOptions
{
    Endpoint server;
    Endpoint target;
    Tidepool::Bounds bounds;
    QString stateFile; ///< Empty: none.
    QString traceFile; ///< Empty: none.
    bool retriesForever = false;
};

struct DemoOptions
{
    int seconds = 4;
    int connections = 50;
    int megabytes = 2;
    bool verbose = false;
};

/// The program ends at once: help was requested (code 0, for stdout), or the options are wrong (code 2, for stderr).
struct Exit
{
    int code = 2;
    QString text;
};

using CommandLine = std::variant<ServerOptions, ClientOptions, DemoOptions, Exit>;

/// @p arguments starts with the program's name.
[[nodiscard]] CommandLine parseCommandLine(const QStringList &arguments);

} // namespace Tunnel
