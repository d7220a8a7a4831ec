// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "takerlog.h"

#include "statistics.h"

#include <QtCore/QJsonArray>
#include <QtCore/QSet>

#include <algorithm>
#include <chrono>

namespace Bench {

TakerLog::TakerLog(const QJsonObject &answer)
    : m_parked(answer.value(QStringLiteral("parked")).toDouble())
    , m_unfinished(answer.value(QStringLiteral("unfinished")).toInt())
{
    const QJsonArray takes = answer.value(QStringLiteral("takes")).toArray();
    for (const auto &entry : takes) {
        const QJsonArray take = entry.toArray();
        m_takes.push_back({take[0].toDouble(), take[1].toDouble(), take[2].toBool(), take[3].toBool()});
    }
    const QJsonArray events = answer.value(QStringLiteral("events")).toArray();
    for (const auto &entry : events) {
        const QJsonArray event = entry.toArray();
        m_events.push_back({event[0].toDouble(), static_cast<quint32>(event[1].toDouble()), event[2].toInt() > 0});
    }
    const QJsonArray failures = answer.value(QStringLiteral("failures")).toArray();
    for (const auto &failure : failures)
        m_failures.push_back(failure.toDouble());
}

double TakerLog::now()
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double TakerLog::warmPercent() const
{
    const auto warm = std::count_if(m_takes.begin(), m_takes.end(), [](const Take &take) { return take.isWarm; });
    const auto all = static_cast<double>(m_takes.size()) + m_unfinished;
    return all > 0 ? 100 * static_cast<double>(warm) / all : 0;
}

int TakerLog::failedTakes() const
{
    const auto failed = std::count_if(m_takes.begin(), m_takes.end(), [](const Take &take) { return !take.isServed; });
    return static_cast<int>(failed) + m_unfinished;
}

double TakerLog::waitPercentile(double share) const
{
    std::vector<double> waits;
    for (const Take &take : m_takes) {
        if (take.isServed)
            waits.push_back(take.wait);
    }
    return percentile(waits, share);
}

double TakerLog::longestTake() const
{
    double result = 0;
    for (const Take &take : m_takes)
        result = std::max(result, take.wait);
    return result;
}

std::optional<double> TakerLog::firstServedAfter(double since) const
{
    std::optional<double> first;
    for (const Take &take : m_takes) {
        const double served = take.asked + take.wait - since;
        if (take.isServed && take.asked >= since && (!first || served < *first))
            first = served;
    }
    return first;
}

std::optional<double> TakerLog::parkedAfter(double since, int count) const
{
    QSet<quint32> parked;
    for (const Event &event : m_events) {
        if (event.when < since)
            continue;
        if (event.isParked)
            parked.insert(event.id);
        else
            parked.remove(event.id);
        if (parked.size() >= count)
            return event.when - since;
    }
    return std::nullopt;
}

int TakerLog::failuresBetween(double begin, double end) const
{
    return static_cast<int>(
        std::count_if(m_failures.begin(), m_failures.end(), [=](double when) { return when >= begin && when < end; }));
}

} // namespace Bench
