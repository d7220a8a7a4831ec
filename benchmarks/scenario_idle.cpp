// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/child.h"
#include "support/statistics.h"
#include "support/usage.h"

#include <vector>

namespace Bench {

namespace {

constexpr double mostGrowth = 1.2;
constexpr int few = 10;

double measurePart(const QString &part, const QString &kind, int count, const QString &extra, const QString &result)
{
    PartProcess peer(QStringLiteral("peer"), {argument("tls", 0), argument("threads", 4)});
    PartProcess measured(part,
                         {argument("kind", kind), argument("port", peer.port()), argument("count", count), extra});
    return measured.number(result);
}

void measureTurns(Report &report, const Effort &effort, int many)
{
    const QString pool = QStringLiteral("pool");
    const QString bare = QStringLiteral("bare");
    std::vector<double> poolFew;
    std::vector<double> poolMany;
    std::vector<double> bareFew;
    std::vector<double> bareMany;
    const auto turn = [&](const QString &kind, int count, int turns) {
        return measurePart(QStringLiteral("turn"), kind, count, argument("turns", turns), QStringLiteral("turn"));
    };
    const int turns = effort.choose(20'000, 5'000);
    for (int round = 0; round < effort.choose(5, 1); ++round) {
        poolFew.push_back(turn(pool, few, turns));
        poolMany.push_back(turn(pool, many, turns));
        bareFew.push_back(turn(bare, few, turns));
        bareMany.push_back(turn(bare, many, turns / 10)); // each takes far longer
    }
    const QString what = QStringLiteral("a turn of the I/O thread's loop, %1 parked");
    const QString metric = QStringLiteral("time");
    const QString unit = QStringLiteral("us");
    const QString reference = QStringLiteral("as many bare QTcpSockets in the loop");
    report.add({what.arg(grouped(many)), metric, unit, median(poolMany), QStringLiteral("the same, %1 parked").arg(few),
                median(poolFew), Better::Lower, Goal{mostGrowth, {}}});
    report.add({what.arg(few), metric, unit, median(poolFew), reference, median(bareFew)});
    report.add({what.arg(grouped(many)), metric, unit, median(poolMany), reference, median(bareMany)});
}

} // namespace

void measureIdle(Report &report, const Effort &effort)
{
    const int many = affordableConnections(effort.choose(5'000, 2'000), 1);
    measureTurns(report, effort, many);

    const int seconds = effort.choose(5, 1);
    const auto cpu = [many, seconds](const QString &kind) {
        return measurePart(QStringLiteral("rest"), kind, many, argument("seconds", seconds), QStringLiteral("cpu"))
            / seconds;
    };
    report.add({QStringLiteral("%1 parked for %2 s").arg(grouped(many)).arg(seconds), QStringLiteral("CPU"),
                QStringLiteral("ms/s"), cpu(QStringLiteral("pool")),
                QStringLiteral("bare QTcpSockets and a 500 ms timer"), cpu(QStringLiteral("bare"))});
}

} // namespace Bench
