// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/benchmarkerror.h"
#include "support/pools.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QTimer>

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

namespace Bench {

namespace {

using std::chrono::milliseconds;

constexpr double burstPeriod = 5; // seconds
constexpr milliseconds samplingInterval{50};

// Milliseconds of the clock that all processes share.
double now()
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds from the start: takes at random, and bursts at regular times.
std::vector<double> makeSchedule(const PartArguments &arguments)
{
    const double seconds = arguments.number(QLatin1String("seconds"));
    const int rate = arguments.number(QLatin1String("rate"));
    const auto burst = static_cast<size_t>(arguments.number(QLatin1String("burst")));
    std::vector<double> takes;
    if (rate > 0) {
        std::mt19937 random(1); // the same for each policy
        std::exponential_distribution<double> gap(rate);
        for (double t = gap(random); t < seconds; t += gap(random))
            takes.push_back(t);
    }
    for (double t = burstPeriod; t < seconds; t += burstPeriod)
        takes.insert(takes.end(), burst, t);
    std::sort(takes.begin(), takes.end());
    return takes;
}

/// Takes by a schedule, and notes what happens.
class Taker : public QObject
{
public:
    explicit Taker(const PartArguments &arguments)
        : m_pool(arguments.host(), arguments.port()), m_schedule(makeSchedule(arguments))
    {
        m_pool.setTls(tlsOptions(Tidepool::TlsMode::SelfSigned));
        if (const int minimum = arguments.number(QLatin1String("minimum")); minimum > 0)
            m_pool.setMinimumCapacity(minimum);
        if (arguments.text(QLatin1String("policy")) == QLatin1String("classic"))
            m_pool.setSizingPolicy(Tidepool::SizingPolicy::Classic);
        restore(arguments.text(QLatin1String("levels")));
        connect(&m_pool, &Tidepool::Pool::connectionParked, this,
                [this](Tidepool::ConnectionId id) { m_events.append(event(id, 1)); });
        connect(&m_pool, &Tidepool::Pool::connectionTaken, this,
                [this](Tidepool::ConnectionId id) { m_events.append(event(id, -1)); });
        connect(&m_pool, &Tidepool::Pool::connectionEvicted, this,
                [this](Tidepool::ConnectionId id) { m_events.append(event(id, -1)); });
        connect(&m_pool, &Tidepool::Pool::attemptFailed, this, [this] { m_failures.append(now()); });
        m_next.setTimerType(Qt::PreciseTimer);
        m_next.setSingleShot(true);
        connect(&m_next, &QTimer::timeout, this, &Taker::takeWhatIsDue);
        connect(&m_sampling, &QTimer::timeout, this, [this] { m_parked.push_back(m_pool.active()); });
    }

    void run(std::chrono::seconds duration)
    {
        m_start = now();
        m_pool.start();
        m_sampling.start(samplingInterval);
        takeWhatIsDue();
        answer({{QStringLiteral("ready"), true}});
        runEventLoop(duration);
        m_sampling.stop();
        m_pool.disconnect(this);
        runEventLoop(milliseconds(m_unfinished > 0 ? m_pool.timeouts().take + milliseconds(500) : milliseconds(0)));
    }

    [[nodiscard]] QJsonObject results() const
    {
        double parked = 0;
        for (const int sample : m_parked)
            parked += sample / static_cast<double>(m_parked.size());
        return {{QStringLiteral("takes"), m_takes},
                {QStringLiteral("events"), m_events},
                {QStringLiteral("failures"), m_failures},
                {QStringLiteral("parked"), parked},
                {QStringLiteral("unfinished"), m_unfinished}};
    }

    void save(const QString &fileName) const
    {
        QFile file(fileName);
        if (fileName.isEmpty())
            return;
        if (!file.open(QIODevice::WriteOnly) || file.write(m_pool.levels().toText()) < 0)
            throw BenchmarkError(QStringLiteral("Cannot write %1: %2.").arg(fileName, file.errorString()));
    }

private:
    void restore(const QString &fileName)
    {
        QFile file(fileName);
        if (fileName.isEmpty())
            return;
        QString problem = QStringLiteral("it cannot be read");
        std::optional<Tidepool::SizingLevels> levels;
        if (file.open(QIODevice::ReadOnly))
            levels = Tidepool::SizingLevels::fromText(file.readAll(), &problem);
        if (!levels)
            throw BenchmarkError(QStringLiteral("The levels in %1 are of no use: %2.").arg(fileName, problem));
        m_pool.setLevels(*levels);
    }

    static QJsonArray event(Tidepool::ConnectionId id, int change)
    {
        return {now(), static_cast<double>(id.value()), change};
    }

    void takeWhatIsDue()
    {
        while (m_done < m_schedule.size() && untilNext() <= 0) {
            ++m_done;
            take();
        }
        if (m_done < m_schedule.size())
            m_next.start(static_cast<int>(std::max(untilNext(), 0.0)));
    }

    [[nodiscard]] double untilNext() const { return m_start + m_schedule[m_done] * 1'000 - now(); }

    void take()
    {
        const double asked = now();
        ++m_unfinished;
        const QFuture<Tidepool::TakeResult> future = m_pool.take();
        if (future.isFinished()) {
            note(asked, future.result(), true);
            return;
        }
        QFuture<Tidepool::TakeResult>(future).then(
            this, [this, asked](const Tidepool::TakeResult &result) { note(asked, result, false); });
    }

    // The handle goes here, and the connection closes.
    void note(double asked, const Tidepool::TakeResult &result, bool isWarm)
    {
        --m_unfinished;
        m_takes.append(QJsonArray{asked, now() - asked, static_cast<bool>(result), isWarm && result});
    }

    Tidepool::ClientPool m_pool;
    std::vector<double> m_schedule;
    size_t m_done = 0;
    int m_unfinished = 0;
    double m_start = 0;
    QTimer m_next;
    QTimer m_sampling;
    std::vector<int> m_parked;
    QJsonArray m_takes;
    QJsonArray m_events;
    QJsonArray m_failures;
};

} // namespace

void takerPart(const PartArguments &arguments)
{
    Taker taker(arguments);
    taker.run(std::chrono::seconds(arguments.number(QLatin1String("seconds"))));
    taker.save(arguments.text(QLatin1String("save")));
    answer(taker.results());
}

} // namespace Bench
