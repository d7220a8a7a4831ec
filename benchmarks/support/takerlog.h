// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QJsonObject>

#include <optional>
#include <vector>

namespace Bench {

/// What the part "taker" has noted. Times are milliseconds of the steady clock, which all processes share.
class TakerLog
{
public:
    explicit TakerLog(const QJsonObject &answer);

    /// The present on that clock.
    [[nodiscard]] static double now();

    [[nodiscard]] double warmPercent() const; ///< Of all takes.
    [[nodiscard]] int failedTakes() const; ///< Those that never ended included.
    [[nodiscard]] double waitPercentile(double share) const; ///< Of the takes that were served.
    [[nodiscard]] double meanParked() const { return m_parked; }
    [[nodiscard]] double longestTake() const; ///< Failed ones included.

    /// From @p since until the first take that was asked after it is served.
    [[nodiscard]] std::optional<double> firstServedAfter(double since) const;
    /// From @p since until @p count connections that were made after it are parked.
    [[nodiscard]] std::optional<double> parkedAfter(double since, int count) const;
    /// Attempts that failed in between.
    [[nodiscard]] int failuresBetween(double begin, double end) const;

private:
    struct Take
    {
        double asked;
        double wait;
        bool isServed;
        bool isWarm;
    };
    struct Event
    {
        double when;
        quint32 id;
        bool isParked; ///< Otherwise taken or evicted.
    };
    std::vector<Take> m_takes;
    std::vector<Event> m_events;
    std::vector<double> m_failures;
    double m_parked;
    int m_unfinished;
};

} // namespace Bench
