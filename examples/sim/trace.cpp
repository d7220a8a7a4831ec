// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "trace.h"

#include <QtCore/QFile>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

using namespace Qt::StringLiterals;

namespace Sim {

namespace {

using Random = std::mt19937;
using Seconds = std::vector<double>;

// The burst trace of docs/sizing.md: 10 takes a second, and 40 at once every 5 s.
constexpr double quietRate = 10;
constexpr double burstPeriod = 5;
constexpr int burstSize = 40;

/// Takes at random times, @p rate(t) a second.
template <typename Rate>
void addAtRandom(Seconds &takes, double from, double to, Random &random, Rate rate)
{
    std::exponential_distribution<double> gap(1.0);
    for (double t = from; (t += gap(random) / rate(t)) < to;)
        takes.push_back(t);
}

void addBurst(Seconds &takes, double when)
{
    takes.insert(takes.end(), burstSize, when);
}

Seconds steady(const TraceSettings &settings, Random &random)
{
    Seconds takes;
    addAtRandom(takes, 0, settings.seconds, random, [](double) { return quietRate; });
    return takes;
}

Seconds bursts(const TraceSettings &settings, Random &random)
{
    Seconds takes = steady(settings, random);
    std::uniform_real_distribution<double> jitter(-settings.jitter, settings.jitter);
    for (double t = burstPeriod; t < settings.seconds; t += burstPeriod)
        addBurst(takes, std::max(0.0, t + jitter(random)));
    return takes;
}

Seconds randomBursts(const TraceSettings &settings, Random &random)
{
    Seconds takes = steady(settings, random);
    std::exponential_distribution<double> gap(1 / burstPeriod);
    for (double t = gap(random); t < settings.seconds; t += gap(random))
        addBurst(takes, t);
    return takes;
}

Seconds day(const TraceSettings &settings, Random &random)
{
    Seconds takes;
    const double turn = 2 * std::numbers::pi / settings.seconds;
    addAtRandom(takes, 0, settings.seconds, random, [turn](double t) { return 0.5 + 10 * (1 - std::cos(turn * t)); });
    return takes;
}

Seconds ramp(const TraceSettings &settings, Random &random)
{
    Seconds takes;
    addAtRandom(takes, 0, settings.seconds, random, [&](double t) { return 1 + 30 * t / settings.seconds; });
    return takes;
}

Seconds silence(const TraceSettings &settings, Random &random)
{
    Seconds takes;
    addAtRandom(takes, 0, settings.seconds / 2, random, [](double) { return 1.0; });
    const double wakes = settings.seconds * 2 / 3;
    addBurst(takes, wakes);
    addAtRandom(takes, wakes, settings.seconds, random, [](double) { return quietRate; });
    return takes;
}

Seconds pareto(const TraceSettings &settings, Random &random)
{
    Seconds takes;
    std::uniform_real_distribution<double> uniform(0, 1);
    std::exponential_distribution<double> gap(quietRate / 3);
    for (double t = gap(random); t < settings.seconds; t += gap(random)) {
        const double size = std::pow(1 - uniform(random), -1 / settings.alpha);
        takes.insert(takes.end(), static_cast<size_t>(std::min(size, 500.0)), t);
    }
    return takes;
}

struct Kind
{
    const char *name;
    const char *description;
    Seconds (*make)(const TraceSettings &, Random &);
};

constexpr Kind kinds[] = {
    {"steady", "10 takes a second, at random", steady},
    {"burst", "the same, and 40 at once every 5 s", bursts},
    {"random-burst", "the same, but the bursts come at random", randomBursts},
    {"day", "from 0.5 to 20 takes a second and back", day},
    {"ramp", "from 1 to 31 takes a second", ramp},
    {"silence", "1 take a second, then none, then 40 at once and 10 a second", silence},
    {"pareto", "groups whose size has a heavy tail", pareto},
};

} // namespace

Time after(double seconds)
{
    return beginning + std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(seconds));
}

double secondsOf(Time time)
{
    return std::chrono::duration<double>(time - beginning).count();
}

QStringList traceNames()
{
    QStringList names;
    for (const Kind &kind : kinds)
        names.append(QString::fromLatin1(kind.name));
    return names;
}

QString traceDescription(const QString &name)
{
    for (const Kind &kind : kinds) {
        if (name == QLatin1String(kind.name))
            return QString::fromLatin1(kind.description);
    }
    return {};
}

Trace makeTrace(const QString &name, const TraceSettings &settings)
{
    Trace trace;
    Random random(settings.seed);
    for (const Kind &kind : kinds) {
        if (name != QLatin1String(kind.name))
            continue;
        Seconds takes = kind.make(settings, random);
        std::sort(takes.begin(), takes.end());
        std::transform(takes.begin(), takes.end(), std::back_inserter(trace), after);
    }
    return trace;
}

std::optional<Trace> readTrace(const QString &fileName, QString *error)
{
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly | QIODevice::Text)) {
        *error = u"%1 cannot be read: %2."_s.arg(fileName, file.errorString());
        return std::nullopt;
    }
    constexpr double longest = 366 * 86'400.0;
    Trace trace;
    for (int number = 1; !file.atEnd(); ++number) {
        const QByteArray line = file.readLine().split('#').constFirst().trimmed();
        if (line.isEmpty())
            continue;
        bool isNumber = false;
        const double seconds = line.toDouble(&isNumber);
        if (!isNumber || !(seconds >= 0) || seconds > longest) {
            *error = u"%1, line %2: \"%3\" is no time; write seconds since the start, one take a line."_s.arg(fileName)
                         .arg(number)
                         .arg(QString::fromUtf8(line.left(40)));
            return std::nullopt;
        }
        trace.push_back(after(seconds));
    }
    if (trace.empty()) {
        *error = u"%1 has no takes; write their times in seconds, one a line."_s.arg(fileName);
        return std::nullopt;
    }
    std::sort(trace.begin(), trace.end());
    return trace;
}

} // namespace Sim
