// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/child.h"
#include "support/statistics.h"

#include <QtCore/QThread>

#include <vector>

namespace Bench {

namespace {

constexpr double mostCpu = 1.1;
constexpr double leastRate = 1.3;
constexpr double leastSpread = 1.7;

struct Results
{
    std::vector<double> rate; ///< Connections a second.
    std::vector<double> cpu; ///< Milliseconds for each.

    void add(const QJsonObject &answer, int count)
    {
        rate.push_back(count / answer.value(QStringLiteral("seconds")).toDouble());
        cpu.push_back(answer.value(QStringLiteral("cpu")).toDouble() / count);
    }
};

// Each in a fresh process with a peer of its own, one after the other, and around again.
QJsonObject dial(const QString &part, QStringList arguments, bool isTls, int count)
{
    PartProcess peer(QStringLiteral("peer"), {argument("tls", isTls ? 1 : 0), argument("threads", 8)});
    arguments += {argument("port", peer.port()), argument("tls", isTls ? 1 : 0), argument("count", count),
                  argument("warmup", 32)};
    PartProcess dialling(part, arguments);
    return dialling.answer();
}

void measureMode(Report &report, const Effort &effort, bool isTls)
{
    const int count = effort.choose(1'000, 300);
    Results pool;
    Results bare;
    Results limit;
    for (int round = 0; round < effort.choose(5, 2); ++round) {
        pool.add(dial(QStringLiteral("fill"), {argument("kind", QStringLiteral("pool"))}, isTls, count), count);
        bare.add(dial(QStringLiteral("fill"), {argument("kind", QStringLiteral("bare"))}, isTls, count), count);
        limit.add(dial(QStringLiteral("dialer"), {argument("threads", 4)}, isTls, count), count);
    }
    const QString what = QStringLiteral("%1 connections, %2")
                             .arg(grouped(count), isTls ? QStringLiteral("SelfSigned") : QStringLiteral("None"));
    const QString loop = QStringLiteral("bare QSslSockets, 64 in parallel");
    const QString blocking =
        isTls ? QStringLiteral("limit: OpenSSL, 4 blocking threads") : QStringLiteral("limit: 4 blocking threads");
    const Goal rateGoal = isTls ? Goal{} : Goal{leastRate, {}};
    report.add({what, QStringLiteral("rate"), QStringLiteral("/s"), median(pool.rate), loop, median(bare.rate),
                Better::Higher, rateGoal});
    report.add({what, QStringLiteral("rate"), QStringLiteral("/s"), median(pool.rate), blocking, median(limit.rate),
                Better::Higher});
    report.add({what, QStringLiteral("client CPU each"), QStringLiteral("ms"), median(pool.cpu), loop, median(bare.cpu),
                Better::Lower, Goal{mostCpu, {}}});
    report.add(
        {what, QStringLiteral("client CPU each"), QStringLiteral("ms"), median(pool.cpu), blocking, median(limit.cpu)});
}

// The clients take part of the processors, too, but little: what costs is the server's signature.
void measureAccepts(Report &report, const Effort &effort)
{
    const int count = effort.choose(400, 100);
    Results one;
    Results two;
    for (int round = 0; round < effort.choose(5, 2); ++round) {
        for (const int threads : {1, 2}) {
            PartProcess server(QStringLiteral("accept"), {argument("threads", threads)});
            PartProcess clients(QStringLiteral("dialer"),
                                {argument("port", server.port()), argument("tls", 1), argument("threads", 16),
                                 argument("warmup", 32), argument("count", count)});
            (threads == 1 ? one : two).add(clients.answer(), count);
        }
    }
    const Goal goal = QThread::idealThreadCount() > 1 ? Goal{leastSpread, {}} : Goal{};
    report.add({QStringLiteral("%1 accepts, RSA-4096, 2 I/O threads").arg(grouped(count)), QStringLiteral("rate"),
                QStringLiteral("/s"), median(two.rate), QStringLiteral("1 I/O thread"), median(one.rate),
                Better::Higher, goal});
}

} // namespace

void measureFill(Report &report, const Effort &effort)
{
    measureMode(report, effort, false);
    measureMode(report, effort, true);
    measureAccepts(report, effort);
}

} // namespace Bench
