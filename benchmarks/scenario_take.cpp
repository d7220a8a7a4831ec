// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scenarios.h"
#include "support/baresockets.h"
#include "support/benchmarkerror.h"
#include "support/child.h"
#include "support/pools.h"
#include "support/statistics.h"
#include "support/takers.h"
#include "support/usage.h"

#include <QtCore/QThread>

#include <map>

namespace Bench {

using Tidepool::ClientPool;
using Tidepool::ConnectionId;
using Tidepool::TlsMode;

namespace {

using Way = PoolSource::Way;

constexpr double mostOfBare = 1.5;
constexpr double mostGrowth = 1.3;
constexpr double mostMicroseconds = 9.99; // single-digit
constexpr int rounds = 10;
constexpr int largestBatch = 100;

QString nameOf(Way way)
{
    switch (way) {
    case Way::Take:
        return QStringLiteral("take");
    case Way::TakeById:
        return QStringLiteral("take by id");
    case Way::TryTake:
        break;
    }
    return QStringLiteral("tryTake");
}

/// A pool and as many sockets of the same kind without one, both connected to the same peer.
class Stage
{
public:
    Stage(Report &report, const Effort &effort)
        : m_report(report)
        , m_samples(effort.choose(20'000, 4'000))
        , m_peer(QStringLiteral("peer"), {argument("tls", 1), argument("threads", 8)})
        , m_port(m_peer.port())
        , m_pool(makeClientPool(m_port, TlsMode::SelfSigned))
        , m_bare(m_port, TlsMode::SelfSigned)
    {
        setOrder(Tidepool::TakeOrder::OldestFirst);
    }

    ~Stage()
    {
        for (const auto &socket : m_bare.sockets())
            socket->moveToThread(QThread::currentThread());
    }
    Q_DISABLE_COPY_MOVE(Stage)

    void growTo(int count)
    {
        m_pool->resume();
        fill(*m_pool, count);
        m_pool->pause(); // so that no dials are measured with the takes
        m_bare.dial(count - static_cast<int>(m_bare.sockets().size()));
        runEventLoop(std::chrono::milliseconds(200));
        for (const auto &socket : m_bare.sockets()) {
            if (socket->thread())
                socket->moveToThread(nullptr);
        }
        m_count = count;
        learnIds();
    }

    /// OldestFirst: a taker meets all connections in turn, mostly with cold memory. NewestFirst, a pool's default:
    /// always those that were used last.
    void setOrder(Tidepool::TakeOrder order)
    {
        m_order = order;
        m_pool->setTakeOrder(order);
    }

    void measure(Way way, size_t threads)
    {
        const int batch = std::max(1, std::min(largestBatch, m_count / 2) / static_cast<int>(threads));
        measure(way, nameOf(way, threads), threads, batch);
    }

    // A pool that is not paused tells its supply of each take. The dials that follow are put off: see the scenario
    // fill.
    void measureRunning()
    {
        const std::chrono::milliseconds interval = m_pool->minimumInterval();
        m_pool->setRefill(Tidepool::Refill::AtRound);
        m_pool->setMaximumInterval(std::chrono::hours(1));
        m_pool->setMinimumInterval(std::chrono::hours(1));
        m_pool->resume();
        runEventLoop(std::chrono::milliseconds(100));
        measure(Way::Take, QStringLiteral("take, %1, running").arg(circumstances(1)), 1, largestBatch);
        m_pool->pause();
        m_pool->setMinimumInterval(interval);
        m_pool->setRefill(Tidepool::Refill::AtTake);
    }

    // Between two takes everything comes to rest, so each has to wake this thread.
    void measureOneByOne()
    {
        measure(Way::Take, QStringLiteral("take, %1, one per loop turn").arg(circumstances(1)), 1, 1);
    }

    void compareGrowth(int least, Way way, size_t threads)
    {
        m_report.add({nameOf(way, threads), QStringLiteral("p50"), QStringLiteral("us"),
                      medianOf(m_count, way, threads), QStringLiteral("the same, %1 parked").arg(least),
                      medianOf(least, way, threads), Better::Lower, Goal{mostGrowth, {}}});
    }

private:
    [[nodiscard]] double &medianOf(int count, Way way, size_t threads)
    {
        return m_medians[{m_order, count, way, threads}];
    }

