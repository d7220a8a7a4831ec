// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "options.h"

namespace Tunnel {

// Each runs one command until it ends, and returns the program's exit status. They need a QCoreApplication.

[[nodiscard]] int runServer(const ServerOptions &options);
[[nodiscard]] int runClient(const ClientOptions &options);
[[nodiscard]] int runDemo(const DemoOptions &options);

/// Exit status of a program that could not start.
inline constexpr int cannotStart = 1;
/// Exit statuses of a client that gave up.
inline constexpr int wrongCertificate = 3;
inline constexpr int wrongSecret = 4;
/// What a drain may take after SIGINT, SIGTERM or SIGHUP.
inline constexpr std::chrono::milliseconds drainTime{5'000};

/// Says why a command could not start; returns cannotStart.
[[nodiscard]] int reportFailure(QLatin1String command, const QString &error);
/// Sets how many I/O threads there are; 0 for the default.
void setIoThreads(int ioThreads);
[[nodiscard]] QString modeName(Tidepool::TlsMode mode);

} // namespace Tunnel
