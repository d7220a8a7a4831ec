// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/benchmarkerror.h"
#include "support/routes.h"
#include "support/statistics.h"
#include "support/stopwatch.h"

#include <algorithm>
#include <thread>
#include <vector>

namespace Bench {

namespace {

using std::chrono::milliseconds;

constexpr double mostGrowth = 4; // MiB: what a carrier may hold of a stalled stream, buffers of both ends included
constexpr int stalledMegabytes = 256;
constexpr double mebibyte = 1024.0 * 1024.0;

struct Speed
{
    std::vector<double> gigabits; ///< A second.
    std::vector<double> cpu; ///< Milliseconds of the carrier's for each gigabyte.
};

void carry(const Carrier &carrier, Speed &speed, int streams, milliseconds duration)
{
    const auto ms = static_cast<int>(duration.count());
    PartProcess sink(QStringLiteral("sink"), {argument("milliseconds", ms)});
    const Route route = openRoute(carrier, sink.port());
    const milliseconds cpuBefore = route.cpu();
    PartProcess sender(
        QStringLiteral("sender"),
        {argument("port", route.entrance), argument("streams", streams), argument("milliseconds", ms + 1'000)});
    const QJsonObject answer = sink.answer();
    const double bytes = answer.value(QStringLiteral("bytes")).toDouble();
    const double seconds = answer.value(QStringLiteral("seconds")).toDouble();
    speed.gigabits.push_back(bytes * 8 / seconds / 1e9);
    // The CPU time from the first byte on, ramp-up included: so is its share of the bytes.
    const double rampUp = (seconds + 0.2) / seconds;
    speed.cpu.push_back(static_cast<double>((route.cpu() - cpuBefore).count()) / (bytes * rampUp / 1e9));
}

QString streamsText(int streams)
{
    return streams == 1 ? QStringLiteral("1 stream") : QStringLiteral("%1 streams").arg(streams);
}

void addMissing(Report &report, const QString &what, const Carrier &carrier, double value)
{
    report.add({what,
                QStringLiteral("speed"),
                QStringLiteral("Gbit/s"),
                value,
                QStringLiteral("%1 (%2)").arg(carrier.name, carrier.missing),
                {},
                Better::Higher});
}

// Ours and the others in turn, and around again.
void compare(Report &report, const Effort &effort, const QString &name, const std::vector<Carrier> &carriers,
             int streams)
{
    std::vector<Speed> speeds(carriers.size());
    for (int round = 0; round < effort.choose(3, 1); ++round) {
        for (size_t i = 0; i < carriers.size(); ++i) {
            if (carriers[i].missing.isEmpty())
                carry(carriers[i], speeds[i], streams, milliseconds(effort.choose(2'000, 300)));
        }
    }
    const QString what = QStringLiteral("%1, %2").arg(name, streamsText(streams));
    const double ours = median(speeds[0].gigabits);
    for (size_t i = 1; i < carriers.size(); ++i) {
        if (!carriers[i].missing.isEmpty()) {
            addMissing(report, what, carriers[i], ours);
            continue;
        }
        const bool isRival = !carriers[i].name.startsWith(QLatin1String("direct"));
        report.add({what, QStringLiteral("speed"), QStringLiteral("Gbit/s"), ours, carriers[i].name,
                    median(speeds[i].gigabits), Better::Higher, isRival ? Goal{1.0, {}} : Goal{}});
        if (isRival)
            report.add({what, QStringLiteral("CPU"), QStringLiteral("ms/GB"), median(speeds[0].cpu), carriers[i].name,
                        median(speeds[i].cpu)});
    }
}

// How much the carrier's memory grows while the reader does not read; after that every byte has to arrive.
double growthWhenStalled(const Carrier &carrier, const Effort &effort)
{
    const int pause = effort.choose(3'000, 1'000);
    PartProcess sink(QStringLiteral("sink"), {argument("pause", pause)});
    const Route route = openRoute(carrier, sink.port());
    const qint64 before = route.residentBytes();
    PartProcess sender(
        QStringLiteral("sender"),
        {argument("port", route.entrance), argument("streams", 1), argument("megabytes", stalledMegabytes)});
    qint64 most = before;
    const Stopwatch watch;
    while (watch.elapsed() < milliseconds(pause)) {
        most = std::max(most, route.residentBytes());
        std::this_thread::sleep_for(milliseconds(20));
    }
    const double arrived = sink.number(QStringLiteral("bytes"));
    if (arrived != stalledMegabytes * 1e6)
        throw BenchmarkError(QStringLiteral("Through %1, %2 of %3 bytes arrived.")
                                 .arg(carrier.name)
                                 .arg(arrived, 0, 'f', 0)
                                 .arg(stalledMegabytes * 1e6, 0, 'f', 0));
    return static_cast<double>(most - before) / mebibyte;
}

void compareStalled(Report &report, const Effort &effort, const QString &name, const Carrier &ours,
                    const Carrier &reference)
{
    std::optional<double> theirs;
    if (reference.missing.isEmpty())
        theirs = growthWhenStalled(reference, effort);
    report.add({QStringLiteral("%1, reader stalled, %2 MB sent").arg(name).arg(stalledMegabytes),
                QStringLiteral("memory growth"), QStringLiteral("MiB"), growthWhenStalled(ours, effort),
                reference.missing.isEmpty() ? reference.name
                                            : QStringLiteral("%1 (%2)").arg(reference.name, reference.missing),
                theirs, Better::Lower, Goal{{}, mostGrowth}});
}

} // namespace

void measureRelay(Report &report, const Effort &effort)
{
    const QString plain = QStringLiteral("Relay, plain");
    const QString tls = QStringLiteral("tidepool server + client, TLS");
    for (const int streams : {1, 32})
        compare(report, effort, plain, {relayCarrier(), haproxyCarrier(), socatCarrier(), directCarrier()}, streams);
    compareStalled(report, effort, plain, relayCarrier(), haproxyCarrier());
    if (!tunnelCarrier().missing.isEmpty()) {
        report.note(QStringLiteral(
            "the program tidepool is not beside this one, so TLS was left out; build the target tidepool-tunnel."));
        return;
    }
    for (const int streams : {1, 32})
        compare(report, effort, tls, {tunnelCarrier(), stunnelCarrier(), directCarrier()}, streams);
    compareStalled(report, effort, tls, tunnelCarrier(), stunnelCarrier());
}

} // namespace Bench
