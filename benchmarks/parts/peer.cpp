// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/benchmarkerror.h"
#include "support/blockingtls.h"
#include "support/usage.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <list>
#include <optional>
#include <thread>
#include <vector>

namespace Bench {

namespace {

// Nobody else's cost must count, so the other end is as cheap as can be: blocking sockets, one TLS context.
void serve(const Descriptor &listener, const TlsContext *context, std::atomic<quint32> &lastId)
{
    std::list<BlockingConnection> kept;
    for (;;) {
        Descriptor socket = acceptOne(listener);
        if (!socket.isValid())
            return;
        try {
            BlockingConnection connection = BlockingConnection::asServer(std::move(socket), context);
            std::array<char, 9> id{};
            std::snprintf(id.data(), id.size(), "%08x", ++lastId);
            if (connection.write(id.data(), id.size() - 1))
                kept.push_back(std::move(connection));
        } catch (const BenchmarkError &) {
            // a client that went away
        }
    }
}

} // namespace

void peerPart(const PartArguments &arguments)
{
    std::optional<TlsContext> context;
    if (arguments.isTls())
        context = TlsContext::server();
    growDescriptorTable();
    const Descriptor listener = arguments.port() != 0 ? listenEverywhere(arguments.port()) : listenOnLoopback();
    // A peer that takes another's place gives other ids.
    std::atomic<quint32> lastId = static_cast<quint32>(::getpid()) << 16U;
    const auto count = static_cast<size_t>(arguments.number(QLatin1String("threads")));
    std::vector<std::thread> threads;
    threads.reserve(count);
    while (threads.size() < count)
        threads.emplace_back([&] { serve(listener, context ? &*context : nullptr, lastId); });
    answer({{QStringLiteral("port"), localPort(listener)}});
    waitForEnd();
}

} // namespace Bench
