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
/// Takes a sample of the pool in every period and keeps the newest samples. The time is the monotonic clock, so a
/// change of the system's clock does not change a curve. While the user cannot see the Item to which the history
/// belongs, no sample is taken and no timer runs.
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

    /// Another pool starts a new history. Default: none.
    [[nodiscard]] Pool *pool() const { return m_pool; }
    void setPool(Pool *pool);
    /// The maximum number of samples. Default: 120. Range: 2 to 10,000.
    [[nodiscard]] int samples() const { return m_samples; }
    void setSamples(int samples);
    /// Milliseconds between two samples. Default: 500. Range: 20 and up.
    [[nodiscard]] int period() const { return m_period; }
    void setPeriod(int milliseconds);
    /// The history samples while the user can see this Item. Default: the Item in which the history is declared.
    /// Without an Item, the history always samples.
    [[nodiscard]] QQuickItem *item() const { return m_visibility.item(); }
    void setItem(QQuickItem *item) { m_visibility.setItem(item); }
    /// True if there is a pool and the user can see the Item.
    [[nodiscard]] bool isSampling() const { return m_timer.isActive(); }
    /// The number of samples. A binding that reads this property is evaluated after each sample.
    [[nodiscard]] int count() const { return static_cast<int>(m_history.size()); }

    /// The samples of one metric, oldest first. The names are "active", "connecting", "handshaking", "waiting",
    /// "leased" (taken and still held), "capacity", "intervalMs", "takesPerSecond" (since the previous sample),
    /// "p99WaitMs" (of the takes of the last 5 s, 0 if there were none) and "secondsAgo" (before the newest sample).
    /// For any other name, the result is empty, and a warning is logged. The value is a list<real>. The type is
    /// QVariant, because qmllint treats a QList<qreal> as a single number.
    [[nodiscard]] Q_INVOKABLE QVariant values(const QString &name) const;
    /// The largest of values(); 0 without samples.
    [[nodiscard]] Q_INVOKABLE qreal maximum(const QString &name) const;
    /// Removes all samples.
    Q_INVOKABLE void clear();

    void classBegin() override { m_isComplete = false; }
    void componentComplete() override;

Q_SIGNALS:
    /// A sample was added, or all samples were removed.
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
        qint64 time = 0; // in milliseconds of m_clock
        std::array<qreal, metricCount> metrics{};
    };
    /// The pool's counters at an earlier time, to calculate the changes since then.
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
