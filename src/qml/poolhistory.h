// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "visibilitytracker.h"

#include <tidepool/pool.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QList>
#include <QtCore/QPointer>
#include <QtCore/QTimer>
#include <QtQml/QQmlParserStatus>
#include <QtQml/qqml.h>

#include <array>
#include <deque>

namespace Tidepool::Qml {

/// A pool's metrics over time, for charts.
///
/// Takes a sample of pool every period and keeps the newest of them. Time is the monotonic clock: nobody who sets the
/// system's clock bends a curve. While nobody can see the Item it belongs to, no sample is taken and no timer runs.
class PoolHistory : public QObject, public QQmlParserStatus
{
    Q_OBJECT
    QML_ELEMENT
    Q_INTERFACES(QQmlParserStatus)
    Q_PROPERTY(Tidepool::Pool *pool READ pool WRITE setPool NOTIFY poolChanged FINAL)
    Q_PROPERTY(int samples READ samples WRITE setSamples NOTIFY samplesChanged FINAL)
    Q_PROPERTY(int period READ period WRITE setPeriod NOTIFY periodChanged FINAL)
    Q_PROPERTY(QQuickItem *item READ item WRITE setItem NOTIFY itemChanged FINAL)
    Q_PROPERTY(bool sampling READ isSampling NOTIFY samplingChanged FINAL)
    Q_PROPERTY(int count READ count NOTIFY sampled FINAL)

public:
    explicit PoolHistory(QObject *parent = nullptr);

    /// Another pool begins a new history. Default: none.
    [[nodiscard]] Pool *pool() const { return m_pool; }
    void setPool(Pool *pool);
    /// How many samples it keeps. Default: 120. Range: 2 to 10,000.
    [[nodiscard]] int samples() const { return m_samples; }
    void setSamples(int samples);
    /// Milliseconds between two samples. Default: 500. Range: 20 and up.
    [[nodiscard]] int period() const { return m_period; }
    void setPeriod(int milliseconds);
    /// It samples while this one can be seen. Default: the Item it is declared in; without any it always samples.
    [[nodiscard]] QQuickItem *item() const { return m_visibility.item(); }
    void setItem(QQuickItem *item) { m_visibility.setItem(item); }
    /// There is a pool, and the item can be seen.
    [[nodiscard]] bool isSampling() const { return m_timer.isActive(); }
    /// Samples there are. A binding that reads it is evaluated after each sample.
    [[nodiscard]] int count() const { return static_cast<int>(m_history.size()); }

    /// The samples of one metric, oldest first: "active", "connecting", "handshaking", "waiting", "leased" (taken, and
    /// still held), "capacity", "intervalMs"; "takesPerSecond" since the sample before; "p99WaitMs" of the takes of the
    /// last 5 s, 0 if there were none; "secondsAgo" before the newest sample. Empty, with a warning, for other names.
    /// A list<real>; a QVariant, because qmllint takes a QList<qreal> for a single number.
    [[nodiscard]] Q_INVOKABLE QVariant values(const QString &name) const;
    /// The largest of values(); 0 without samples.
    [[nodiscard]] Q_INVOKABLE qreal maximum(const QString &name) const;
    /// Forgets all samples.
    Q_INVOKABLE void clear();

    void classBegin() override { m_isComplete = false; }
    void componentComplete() override;

Q_SIGNALS:
    /// A sample was added, or all were forgotten.
    void sampled();
    void poolChanged();
    void samplesChanged();
    void periodChanged();
    void itemChanged();
    void samplingChanged();

private:
    static constexpr size_t metricCount = 9;
    struct Sample
    {
        qint64 time = 0; // milliseconds of m_clock
        std::array<qreal, metricCount> metrics{};
    };
    /// The pool's counters some time ago, to tell what came since.
    struct Mark
    {
        qint64 time = 0;
        qint64 taken = 0;
        Distribution waitTime;
    };

    [[nodiscard]] QList<qreal> metrics(const QString &name) const;
    void updateSampling();
    void sample();
    [[nodiscard]] qreal recentP99(const Distribution &now) const;

    QPointer<Pool> m_pool;
    int m_samples = 120;
    int m_period = 500;
    bool m_isComplete = true;
    QTimer m_timer;
    QElapsedTimer m_clock;
    std::deque<Sample> m_history;
    std::deque<Mark> m_marks; // of the last seconds, oldest first
    VisibilityTracker m_visibility;
};

} // namespace Tidepool::Qml
