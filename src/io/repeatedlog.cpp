// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "repeatedlog.h"

#include "log.h"

namespace Tidepool {

namespace {
void tell(const std::vector<LogRate::HeldBack> &failures)
{
    for (const LogRate::HeldBack &held : failures)
        qCWarning(lcTidepool, "%ls (%lld more like it)", qUtf16Printable(held.message),
                  static_cast<long long>(held.count));
}
} // namespace

RepeatedLog::RepeatedLog(QObject *parent) : QObject(parent), m_timer(this)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &RepeatedLog::tellHeldBack);
}

RepeatedLog::~RepeatedLog()
{
    tell(m_rate.takeAll());
}

void RepeatedLog::failure(const PoolError &error)
{
    const auto now = LogRate::Clock::now();
    if (m_rate.failure(error, now))
        qCWarning(lcTidepool, "%ls", qUtf16Printable(error.message()));
    if (!m_timer.isActive())
        m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(m_rate.nextDue() - now));
}

void RepeatedLog::startOver()
{
    m_timer.stop();
    tell(m_rate.takeAll());
}

void RepeatedLog::tellHeldBack()
{
    const auto now = LogRate::Clock::now();
    tell(m_rate.due(now));
    if (const auto next = m_rate.nextDue(); next != LogRate::Clock::time_point::max())
        m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(next - now));
}

} // namespace Tidepool
