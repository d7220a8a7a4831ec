// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "options.h"

namespace Tunnel {

// Each function runs one command until the command ends, and returns the program's exit status. Needs a
// QCoreApplication.

[[nodiscard]] int runServer(const ServerOptions &options);
[[nodiscard]] int runClient(const ClientOptions &options);
[[nodiscard]] int runDemo(const DemoOptions &options);

/// The exit status of a program that could not start.
inline constexpr int cannotStart = 1;
/// The exit statuses of a client that gave up.
inline constexpr int wrongCertificate = 3;
inline constexpr int wrongSecret = 4;
/// The maximum duration of a drain after SIGINT, SIGTERM or SIGHUP.
inline constexpr std::chrono::milliseconds drainTime{5'000};

/// Reports why a command could not start. Returns cannotStart.
[[nodiscard]] int reportFailure(QLatin1String command, const QString &error);
/// Sets the number of I/O threads. 0 means the default.
void setIoThreads(int ioThreads);
[[nodiscard]] QString modeName(Tidepool::TlsMode mode);

} // namespace Tunnel
