// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/benchmarkerror.h"
#include "support/statistics.h"
#include "support/stopwatch.h"
#include "support/wantunnels.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>

#include <thread>
#include <vector>

namespace Bench {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds roundTrip{100};
constexpr milliseconds openingTime{20'000};
constexpr milliseconds pauseOfVisitor{300}; // what the last visitor has caused is over
constexpr milliseconds settling{1'000}; // all that is to be warm is warm
constexpr std::chrono::minutes patience{2}; // for all visits
constexpr quint16 targetPort = 3'000;

struct Results
{
    std::vector<double> alone; ///< Milliseconds until the first byte.
    std::vector<double> beside; ///< The same beside a download.
    double megabits = 0; ///< A second, of a download alone.
};

std::vector<double> visit(const WanLink &link, const WanRoute &route, int count)
{
    PartProcess visitor(QStringLiteral("visitor"),
                        {argument("host", route.host), argument("port", route.port), argument("count", count),
                         argument("pause", static_cast<int>(pauseOfVisitor.count()))},
                        &link.farEnd());
    std::vector<double> times;
    const QJsonArray answers = visitor.answer(patience).value(QStringLiteral("firstBytes")).toArray();
    for (const auto &time : answers)
        times.push_back(time.toDouble());
    return times;
}

class Download : public PartProcess
{
public:
    Download(const WanLink &link, const WanRoute &route, milliseconds duration)
        : PartProcess(QStringLiteral("download"),
                      {argument("host", route.host), argument("port", route.port),
                       argument("milliseconds", static_cast<int>(duration.count()))},
                      &link.farEnd())
    {
        static_cast<void>(answer()); // started
    }

    [[nodiscard]] double megabits()
    {
        const QJsonObject end = answer();
        return end.value(QStringLiteral("bytes")).toDouble() * 8 / 1e6
            / end.value(QStringLiteral("seconds")).toDouble();
    }
};

// A visitor who is served shows that the way is open.
void awaitRoute(const WanLink &link, const WanRoute &route, const QString &name)
{
    const Stopwatch watch;
    for (;;) {
        try {
            static_cast<void>(visit(link, route, 1));
            return;
        } catch (const BenchmarkError &) {
            if (watch.elapsed() > openingTime) {
                QString words;
                for (const auto &program : route.programs)
                    words += program->complaint() + QLatin1Char(' ');
                throw BenchmarkError(QStringLiteral("Nothing came through %1. %2").arg(name, words.trimmed()));
            }
            std::this_thread::sleep_for(milliseconds(100));
        }
    }
}

Results measureOnce(const WanTunnel &tunnel, double loss, const Effort &effort)
{
    const WanLink link(roundTrip, loss);
    PartProcess target(QStringLiteral("target"), {argument("port", targetPort)}, &link.nearEnd());
    const WanRoute route = tunnel.build(link, target.port());
    awaitRoute(link, route, tunnel.name);
    std::this_thread::sleep_for(settling);

    const int visits = effort.choose(30, 5);
    Results results;
    results.alone = visit(link, route, visits);
    {
        const Download download(link, route, std::chrono::minutes(2)); // ends with the object
        std::this_thread::sleep_for(settling);
        results.beside = visit(link, route, visits);
    }
    Download download(link, route, milliseconds(effort.choose(10'000, 2'000)));
    results.megabits = download.megabits();
    return results;
}

void addRows(Report &report, const QString &conditions, const Results &ours, const QString &reference,
             const std::optional<Results> &theirs)
{
    const auto add = [&](const QString &what, const QString &metric, auto value) {
        report.add({QStringLiteral("%1, %2").arg(what, conditions), metric, QStringLiteral("ms"), value(ours),
                    reference, theirs ? std::optional(value(*theirs)) : std::nullopt});
    };
    const QString first = QStringLiteral("first byte");
    const QString beside = QStringLiteral("first byte beside a download");
    add(first, QStringLiteral("p50"), [](const Results &results) { return median(results.alone); });
    add(first, QStringLiteral("p90"), [](const Results &results) { return percentile(results.alone, 0.9); });
    add(beside, QStringLiteral("p50"), [](const Results &results) { return median(results.beside); });
    add(beside, QStringLiteral("p90"), [](const Results &results) { return percentile(results.beside, 0.9); });
    report.add({QStringLiteral("download, %1").arg(conditions), QStringLiteral("rate"), QStringLiteral("Mbit/s"),
                ours.megabits, reference, theirs ? std::optional(theirs->megabits) : std::nullopt, Better::Higher});
}

QString congestionControl()
{
    QFile file(QStringLiteral("/proc/sys/net/ipv4/tcp_congestion_control"));
    return file.open(QIODevice::ReadOnly) ? QString::fromLatin1(file.readAll()).trimmed() : QStringLiteral("unknown");
}

} // namespace

void measureTunnel(Report &report, const Effort &effort)
{
    const WanTunnel ours = tidepoolTunnel();
    const QString missing =
        ours.missing.isEmpty() ? WanLink::missing() : QStringLiteral("the program tidepool is not beside this one.");
    if (!missing.isEmpty()) {
        report.note(QStringLiteral("this was skipped: ") + missing);
        return;
    }
    for (const double loss : {0.0, 0.01}) {
        const QString conditions = loss > 0 ? QStringLiteral("%1 % loss").arg(loss * 100) : QStringLiteral("no loss");
        const Results results = measureOnce(ours, loss, effort);
        for (const WanTunnel &tunnel : {sshTunnel(), noTunnel()}) {
            if (tunnel.missing.isEmpty())
                addRows(report, conditions, results, tunnel.name, measureOnce(tunnel, loss, effort));
            else
                addRows(report, conditions, results, QStringLiteral("%1 (%2)").arg(tunnel.name, tunnel.missing), {});
        }
    }
    report.note(QStringLiteral("the round trip takes 100 ms; a visitor's connection to a tunnel's server is local; "
                               "this system's congestion control is %1.")
                    .arg(congestionControl()));
}

} // namespace Bench