    [[nodiscard]] QString nameOf(Way way, size_t threads) const
    {
        const bool isDefault = m_order == Tidepool::TakeOrder::NewestFirst;
        return QStringLiteral("%1, %2%3")
            .arg(Bench::nameOf(way), circumstances(threads), isDefault ? QStringLiteral(", newest first") : QString());
    }

    [[nodiscard]] QString circumstances(size_t threads) const
    {
        return QStringLiteral("%1 parked, %2 %3")
            .arg(grouped(m_count))
            .arg(threads)
            .arg(threads == 1 ? QStringLiteral("thread") : QStringLiteral("threads"));
    }

    void learnIds()
    {
        m_ids.clear();
        std::vector<Tidepool::Connection> taken;
        while (const auto result = m_pool->tryTake()) {
            taken.push_back(result.connection());
            m_ids.push_back(taken.back().id());
        }
        for (Tidepool::Connection &connection : taken)
            m_pool->giveBack(std::move(connection));
        runEventLoop(std::chrono::milliseconds(100));
        if (m_pool->active() != m_count)
            throw BenchmarkError(
                QStringLiteral("Of %1 connections %2 came back to the pool.").arg(m_count).arg(m_pool->active()));
    }

    void measure(Way way, const QString &what, size_t threads, int batchSize)
    {
        PoolSource pool(*m_pool, way, m_ids, threads);
        // As many as the pool hands out in turn.
        const bool isInTurn = m_order == Tidepool::TakeOrder::OldestFirst;
        BareSource bare(m_bare.sockets(), static_cast<size_t>(isInTurn ? m_count : batchSize), threads);
        TakeRun run;
        run.threads = threads;
        run.batchSize = batchSize;
        run.batches = std::max(1, m_samples / rounds / batchSize / static_cast<int>(threads));
        (void)timeTakes(pool, run);
        (void)timeTakes(bare, run);
        std::vector<double> ours;
        std::vector<double> theirs;
        for (int round = 0; round < rounds; ++round) {
            const std::vector<double> first = timeTakes(pool, run);
            const std::vector<double> second = timeTakes(bare, run);
            ours.insert(ours.end(), first.begin(), first.end());
            theirs.insert(theirs.end(), second.begin(), second.end());
        }
        const QString reference = QStringLiteral("bare pull, no pool");
        if (what == nameOf(way, threads))
            medianOf(m_count, way, threads) = median(ours);
        m_report.add({what, QStringLiteral("p50"), QStringLiteral("us"), median(ours), reference, median(theirs),
                      Better::Lower, Goal{mostOfBare, mostMicroseconds}});
        m_report.add({what, QStringLiteral("p99"), QStringLiteral("us"), percentile(ours, 0.99), reference,
                      percentile(theirs, 0.99)});
    }

    Report &m_report;
    int m_samples;
    PartProcess m_peer;
    quint16 m_port;
    std::unique_ptr<ClientPool> m_pool;
    BareDialer m_bare;
    int m_count = 0;
    std::vector<ConnectionId> m_ids;
    Tidepool::TakeOrder m_order = Tidepool::TakeOrder::OldestFirst;
    std::map<std::tuple<Tidepool::TakeOrder, int, Way, size_t>, double> m_medians;
};

} // namespace

void measureTake(Report &report, const Effort &effort)
{
    constexpr int least = 100;
    // Two ends in this process: the pool's and the bare ones. The peer has as many.
    const int middle = affordableConnections(1'000, 2);
    std::vector<int> counts{least, middle};
    if (!effort.isQuick)
        counts.push_back(affordableConnections(8'000, 2));
    Stage stage(report, effort);
    for (const int count : counts) {
        stage.growTo(count);
        for (const size_t threads : {1U, 4U}) {
            stage.measure(Way::Take, threads);
            stage.measure(Way::TakeById, threads);
        }
        if (count == middle) {
            stage.measure(Way::TryTake, 1);
            stage.measureRunning();
            stage.measureOneByOne();
        }
        stage.setOrder(Tidepool::TakeOrder::NewestFirst);
        stage.measure(Way::Take, 1);
        stage.setOrder(Tidepool::TakeOrder::OldestFirst);
    }
    stage.setOrder(Tidepool::TakeOrder::NewestFirst);
    stage.compareGrowth(least, Way::Take, 1);
    stage.setOrder(Tidepool::TakeOrder::OldestFirst);
    for (const size_t threads : {1U, 4U}) {
        stage.compareGrowth(least, Way::Take, threads);
        stage.compareGrowth(least, Way::TakeById, threads);
    }
}

} // namespace Bench
