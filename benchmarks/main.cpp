// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "options.h"
#include "parts/parts.h"
#include "scenarios.h"
#include "support/benchmarkerror.h"
#include "support/stopwatch.h"
#include "support/usage.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QJsonDocument>
#include <QtCore/QSaveFile>

#include <csignal>
#include <cstdio>

namespace Bench {

namespace {

bool measure(const Scenario &scenario, Report &report, const Effort &effort)
{
    report.beginScenario(QLatin1String(scenario.name), QLatin1String(scenario.headline));
    bool isComplete = true;
    try {
        scenario.measure(report, effort);
    } catch (const BenchmarkError &error) {
        report.note(QStringLiteral("this is not complete: ") + QString::fromUtf8(error.what()));
        isComplete = false;
    }
    report.endScenario();
    return isComplete;
}

int run(const Options &options)
{
    // Made at once: better to fail now than after the measuring.
    QSaveFile json(options.jsonFile);
    if (!options.jsonFile.isEmpty() && !json.open(QIODevice::WriteOnly)) {
        std::fprintf(stderr, "tidepool-bench: cannot write %s: %s.\n", qUtf8Printable(options.jsonFile),
                     qUtf8Printable(json.errorString()));
        return 1;
    }
    const Stopwatch watch;
    Report report;
    bool isComplete = true;
    for (const Scenario &scenario : scenarios) {
        if (options.scenarios.contains(QLatin1String(scenario.name)))
            isComplete = measure(scenario, report, Effort{options.isQuick}) && isComplete;
    }
    if (json.isOpen()) {
        json.write(QJsonDocument(report.json()).toJson());
        isComplete = json.commit() && isComplete;
    }
    print(QStringLiteral("Measured in %1 s. %2").arg(qRound(watch.seconds())).arg(report.summary()));
    return isComplete ? 0 : 1;
}

} // namespace

} // namespace Bench

int main(int argc, char *argv[])
{
    std::signal(SIGPIPE, SIG_IGN);
    const QCoreApplication application(argc, argv);
    Bench::raiseDescriptorLimit();
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == QLatin1String("--part"))
        return Bench::runPart(arguments.mid(2));
    const Bench::Options options = Bench::readOptions(arguments);
    if (!options.lastWords.isEmpty()) {
        std::fputs(qUtf8Printable(options.lastWords), options.exitStatus == 0 ? stdout : stderr);
        return options.exitStatus;
    }
    return Bench::run(options);
}
