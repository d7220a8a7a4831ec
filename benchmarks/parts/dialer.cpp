// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/benchmarkerror.h"
#include "support/blockingtls.h"
#include "support/stopwatch.h"

#include <array>
#include <atomic>
#include <list>
#include <optional>
#include <thread>
#include <vector>

namespace Bench {

namespace {

class Dialer
{
public:
    explicit Dialer(const PartArguments &arguments)
        : m_port(arguments.port())
        , m_threads(static_cast<size_t>(arguments.number(QLatin1String("threads"))))
        , m_connections(m_threads)
    {
        if (arguments.isTls())
            m_context = TlsContext::client();
    }

    void dial(int count)
    {
        m_rest = count;
        std::vector<std::thread> threads;
        for (auto &connections : m_connections)
            threads.emplace_back([this, &connections] { dialIn(connections); });
        for (std::thread &thread : threads)
            thread.join();
        if (m_hasFailed)
            throw BenchmarkError(QStringLiteral("Blocking sockets could not be dialled."));
    }

private:
    void dialIn(std::list<BlockingConnection> &connections)
    {
        std::array<char, 8> id{};
        try {
            while (!m_hasFailed && m_rest-- > 0) {
                connections.push_back(
                    BlockingConnection::asClient(connectToLoopback(m_port), m_context ? &*m_context : nullptr));
                if (!connections.back().read(id.data(), id.size()))
                    m_hasFailed = true;
            }
        } catch (const BenchmarkError &) {
            m_hasFailed = true;
        }
    }

    quint16 m_port;
    size_t m_threads;
    std::optional<TlsContext> m_context;
    std::vector<std::list<BlockingConnection>> m_connections;
    std::atomic<int> m_rest = 0;
    std::atomic<bool> m_hasFailed = false;
};

} // namespace

void dialerPart(const PartArguments &arguments)
{
    Dialer dialer(arguments);
    dialer.dial(arguments.number(QLatin1String("warmup")));
    const Stopwatch watch;
    const CpuStopwatch cpu;
    dialer.dial(arguments.number(QLatin1String("count")));
    answer({{QStringLiteral("seconds"), watch.seconds()}, {QStringLiteral("cpu"), cpu.milliseconds()}});
    waitForEnd();
}

} // namespace Bench
