// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolhistory.h"

#include <QtQml/qqmlinfo.h>

#include <algorithm>
#include <chrono>

namespace Tidepool::Qml {

namespace {

constexpr const char *metricNames[] = {"active",   "connecting", "handshaking",    "waiting",  "leased",
                                       "capacity", "intervalMs", "takesPerSecond", "p99WaitMs"};
constexpr qint64 waitWindow = 5'000; // ms. Long enough for a percentile, and short enough to follow changes.

} // namespace

PoolHistory::PoolHistory(QObject *parent) : QObject(parent)
{
    m_clock.start();
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &PoolHistory::sample);
    connect(&m_visibility, &VisibilityTracker::itemChanged, this, &PoolHistory::itemChanged);
    connect(&m_visibility, &VisibilityTracker::shownChanged, this, &PoolHistory::updateSampling);
}

void PoolHistory::setPool(Pool *pool)
{
    if (pool == m_pool)
        return;
    if (m_pool)
        m_pool->disconnect(this);
    m_pool = pool;
    if (pool) {
        connect(pool, &QObject::destroyed, this, [this] {
            m_pool.clear();
            updateSampling();
            emit poolChanged();
        });
    }
    m_timer.stop();
    clear();
    emit poolChanged();
    updateSampling();
}

void PoolHistory::setSamples(int samples)
{
    samples = std::clamp(samples, 2, 10'000);
    if (samples == m_samples)
        return;
    m_samples = samples;
    emit samplesChanged();
    if (count() <= samples)
        return;
    m_history.erase(m_history.begin(), m_history.end() - samples);
    emit sampled();
}

void PoolHistory::setPeriod(int milliseconds)
{
    milliseconds = std::max(20, milliseconds);
    if (milliseconds == m_period)
        return;
    m_period = milliseconds;
    if (m_timer.isActive())
        m_timer.start(m_period);
    emit periodChanged();
}

QVariant PoolHistory::values(const QString &name) const
{
    return QVariant::fromValue(metrics(name));
}

QList<qreal> PoolHistory::metrics(const QString &name) const
{
    QList<qreal> values;
    values.reserve(static_cast<qsizetype>(m_history.size()));
    if (name == QLatin1String("secondsAgo")) {
        for (const Sample &sample : m_history)
            values.append(static_cast<qreal>(m_history.back().time - sample.time) / 1'000);
        return values;
    }
    const auto found = std::find_if(std::begin(metricNames), std::end(metricNames),
                                    [&](const char *known) { return name == QLatin1String(known); });
    if (found == std::end(metricNames)) {
        qmlWarning(this) << "There is no metric named " << name;
        return {};
    }
    const auto index = static_cast<size_t>(found - std::begin(metricNames));
    for (const Sample &sample : m_history)
        values.append(sample.metrics[index]);
    return values;
}

qreal PoolHistory::maximum(const QString &name) const
{
    const QList<qreal> values = metrics(name);
    return values.isEmpty() ? 0 : *std::max_element(values.begin(), values.end());
}

void PoolHistory::clear()
{
    m_marks.clear();
    if (m_history.empty())
        return;
    m_history.clear();
    emit sampled();
}

void PoolHistory::componentComplete()
{
    m_isComplete = true;
    m_visibility.findItemAbove(this);
    updateSampling();
}

void PoolHistory::updateSampling()
{
    const bool shall = m_pool && m_isComplete && m_visibility.isShown();
    if (shall == m_timer.isActive())
        return;
    if (shall) {
        m_timer.start(m_period);
        sample(); // so that a chart that is shown again starts with the current values
    } else {
        m_timer.stop();
    }
    emit samplingChanged();
}

void PoolHistory::sample()
{
    const PoolStatus status = m_pool->status();
    const qint64 now = m_clock.elapsed();
    qreal takesPerSecond = 0;
    if (!m_marks.empty() && now > m_marks.back().time) {
        takesPerSecond = static_cast<qreal>(status.takenTotal - m_marks.back().taken) * 1'000
            / static_cast<qreal>(now - m_marks.back().time);
    }
    // One mark from before the window stays, for the comparison.
    while (m_marks.size() > 1 && m_marks[1].time <= now - waitWindow)
        m_marks.pop_front();

    m_history.push_back({now,
                         {qreal(status.active), qreal(status.connecting), qreal(status.handshaking),
                          qreal(status.waiting), qreal(status.leased), qreal(status.capacity),
                          qreal(status.interval.count()), takesPerSecond, recentP99(status.waitTime)}});
    while (count() > m_samples)
        m_history.pop_front();
    m_marks.push_back({now, status.takenTotal, status.waitTime});
    emit sampled();
}

// The counts of a distribution only increase, so the difference of two distributions contains the recent values.
qreal PoolHistory::recentP99(const Distribution &now) const
{
    if (m_marks.empty())
        return 0;
    return now.since(m_marks.front().waitTime).p99();
}

} // namespace Tidepool::Qml
