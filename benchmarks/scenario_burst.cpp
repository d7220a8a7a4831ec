// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/child.h"
#include "support/takerlog.h"
#include "support/wanlink.h"

#include <QtCore/QTemporaryDir>

#include <thread>

namespace Bench {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds roundTrip{100};
constexpr milliseconds longRoundTrip{300};
constexpr int fillCount = 64;
constexpr int rate = 10; // takes a second
constexpr int burst = 40;
constexpr int threads = 128; // of a peer: nobody waits for another's handshake
constexpr quint16 firstPort = 7'000;
constexpr milliseconds betweenPolicies{2'500}; // half a period: the bursts of one do not meet those of the other

QString percent()
{
    return QStringLiteral("%");
}

QString ms()
{
    return QStringLiteral("ms");
}

class Peer : public PartProcess
{
public:
    Peer(const WanLink &link, quint16 port, int threadCount)
        : PartProcess(QStringLiteral("peer"),
                      {argument("tls", 1), argument("threads", threadCount), argument("port", port)}, &link.farEnd())
    {
        static_cast<void>(this->port()); // it listens
    }
};

struct Bursts
{
    int seconds = 30;
    double loss = 0;
    QString levels; ///< A file that the predictive pool goes on from.
    QString save; ///< A file for what it has learned.
};

struct Logs
{
    TakerLog predictive;
    TakerLog classic;
};

Logs measureOnce(const Bursts &bursts)
{
    const WanLink link(roundTrip, bursts.loss);
    const Peer first(link, firstPort, threads);
    const Peer second(link, firstPort + 1, threads);
    QStringList common{argument("host", QLatin1String(WanLink::farAddress)), argument("seconds", bursts.seconds),
                       argument("rate", rate), argument("burst", burst)};
    QStringList own{argument("policy", QStringLiteral("predictive")), argument("port", firstPort)};
    if (!bursts.levels.isEmpty())
        own += argument("levels", bursts.levels);
    if (!bursts.save.isEmpty())
        own += argument("save", bursts.save);
    PartProcess predictive(QStringLiteral("taker"), common + own, &link.nearEnd());
    std::this_thread::sleep_for(betweenPolicies);
    PartProcess classic(
        QStringLiteral("taker"),
        common + QStringList{argument("policy", QStringLiteral("classic")), argument("port", firstPort + 1)},
        &link.nearEnd());
    const auto patience = std::chrono::seconds(bursts.seconds + 30);
    for (PartProcess *taker : {&predictive, &classic})
        static_cast<void>(taker->answer(patience)); // ready
    const QJsonObject predicted = predictive.answer(patience);
    return {TakerLog(predicted), TakerLog(classic.answer(patience))};
}

void addRows(Report &report, const QString &what, const Logs &logs)
{
    const QString reference = QStringLiteral("SizingPolicy::Classic");
    const TakerLog &ours = logs.predictive;
    const TakerLog &theirs = logs.classic;
    report.add({what, QStringLiteral("warm share"), percent(), ours.warmPercent(), reference, theirs.warmPercent(),
                Better::Higher});
    report.add(
        {what, QStringLiteral("wait, p50"), ms(), ours.waitPercentile(0.5), reference, theirs.waitPercentile(0.5)});
    report.add(
        {what, QStringLiteral("wait, p99"), ms(), ours.waitPercentile(0.99), reference, theirs.waitPercentile(0.99)});
    report.add({what, QStringLiteral("parked, mean"), {}, ours.meanParked(), reference, theirs.meanParked()});
    report.add({what,
                QStringLiteral("failed takes"),
                {},
                static_cast<double>(ours.failedTakes()),
                reference,
                static_cast<double>(theirs.failedTakes())});
}

QJsonObject fill(const WanLink &link, const QString &kind, int peerThreads, int count)
{
    const Peer peer(link, firstPort, peerThreads);
    PartProcess dialling(QStringLiteral("fill"),
                         {argument("kind", kind), argument("tls", 1), argument("count", count),
                          argument("host", QLatin1String(WanLink::farAddress)), argument("port", firstPort)},
                         &link.nearEnd());
    return dialling.answer(std::chrono::seconds(90));
}

void addFill(Report &report, const QString &what, milliseconds roundTripTime, int peerThreads, int count)
{
    const WanLink link(roundTripTime);
    const QString bare = QStringLiteral("bare QSslSockets, 64 in parallel");
    const QString seconds = QStringLiteral("seconds");
    const QJsonObject ours = fill(link, QStringLiteral("pool"), peerThreads, count);
    const QJsonObject theirs = fill(link, QStringLiteral("bare"), peerThreads, count);
    report.add({what, QStringLiteral("until full"), ms(), ours.value(seconds).toDouble() * 1'000, bare,
                theirs.value(seconds).toDouble() * 1'000});
    report.add({what,
                QStringLiteral("failed attempts"),
                {},
                ours.value(QStringLiteral("failed")).toDouble(),
                QStringLiteral("-"),
                {}});
}

} // namespace

void measureBurst(Report &report, const Effort &effort)
{
    if (const QString missing = WanLink::missing(); !missing.isEmpty()) {
        report.note(QStringLiteral("this was skipped: ") + missing);
        return;
    }
    const QTemporaryDir directory;
    const QString levels = directory.filePath(QStringLiteral("levels"));
    const int shortRun = effort.choose(30, 12);
    const auto text = [](int seconds) { return QStringLiteral("%1 s").arg(seconds); };

    addRows(report, text(shortRun) + QStringLiteral(" from a cold start"), measureOnce({shortRun, 0, {}, levels}));
    if (!effort.isQuick)
        addRows(report, QStringLiteral("180 s from a cold start"), measureOnce({180, 0, {}, levels}));
    addRows(report, text(shortRun) + QStringLiteral(", levels restored"), measureOnce({shortRun, 0, levels, {}}));
    addRows(report, text(shortRun) + QStringLiteral(" from a cold start, 2 % loss"),
            measureOnce({shortRun, 0.02, {}, {}}));
    addFill(report, QStringLiteral("64 connections from nothing, round trip 100 ms"), roundTrip, threads, fillCount);
    const int slowCount = effort.choose(fillCount, 16);
    addFill(report, QStringLiteral("%1 at a server that accepts one at a time, 300 ms").arg(slowCount), longRoundTrip,
            1, slowCount);
    report.note(QStringLiteral("10 takes a second at random, and 40 at once every 5 s; the round trip takes 100 ms. "
                               "The two policies run beside each other, half a period apart."));
}

} // namespace Bench
