// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/benchmarkerror.h"
#include "support/blockingsocket.h"
#include "support/stopwatch.h"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace Bench {

namespace {

using std::chrono::milliseconds;

constexpr size_t readSize = 256 * 1024;
constexpr size_t writeSize = 64 * 1024;
constexpr milliseconds rampUp{200};
constexpr qint64 megabyte = 1'000'000;

// The load is the same whatever carries it: blocking sockets, a thread for each stream.
class Sink
{
public:
    explicit Sink(milliseconds pause) : m_pause(pause) {}

    void run(const Descriptor &listener)
    {
        for (;;) {
            Descriptor socket = acceptOne(listener);
            if (!socket.isValid())
                return;
            std::thread([this, owned = std::move(socket)] { read(owned); }).detach();
        }
    }

    [[nodiscard]] qint64 bytes() const { return m_bytes; }
    /// Streams that carried bytes and have ended.
    [[nodiscard]] int ended() const { return m_ended; }

private:
    void read(const Descriptor &socket)
    {
        if (!sendAll(socket, &greeting, 1))
            return;
        std::vector<char> buffer(readSize);
        bool isFirst = true;
        for (;;) {
            const ssize_t count = ::recv(socket.number(), buffer.data(), buffer.size(), 0);
            if (count <= 0)
                break;
            m_bytes += count;
            if (std::exchange(isFirst, false))
                std::this_thread::sleep_for(m_pause);
        }
        m_ended += isFirst ? 0 : 1;
    }

    milliseconds m_pause;
    std::atomic<qint64> m_bytes = 0;
    std::atomic<int> m_ended = 0;
};

void pauseWhile(const std::function<bool()> &condition, std::chrono::seconds limit)
{
    const Stopwatch watch;
    while (condition() && watch.elapsed() < limit)
        std::this_thread::sleep_for(milliseconds(1));
}

} // namespace

void sinkPart(const PartArguments &arguments)
{
    const milliseconds pause(arguments.number(QLatin1String("pause")));
    const milliseconds duration(arguments.number(QLatin1String("milliseconds")));
    const Descriptor listener = listenOnLoopback();
    Sink sink(pause);
    std::thread([&] { sink.run(listener); }).detach();
    answer({{QStringLiteral("port"), localPort(listener)}});

    pauseWhile([&] { return sink.bytes() == 0; }, std::chrono::seconds(30));
    if (pause.count() > 0) {
        pauseWhile([&] { return sink.ended() == 0; }, std::chrono::seconds(60));
        answer({{QStringLiteral("bytes"), static_cast<double>(sink.bytes())}});
        waitForEnd();
    }
    std::this_thread::sleep_for(rampUp);
    const qint64 before = sink.bytes();
    const Stopwatch watch;
    std::this_thread::sleep_for(duration);
    const double seconds = watch.seconds();
    answer(
        {{QStringLiteral("bytes"), static_cast<double>(sink.bytes() - before)}, {QStringLiteral("seconds"), seconds}});
    waitForEnd();
}

void senderPart(const PartArguments &arguments)
{
    const qint64 megabytes = arguments.number(QLatin1String("megabytes"));
    const qint64 limit = megabytes > 0 ? megabytes * megabyte : std::numeric_limits<qint64>::max();
    const milliseconds duration(arguments.number(QLatin1String("milliseconds")));
    std::vector<Descriptor> streams;
    for (int i = 0; i < arguments.number(QLatin1String("streams")); ++i) {
        streams.push_back(connectAndAwaitGreeting(arguments.port()));
        if (!streams.back().isValid())
            throw BenchmarkError(QStringLiteral("Stream %1 found no way to the sink.").arg(i + 1));
    }
    const Stopwatch watch;
    std::atomic<qint64> total = 0;
    std::vector<std::thread> threads;
    threads.reserve(streams.size());
    for (const Descriptor &stream : streams) {
        threads.emplace_back([&, limit, duration] {
            const std::vector<char> chunk(writeSize, 'x');
            for (qint64 sent = 0; sent < limit && (duration.count() == 0 || watch.elapsed() < duration);) {
                const size_t size = std::min(chunk.size(), static_cast<size_t>(limit - sent));
                if (!sendAll(stream, chunk.data(), size))
                    return;
                sent += static_cast<qint64>(size);
                total += static_cast<qint64>(size);
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    streams.clear();
    answer({{QStringLiteral("bytes"), static_cast<double>(total)}});
    waitForEnd();
}

} // namespace Bench
