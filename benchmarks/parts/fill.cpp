// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/baresockets.h"
#include "support/pools.h"
#include "support/stopwatch.h"

namespace Bench {

using Tidepool::TlsMode;

namespace {

// The first connections pay for what a process does once: loading the TLS library, starting the I/O thread.
constexpr int warmup = 32;

template <typename Dial>
void measure(Dial dial, int count)
{
    dial(warmup);
    const Stopwatch watch;
    const CpuStopwatch cpu;
    dial(count);
    answer({{QStringLiteral("seconds"), watch.seconds()}, {QStringLiteral("cpu"), cpu.milliseconds()}});
}

} // namespace

void fillPart(const PartArguments &arguments)
{
    const TlsMode mode = arguments.isTls() ? TlsMode::SelfSigned : TlsMode::None;
    const int count = arguments.number(QLatin1String("count"));
    if (arguments.isBare()) {
        BareDialer dialer(arguments.port(), mode);
        measure([&dialer](int more) { dialer.dial(more); }, count);
        return;
    }
    const auto pool = makeClientPool(arguments.port(), mode);
    measure([&pool](int more) { fill(*pool, pool->active() + more); }, count);
}

} // namespace Bench
