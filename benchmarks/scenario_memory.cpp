// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/child.h"
#include "support/statistics.h"

#include <vector>

namespace Bench {

namespace {

constexpr double mostOfBare = 1.05;
constexpr int warmup = 32; // as the parts have it

double weighClient(const QString &kind, bool isTls, int count)
{
    PartProcess peer(QStringLiteral("peer"), {argument("tls", isTls ? 1 : 0), argument("threads", 8)});
    PartProcess part(QStringLiteral("memory-client"),
                     {argument("kind", kind), argument("tls", isTls ? 1 : 0), argument("port", peer.port()),
                      argument("count", count)});
    return part.number(QStringLiteral("bytes")) / 1'024;
}

double weighServer(const QString &kind, bool isTls, int count)
{
    PartProcess part(QStringLiteral("memory-server"),
                     {argument("kind", kind), argument("tls", isTls ? 1 : 0), argument("count", count)});
    const quint16 port = part.port();
    const auto dial = [port, isTls](int clients) {
        return std::make_unique<PartProcess>(QStringLiteral("dialer"),
                                             QStringList{argument("threads", 4), argument("warmup", 0),
                                                         argument("port", port), argument("tls", isTls ? 1 : 0),
                                                         argument("count", clients)});
    };
    const auto first = dial(warmup);
    (void)part.answer(); // ready
    const auto others = dial(count);
    return part.number(QStringLiteral("bytes")) / 1'024;
}

void measureCase(Report &report, const Effort &effort, double (*weigh)(const QString &, bool, int), const QString &end,
                 bool isTls)
{
    const int count = effort.choose(1'000, 300);
    std::vector<double> pool;
    std::vector<double> bare;
    for (int round = 0; round < effort.choose(3, 1); ++round) {
        pool.push_back(weigh(QStringLiteral("pool"), isTls, count));
        bare.push_back(weigh(QStringLiteral("bare"), isTls, count));
    }
    report.add({QStringLiteral("%1, %2 parked, %3")
                    .arg(end, grouped(count), isTls ? QStringLiteral("SelfSigned") : QStringLiteral("None")),
                QStringLiteral("resident each"), QStringLiteral("KiB"), median(pool), QStringLiteral("bare QSslSocket"),
                median(bare), Better::Lower, isTls ? Goal{mostOfBare, {}} : Goal{}});
}

} // namespace

void measureMemory(Report &report, const Effort &effort)
{
    for (const bool isTls : {true, false}) {
        measureCase(report, effort, weighClient, QStringLiteral("client"), isTls);
        measureCase(report, effort, weighServer, QStringLiteral("server"), isTls);
    }
}

} // namespace Bench
