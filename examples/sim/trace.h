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

/// The times of takes, in order.
using Trace = std::vector<Time>;

/// The time at which a simulation starts.
inline constexpr Time beginning{};

[[nodiscard]] Time after(double seconds);
[[nodiscard]] double secondsOf(Time time);

/// The parameters of a generated trace.
struct TraceSettings
{
    double seconds = 600;
    double jitter = 0; ///< The maximum deviation of a regular burst, in seconds.
    double alpha = 1.5; ///< Of the Pareto distribution.
    unsigned seed = 1;
};

/// The names that makeTrace() knows.
[[nodiscard]] QStringList traceNames();
/// A description of the trace in one line.
[[nodiscard]] QString traceDescription(const QString &name);
[[nodiscard]] Trace makeTrace(const QString &name, const TraceSettings &settings);

/// Reads a file with one time on each line, in seconds. '#' starts a comment. If the file cannot be read, returns
/// std::nullopt and sets @p error to the reason.
[[nodiscard]] std::optional<Trace> readTrace(const QString &fileName, QString *error);

} // namespace Sim
