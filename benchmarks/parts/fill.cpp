// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/baresockets.h"
#include "support/pools.h"
#include "support/stopwatch.h"

namespace Bench {

using Tidepool::TlsMode;

namespace {

template <typename Dial>
QJsonObject measure(Dial dial, const PartArguments &arguments)
{
    // The first connections pay for what a process does once: loading the TLS library, starting the I/O thread.
    if (const int warmup = arguments.number(QLatin1String("warmup")); warmup > 0)
        dial(warmup);
    const Stopwatch watch;
    const CpuStopwatch cpu;
    dial(arguments.number(QLatin1String("count")));
    return {{QStringLiteral("seconds"), watch.seconds()}, {QStringLiteral("cpu"), cpu.milliseconds()}};
}

} // namespace

void fillPart(const PartArguments &arguments)
{
    const TlsMode mode = arguments.isTls() ? TlsMode::SelfSigned : TlsMode::None;
    if (arguments.isBare()) {
        BareDialer dialer(arguments.port(), mode);
        dialer.setHost(arguments.host());
        answer(measure([&dialer](int more) { dialer.dial(more); }, arguments));
        return;
    }
    const auto pool = makeClientPool(arguments.port(), mode);
    pool->setHost(arguments.host());
    QJsonObject result = measure([&pool](int more) { fill(*pool, pool->active() + more); }, arguments);
    result.insert(QStringLiteral("failed"), static_cast<double>(pool->status().failedTotal()));
    answer(result);
}

} // namespace Bench
