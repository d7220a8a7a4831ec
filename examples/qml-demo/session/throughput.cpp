// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "throughput.h"

#include <QtCore/QLocale>

#include <chrono>

namespace Dashboard {

namespace {

constexpr std::chrono::milliseconds period{500};
constexpr qsizetype samples = 120;

} // namespace

Throughput::Throughput(std::function<Totals()> source, QObject *parent) : QObject(parent), m_source(std::move(source))
{
    m_timer.setInterval(period);
    connect(&m_timer, &QTimer::timeout, this, &Throughput::sample);
    m_timer.start();
    m_clock.start();
}

QString Throughput::bytesText(double bytes)
{
    return QLocale::c().formattedDataSize(static_cast<qint64>(bytes), 1, QLocale::DataSizeSIFormat);
}

void Throughput::startOver()
{
    m_last = m_source();
    m_downRates.clear();
    m_downRate = m_upRate = 0;
    m_clock.restart();
    emit sampled();
}

void Throughput::sample()
{
    const Totals now = m_source();
    const double seconds = std::max(static_cast<double>(m_clock.nsecsElapsed()) / 1e9, 0.001);
    m_clock.restart();
    m_downRate = static_cast<double>(now.down - m_last.down) / seconds;
    m_upRate = static_cast<double>(now.up - m_last.up) / seconds;
    m_last = now;
    m_downRates.append(m_downRate);
    if (m_downRates.size() > samples)
        m_downRates.removeFirst();
    emit sampled();
}

} // namespace Dashboard
