// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "metricfamilies.h"

#include <limits>

namespace Tunnel {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Tidepool::Distribution;

namespace {

constexpr int bucketsPerPowerOfTwo = 4;

} // namespace

MetricFamilies::MetricFamilies(const QByteArray &label, const QByteArray &value)
    : m_label{label.toStdString(), value.toStdString()}
{}

void MetricFamilies::add(const QByteArray &name, const char *help, double value)
{
    gauge(name, help, value, {}, {});
}

void MetricFamilies::count(const QByteArray &name, const char *help, qint64 value, const QByteArray &label,
                           const QByteArray &labelValue)
{
    metric(name, help, MetricType::Counter, label, labelValue).counter.value = static_cast<double>(value);
}

void MetricFamilies::distribution(const QByteArray &name, const char *help, const Distribution &distribution)
{
    ClientMetric::Histogram &histogram = metric(name, help, MetricType::Histogram, {}, {}).histogram;
    histogram.sample_count = static_cast<std::uint64_t>(distribution.count);
    histogram.sample_sum = std::chrono::duration<double>(distribution.sum).count();
    std::uint64_t cumulative = 0;
    // The last bucket has no bound. Its count is part of the final bucket that Prometheus requires.
    for (int i = 0; i + 1 < Distribution::bucketCount; ++i) {
        cumulative += distribution.buckets.at(static_cast<size_t>(i));
        if (i % bucketsPerPowerOfTwo == 0)
            histogram.bucket.push_back(
                {cumulative, std::chrono::duration<double>(Distribution::bucketBound(i)).count()});
    }
    histogram.bucket.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
}

void MetricFamilies::gauge(const QByteArray &name, const char *help, double value, const QByteArray &label,
                           const QByteArray &labelValue)
{
    metric(name, help, MetricType::Gauge, label, labelValue).gauge.value = value;
}

ClientMetric &MetricFamilies::metric(const QByteArray &name, const char *help, MetricType type, const QByteArray &label,
                                     const QByteArray &labelValue)
{
    const std::string text = name.toStdString();
    if (m_families.empty() || m_families.back().name != text)
        m_families.push_back(MetricFamily{text, help, type, {}});
    ClientMetric &metric = m_families.back().metric.emplace_back();
    metric.label.push_back(m_label);
    if (!label.isEmpty())
        metric.label.push_back({label.toStdString(), labelValue.toStdString()});
    return metric;
}

} // namespace Tunnel
