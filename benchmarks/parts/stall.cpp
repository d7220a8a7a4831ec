// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/baresockets.h"
#include "support/pools.h"
#include "support/statistics.h"
#include "support/stopwatch.h"

#include <QtCore/QTimer>

namespace Bench {

using Tidepool::TlsMode;

namespace {

constexpr int warmup = 32;

// Ticks every millisecond and notes how long each tick let wait for itself, as an animation would.
class GapMeter
{
public:
    GapMeter()
    {
        m_timer.setTimerType(Qt::PreciseTimer);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
            m_gaps.push_back(m_sinceTick.milliseconds());
            m_sinceTick = {};
        });
        m_timer.start(1);
    }

    /// Milliseconds.
    [[nodiscard]] std::vector<double> gaps()
    {
        m_gaps.push_back(m_sinceTick.milliseconds());
        return m_gaps;
    }

private:
    QTimer m_timer;
    Stopwatch m_sinceTick;
    std::vector<double> m_gaps;
};

template <typename Dial>
void measure(Dial dial, int count)
{
    dial(warmup);
    const Stopwatch watch;
    GapMeter meter;
    dial(count);
    const std::vector<double> gaps = meter.gaps();
    answer({{QStringLiteral("longest"), percentile(gaps, 1)},
            {QStringLiteral("p99"), percentile(gaps, 0.99)},
            {QStringLiteral("seconds"), watch.seconds()}});
}

} // namespace

void stallPart(const PartArguments &arguments)
{
    const int count = arguments.number(QLatin1String("count"));
    if (arguments.isBare()) {
        BareDialer dialer(arguments.port(), TlsMode::SelfSigned);
        measure([&dialer](int more) { dialer.dial(more); }, count);
        return;
    }
    const auto pool = makeClientPool(arguments.port(), TlsMode::SelfSigned);
    measure([&pool](int more) { fill(*pool, pool->active() + more); }, count);
}

} // namespace Bench
