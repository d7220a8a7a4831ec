// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "parts.h"

#include "support/benchmarkerror.h"
#include "support/report.h"

#include <QtCore/QJsonDocument>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>
#include <utility>

namespace Bench {

namespace {

using Part = void (*)(const PartArguments &);
constexpr std::array<std::pair<const char *, Part>, 16> parts{{
    {"peer", peerPart},
    {"dialer", dialerPart},
    {"fill", fillPart},
    {"accept", acceptPart},
    {"stall", stallPart},
    {"memory-client", memoryOfClientPart},
    {"memory-server", memoryOfServerPart},
    {"turn", turnPart},
    {"rest", restPart},
    {"relay", relayPart},
    {"taker", takerPart},
    {"target", targetPart},
    {"visitor", visitorPart},
    {"download", downloadPart},
    {"sink", sinkPart},
    {"sender", senderPart},
}};

// Whatever happens, no part stays longer than this.
constexpr unsigned longestLife = 300;

void watchStandardInput()
{
    std::thread([] {
        std::array<char, 64> bytes{};
        while (::read(STDIN_FILENO, bytes.data(), bytes.size()) > 0) {}
        ::_exit(0);
    }).detach();
}

} // namespace

PartArguments::PartArguments(const QStringList &words)
{
    for (const QString &word : words)
        m_values.insert(word.section(QLatin1Char('='), 0, 0), word.section(QLatin1Char('='), 1));
}

int runPart(const QStringList &words)
{
    ::alarm(longestLife);
    watchStandardInput();
    for (const auto &[name, part] : parts) {
        if (words.value(0) != QLatin1String(name))
            continue;
        try {
            part(PartArguments(words.mid(1)));
        } catch (const BenchmarkError &error) {
            std::fprintf(stderr, "%s\n", error.what());
            return 1;
        }
        return 0;
    }
    return 2;
}

void answer(const QJsonObject &object)
{
    print(QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact)));
}

void waitForEnd()
{
    for (;;)
        ::pause();
}

} // namespace Bench
