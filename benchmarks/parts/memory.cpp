// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/baresockets.h"
#include "support/benchmarkerror.h"
#include "support/pools.h"
#include "support/usage.h"

#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

namespace Bench {

using Tidepool::TlsMode;

namespace {

constexpr int warmup = 32;
constexpr std::chrono::milliseconds settling{200};
constexpr std::chrono::seconds patience{60};

qint64 weigh()
{
    runEventLoop(settling);
    return residentBytesAfterTrim();
}

void answerBytes(qint64 before, int count)
{
    answer({{QStringLiteral("bytes"), static_cast<double>(weigh() - before) / count}});
}

TlsMode modeOf(const PartArguments &arguments)
{
    return arguments.isTls() ? TlsMode::SelfSigned : TlsMode::None;
}

template <typename Dial>
void measureDialled(Dial dial, int count)
{
    dial(warmup);
    const qint64 before = weigh();
    dial(count);
    answerBytes(before, count);
}

// The clients are dialled from outside: first those for the warm-up, and after "ready" the others.
template <typename Await>
void measureAccepted(quint16 port, Await await, int count)
{
    answer({{QStringLiteral("port"), port}});
    await(warmup);
    const qint64 before = weigh();
    answer({{QStringLiteral("ready"), true}});
    await(warmup + count);
    answerBytes(before, count);
}

void awaitClients(BareServer &server, int count)
{
    QEventLoop loop;
    QObject::connect(&server, &BareServer::countChanged, &loop, [&] {
        if (server.count() >= count)
            loop.quit();
    });
    QTimer::singleShot(patience, &loop, &QEventLoop::quit);
    if (server.count() < count)
        loop.exec();
    if (server.count() < count)
        throw BenchmarkError(QStringLiteral("Of %1 clients only %2 came.").arg(count).arg(server.count()));
}

} // namespace

void memoryOfClientPart(const PartArguments &arguments)
{
    const int count = arguments.number(QLatin1String("count"));
    if (arguments.isBare()) {
        BareDialer dialer(arguments.port(), modeOf(arguments));
        measureDialled([&dialer](int more) { dialer.dial(more); }, count);
        return;
    }
    const auto pool = makeClientPool(arguments.port(), modeOf(arguments));
    measureDialled([&pool](int more) { fill(*pool, pool->active() + more); }, count);
}

void memoryOfServerPart(const PartArguments &arguments)
{
    const int count = arguments.number(QLatin1String("count"));
    if (arguments.isBare()) {
        BareServer server(modeOf(arguments));
        if (!server.listen(QHostAddress::LocalHost))
            throw BenchmarkError(server.errorString());
        measureAccepted(
            server.serverPort(), [&server](int wanted) { awaitClients(server, wanted); }, count);
        return;
    }
    Tidepool::ServerPool pool;
    pool.setTls(tlsOptions(modeOf(arguments)));
    if (!pool.listen(QHostAddress::LocalHost))
        throw BenchmarkError(pool.lastError().message());
    measureAccepted(
        pool.serverPort(), [&pool](int wanted) { awaitParked(pool, wanted); }, count);
}

} // namespace Bench
