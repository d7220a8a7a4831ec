// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/child.h"
#include "support/takerlog.h"
#include "support/wanlink.h"

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <thread>

namespace Bench {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds roundTrip{100};
constexpr quint16 port = 7'000;
constexpr int threads = 128; // of a peer: nobody waits for another's handshake
constexpr int minimum = 8; // ClientPool's default
constexpr double takeTimeout = 10'000; // ms, ClientPool's default
constexpr seconds warmup{5};
constexpr milliseconds stagger{1'700}; // between the repetitions, so that their outages end one after the other

constexpr std::array<const char *, 2> policies{"predictive", "classic"};

enum class Outage : quint8 { Link, LinkAndServer, Server };

struct Plan
{
    Outage outage;
    seconds duration;
    int rate; ///< Takes a second.
    int repetitions;
    seconds observation; ///< After the outage.
};

/// One pool's part in one outage.
struct Story
{
    TakerLog log;
    double began; ///< On the log's clock.
    double ended;
    double observed; ///< Seconds after the outage.

    [[nodiscard]] double secondsOr(std::optional<double> measured) const // milliseconds
    {
        return measured ? *measured / 1'000 : observed;
    }
    [[nodiscard]] double secondsUntilFull() const { return secondsOr(log.parkedAfter(ended, minimum)); }
    [[nodiscard]] double secondsUntilServed() const { return secondsOr(log.firstServedAfter(ended)); }
};

std::unique_ptr<PartProcess> startPeer(const WanLink &link)
{
    auto peer = std::make_unique<PartProcess>(
        QStringLiteral("peer"), QStringList{argument("tls", 1), argument("threads", threads), argument("port", port)},
        &link.farEnd());
    static_cast<void>(peer->port()); // it listens
    return peer;
}

Story live(const Plan &plan, const char *policy, milliseconds delay)
{
    std::this_thread::sleep_for(delay);
    WanLink link(roundTrip);
    auto peer = startPeer(link);
    PartProcess taker(QStringLiteral("taker"),
                      {argument("policy", QLatin1String(policy)), argument("host", QLatin1String(WanLink::farAddress)),
                       argument("port", port), argument("rate", plan.rate),
                       argument("seconds", static_cast<int>((warmup + plan.duration + plan.observation).count()))},
                      &link.nearEnd());
    static_cast<void>(taker.answer()); // ready
    std::this_thread::sleep_for(warmup);

    const double began = TakerLog::now();
    const auto end = std::chrono::steady_clock::now() + plan.duration;
    link.setDown(plan.outage != Outage::Server);
    if (plan.outage != Outage::Link)
        peer.reset();
    if (plan.outage == Outage::LinkAndServer)
        peer = startPeer(link);
    std::this_thread::sleep_until(end);
    if (plan.outage == Outage::Server)
        peer = startPeer(link);
    link.setDown(false);
    const double ended = TakerLog::now();
    return {TakerLog(taker.answer(plan.observation + seconds(30))), began, ended,
            static_cast<double>(plan.observation.count())};
}

using Stories = std::array<std::vector<Story>, policies.size()>;

// A pool that meets an outage has little to do, so all of them meet theirs at about the same time, each on a link of
// its own.
std::array<std::vector<std::future<Story>>, policies.size()> begin(const Plan &plan)
{
    std::array<std::vector<std::future<Story>>, policies.size()> result;
    int started = 0;
    for (int i = 0; i < plan.repetitions; ++i) {
        for (size_t policy = 0; policy < policies.size(); ++policy)
            result[policy].push_back(std::async(std::launch::async, live, plan, policies[policy], stagger * started++));
    }
    return result;
}

Stories await(std::array<std::vector<std::future<Story>>, policies.size()> futures)
{
    Stories stories;
    for (size_t policy = 0; policy < policies.size(); ++policy) {
        for (std::future<Story> &future : futures[policy])
            stories[policy].push_back(future.get());
    }
    return stories;
}

template <typename Measure>
double worst(const std::vector<Story> &stories, Measure measure)
{
    double result = 0;
    for (const Story &story : stories)
        result = std::max(result, static_cast<double>(std::invoke(measure, story)));
    return result;
}

template <typename Measure>
void addRow(Report &report, const QString &what, const QString &metric, const QString &unit, const Stories &stories,
            Measure measure)
{
    report.add({what, metric, unit, worst(stories[0], measure), QStringLiteral("SizingPolicy::Classic"),
                worst(stories[1], measure)});
}

} // namespace

void measureRecover(Report &report, const Effort &effort)
{
    if (const QString missing = WanLink::missing(); !missing.isEmpty()) {
        report.note(QStringLiteral("this was skipped: ") + missing);
        return;
    }
    const seconds observation(effort.choose(25, 15));
    const Plan link{Outage::Link, seconds(effort.choose(20, 12)), 10, effort.choose(4, 1), observation};
    const Plan both{Outage::LinkAndServer, seconds(effort.choose(150, 30)), 0, effort.choose(5, 2), observation};
    const Plan server{Outage::Server, seconds(effort.choose(30, 15)), 0, effort.choose(5, 2), observation};
    auto ofLinkLater = begin(link);
    auto ofBothLater = begin(both);
    auto ofServerLater = begin(server);
    const Stories ofLink = await(std::move(ofLinkLater));
    const Stories ofBoth = await(std::move(ofBothLater));
    const Stories ofServer = await(std::move(ofServerLater));

    QString what = QStringLiteral("link down %1 s, 10 takes a second").arg(link.duration.count());
    addRow(report, what, QStringLiteral("first take asked since is served"), QStringLiteral("s"), ofLink,
           &Story::secondsUntilServed);
    addRow(report, what, QStringLiteral("longest take beyond its timeout"), QStringLiteral("ms"), ofLink,
           [](const Story &story) { return std::max(0.0, story.log.longestTake() - takeTimeout); });
    addRow(report, what, QStringLiteral("failed takes"), {}, ofLink,
           [](const Story &story) { return story.log.failedTakes(); });
    what = QStringLiteral("link down %1 s, server restarted").arg(both.duration.count());
    addRow(report, what, QStringLiteral("minimum parked again"), QStringLiteral("s"), ofBoth, &Story::secondsUntilFull);
    what = QStringLiteral("server refuses for %1 s").arg(server.duration.count());
    addRow(report, what, QStringLiteral("minimum parked again"), QStringLiteral("s"), ofServer,
           &Story::secondsUntilFull);
    addRow(report, what, QStringLiteral("failed attempts"), {}, ofServer,
           [](const Story &story) { return story.log.failuresBetween(story.began, story.ended); });
    report.note(QStringLiteral("the worst of %1, %2 and %3 repetitions; the round trip takes 100 ms. %4 s stands for "
                               "what was not seen at all.")
                    .arg(link.repetitions)
                    .arg(both.repetitions)
                    .arg(server.repetitions)
                    .arg(observation.count()));
}

} // namespace Bench
