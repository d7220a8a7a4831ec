// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "pools.h"

#include "benchmarkerror.h"

#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

namespace Bench {

namespace {
constexpr std::chrono::seconds patience{60};
}

Tidepool::TlsOptions tlsOptions(Tidepool::TlsMode mode)
{
    Tidepool::TlsOptions result;
    result.mode = mode;
    return result;
}

std::unique_ptr<Tidepool::ClientPool> makeClientPool(quint16 port, Tidepool::TlsMode mode)
{
    auto pool = std::make_unique<Tidepool::ClientPool>(QStringLiteral("127.0.0.1"), port);
    pool->setTls(tlsOptions(mode));
    return pool;
}

void fill(Tidepool::ClientPool &pool, int count)
{
    pool.setMaximumCapacity(count);
    pool.setMinimumCapacity(count);
    pool.start();
    awaitParked(pool, count);
}

void awaitParked(Tidepool::Pool &pool, int count)
{
    QEventLoop loop;
    QObject::connect(&pool, &Tidepool::Pool::activeChanged, &loop, [&loop, count](int active) {
        if (active >= count)
            loop.quit();
    });
    QTimer::singleShot(patience, &loop, &QEventLoop::quit);
    if (pool.active() < count)
        loop.exec();
    if (pool.active() < count)
        throw BenchmarkError(QStringLiteral("Of %1 connections only %2 came up. %3")
                                 .arg(count)
                                 .arg(pool.active())
                                 .arg(pool.lastError().message()));
}

void runEventLoop(std::chrono::milliseconds duration)
{
    QEventLoop loop;
    QTimer::singleShot(duration, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
}

} // namespace Bench
