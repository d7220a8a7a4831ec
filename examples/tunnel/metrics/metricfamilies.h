// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolstatus.h>

#include <QtCore/QByteArray>
#include <QtCore/QMetaEnum>

#include <prometheus/metric_family.h>

#include <array>
#include <vector>

namespace Tunnel {

/// Builds Prometheus' metric families from plain numbers. Every metric gets the label that the constructor sets.
class MetricFamilies
{
public:
    MetricFamilies(const QByteArray &label, const QByteArray &value);

    /// Adds a gauge.
    void add(const QByteArray &name, const char *help, double value);
    /// Adds a counter, with or without a second label.
    void count(const QByteArray &name, const char *help, qint64 value, const QByteArray &label = {},
               const QByteArray &labelValue = {});
    /// Adds a histogram: one cumulative bucket for each power of two.
    void distribution(const QByteArray &name, const char *help, const Tidepool::Distribution &distribution);

    /// Adds one gauge for each value of an enumeration: 1 for @p current, 0 for the others.
    template <typename Enum>
    void addEnum(const QByteArray &name, const char *help, const QByteArray &label, Enum current)
    {
        const auto meta = QMetaEnum::fromType<Enum>();
        for (int i = 0; i < meta.keyCount(); ++i)
            gauge(name, help, meta.value(i) == static_cast<int>(current) ? 1 : 0, label, meta.key(i));
    }

    /// Adds one counter for each value of an enumeration.
    template <typename Enum, size_t size>
    void countEach(const QByteArray &name, const char *help, const QByteArray &label,
                   const std::array<qint64, size> &values)
    {
        const auto meta = QMetaEnum::fromType<Enum>();
        for (int i = 0; i < meta.keyCount(); ++i)
            count(name, help, values.at(static_cast<size_t>(meta.value(i))), label, meta.key(i));
    }

    [[nodiscard]] std::vector<prometheus::MetricFamily> take() { return std::move(m_families); }

private:
    void gauge(const QByteArray &name, const char *help, double value, const QByteArray &label,
               const QByteArray &labelValue);
    prometheus::ClientMetric &metric(const QByteArray &name, const char *help, prometheus::MetricType type,
                                     const QByteArray &label, const QByteArray &labelValue);

    const prometheus::ClientMetric::Label m_label;
    std::vector<prometheus::MetricFamily> m_families;
};

} // namespace Tunnel
