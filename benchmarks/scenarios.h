// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "support/report.h"

#include <QtCore/QStringList>

#include <array>

namespace Bench {

/// How thoroughly to measure.
struct Effort
{
    bool isQuick = false;

    [[nodiscard]] int choose(int thorough, int quick) const { return isQuick ? quick : thorough; }
};

/// Each adds its rows to the report and throws BenchmarkError if it cannot.
void measureTake(Report &report, const Effort &effort);
void measureFill(Report &report, const Effort &effort);
void measureStall(Report &report, const Effort &effort);
void measureMemory(Report &report, const Effort &effort);
void measureIdle(Report &report, const Effort &effort);
void measureRelay(Report &report, const Effort &effort);
void measureBurst(Report &report, const Effort &effort);
void measureRecover(Report &report, const Effort &effort);
void measureTunnel(Report &report, const Effort &effort);

struct Scenario
{
    const char *name;
    const char *headline;
    void (*measure)(Report &, const Effort &);
};

inline constexpr std::array<Scenario, 9> scenarios{{
    {"take", "how long until a parked connection is in the caller's thread, validated", measureTake},
    {"fill", "how fast connections are made, and what CPU each costs the client", measureFill},
    {"stall", "how long a program's own event loop stands still while connections are made", measureStall},
    {"memory", "what a parked connection keeps in memory", measureMemory},
    {"idle", "what parked connections cost while nothing happens", measureIdle},
    {"relay", "how fast bytes are carried from one connection to another", measureRelay},
    {"burst", "how many takes are served at once on a long round trip, when many come together", measureBurst},
    {"recover", "how long a pool needs after an outage of the link or of the server", measureRecover},
    {"tunnel", "how long a visitor waits for the first byte through a tunnel over a long round trip", measureTunnel},
}};

} // namespace Bench
