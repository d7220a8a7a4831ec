// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/baresockets.h"
#include "support/pools.h"
#include "support/statistics.h"
#include "support/stopwatch.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>
#include <QtCore/QTimer>

namespace Bench {

using Tidepool::TlsMode;

namespace {

constexpr std::chrono::milliseconds settling{300};
// As often as a pool's I/O thread looks whether anything is to be done: a bare loop has timers too.
constexpr std::chrono::milliseconds timerOfAnyProgram{500};

// One turn of this thread's event loop for each event, because an event that is posted in a turn may be handled in it.
double microsecondsPerTurn(int turns)
{
    constexpr int batchSize = 50;
    QObject receiver;
    std::vector<double> batches;
    for (int done = 0; done < turns; done += batchSize) {
        const Stopwatch watch;
        for (int i = 0; i < batchSize; ++i) {
            QCoreApplication::postEvent(&receiver, new QEvent(QEvent::User));
            QCoreApplication::processEvents();
        }
        batches.push_back(watch.seconds() * 1e6 / batchSize);
    }
    return median(batches);
}

} // namespace

void turnPart(const PartArguments &arguments)
{
    const int count = arguments.number(QLatin1String("count"));
    const int turns = arguments.number(QLatin1String("turns"));
    const auto measure = [turns] {
        runEventLoop(settling);
        answer({{QStringLiteral("turn"), microsecondsPerTurn(turns)}});
    };
    if (arguments.isBare()) {
        BareDialer dialer(arguments.port(), TlsMode::None);
        dialer.dial(count);
        measure();
        return;
    }
    const auto pool = makeClientPool(arguments.port(), TlsMode::None);
    pool->setUsesCallerThread(true); // so that this thread is the I/O thread
    fill(*pool, count);
    measure();
}

void restPart(const PartArguments &arguments)
{
    const int count = arguments.number(QLatin1String("count"));
    const std::chrono::seconds duration(arguments.number(QLatin1String("seconds")));
    const auto measure = [duration] {
        runEventLoop(settling);
        const CpuStopwatch cpu;
        runEventLoop(duration);
        answer({{QStringLiteral("cpu"), cpu.milliseconds()}});
    };
    if (arguments.isBare()) {
        BareDialer dialer(arguments.port(), TlsMode::None);
        dialer.dial(count);
        QTimer timer;
        timer.start(timerOfAnyProgram);
        measure();
        return;
    }
    const auto pool = makeClientPool(arguments.port(), TlsMode::None);
    fill(*pool, count);
    measure();
}

} // namespace Bench
