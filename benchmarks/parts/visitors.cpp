// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"
#include "support/benchmarkerror.h"
#include "support/blockingsocket.h"
#include "support/stopwatch.h"

#include <QtCore/QJsonArray>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace Bench {

namespace {

using std::chrono::milliseconds;

constexpr size_t requestSize = 8; // hexadecimal digits: how many bytes are wanted
constexpr size_t chunkSize = 64 * 1024;
constexpr quint32 veryMuch = 0xffff'ffff;

void serveVisitor(const Descriptor &socket)
{
    std::array<char, requestSize + 1> request{};
    while (receiveAll(socket, request.data(), requestSize)) {
        const std::vector<char> chunk(chunkSize, 'x');
        for (size_t rest = std::strtoul(request.data(), nullptr, 16); rest > 0;) {
            const size_t size = std::min(rest, chunk.size());
            if (!sendAll(socket, chunk.data(), size))
                return;
            rest -= size;
        }
    }
}

// Returns the socket with the first byte read.
Descriptor ask(const PartArguments &arguments, quint32 bytes)
{
    Descriptor socket = connectTo(arguments.host(), arguments.port());
    std::array<char, requestSize + 1> request{};
    std::snprintf(request.data(), request.size(), "%08x", bytes);
    char first = 0;
    if (!socket.isValid() || !sendAll(socket, request.data(), requestSize) || !receiveAll(socket, &first, 1))
        throw BenchmarkError(
            QStringLiteral("A visitor at %1:%2 got no answer.").arg(arguments.host()).arg(arguments.port()));
    return socket;
}

} // namespace

void targetPart(const PartArguments &arguments)
{
    const Descriptor listener = listenEverywhere(arguments.port());
    answer({{QStringLiteral("port"), localPort(listener)}});
    for (;;) {
        Descriptor socket = acceptOne(listener);
        if (!socket.isValid())
            return;
        std::thread([owned = std::move(socket)] { serveVisitor(owned); }).detach();
    }
}

void visitorPart(const PartArguments &arguments)
{
    const milliseconds pause(arguments.number(QLatin1String("pause")));
    QJsonArray firstBytes;
    for (int i = 0; i < arguments.number(QLatin1String("count")); ++i) {
        const Stopwatch watch;
        const Descriptor socket = ask(arguments, 1);
        firstBytes.append(watch.milliseconds());
        std::this_thread::sleep_for(pause);
    }
    answer({{QStringLiteral("firstBytes"), firstBytes}});
    waitForEnd();
}

void downloadPart(const PartArguments &arguments)
{
    const milliseconds duration(arguments.number(QLatin1String("milliseconds")));
    const Descriptor socket = ask(arguments, veryMuch);
    answer({{QStringLiteral("started"), true}});
    const Stopwatch watch;
    std::vector<char> buffer(chunkSize);
    double bytes = 1;
    while (watch.elapsed() < duration) {
        const ssize_t count = ::recv(socket.number(), buffer.data(), buffer.size(), 0);
        if (count <= 0)
            throw BenchmarkError(QStringLiteral("A download ended early."));
        bytes += static_cast<double>(count);
    }
    answer({{QStringLiteral("bytes"), bytes}, {QStringLiteral("seconds"), watch.seconds()}});
    waitForEnd();
}

} // namespace Bench
