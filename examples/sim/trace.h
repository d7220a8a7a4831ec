// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <chrono>
#include <optional>
#include <vector>

namespace Sim {

using Time = std::chrono::steady_clock::time_point;

/// When connections are asked for, in order.
using Trace = std::vector<Time>;

/// The moment at which a simulation begins.
inline constexpr Time beginning{};

[[nodiscard]] Time after(double seconds);
[[nodiscard]] double secondsOf(Time time);

/// What a made-up trace is made of.
struct TraceSettings
{
    double seconds = 600;
    double jitter = 0; ///< Of a regular burst, in seconds, either way.
    double alpha = 1.5; ///< Of the Pareto distribution.
    unsigned seed = 1;
};

/// The names that makeTrace() knows.
[[nodiscard]] QStringList traceNames();
/// One line on what it is like.
[[nodiscard]] QString traceDescription(const QString &name);
[[nodiscard]] Trace makeTrace(const QString &name, const TraceSettings &settings);

/// Reads a file with one time a line, in seconds; '#' begins a comment. std::nullopt, and @p error says why, if it
/// cannot be read.
[[nodiscard]] std::optional<Trace> readTrace(const QString &fileName, QString *error);

} // namespace Sim
