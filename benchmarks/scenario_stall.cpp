// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/child.h"
#include "support/statistics.h"

#include <vector>

namespace Bench {

namespace {

constexpr double mostOfBare = 0.25;
constexpr double mostMilliseconds = 8;

struct Gaps
{
    std::vector<double> longest;
    std::vector<double> p99;
};

void measureOnce(Gaps &gaps, const QString &kind, int count)
{
    PartProcess peer(QStringLiteral("peer"), {argument("tls", 1), argument("threads", 8)});
    PartProcess part(QStringLiteral("stall"),
                     {argument("kind", kind), argument("port", peer.port()), argument("count", count)});
    const QJsonObject answer = part.answer();
    gaps.longest.push_back(answer.value(QStringLiteral("longest")).toDouble());
    gaps.p99.push_back(answer.value(QStringLiteral("p99")).toDouble());
}

} // namespace

void measureStall(Report &report, const Effort &effort)
{
    const int count = effort.choose(1'000, 300);
    Gaps pool;
    Gaps bare;
    for (int round = 0; round < effort.choose(7, 2); ++round) {
        measureOnce(pool, QStringLiteral("pool"), count);
        measureOnce(bare, QStringLiteral("bare"), count);
    }
    const QString what = QStringLiteral("%1 TLS connections dialled, 1 ms ticks").arg(grouped(count));
    const QString reference = QStringLiteral("bare QSslSockets in that thread");
    report.add({what, QStringLiteral("longest gap"), QStringLiteral("ms"), median(pool.longest), reference,
                median(bare.longest), Better::Lower, Goal{mostOfBare, mostMilliseconds}});
    report.add({what, QStringLiteral("p99 gap"), QStringLiteral("ms"), median(pool.p99), reference, median(bare.p99)});
}

} // namespace Bench
