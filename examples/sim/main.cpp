// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// tidepool-sim: simulates a pool on a trace of takes, in virtual time.

#include "plot.h"
#include "policies.h"

#include <QtCore/QCommandLineParser>
#include <QtCore/QCoreApplication>
#include <QtCore/QFile>

#include <policy/classicsizing.h>
#include <policy/predictivesizing.h>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace Sim;

namespace {

constexpr int exitFailure = 1;
constexpr int exitUsage = 2;

/// The values of the command line.
struct Request
{
    QString name;
    Trace trace;
    double seconds = 0;
    double from = 0;
    Network network;
    Tidepool::Bounds bounds;
    QString plotFile;
};

void print(const QString &line)
{
    std::fputs(qPrintable(line + u'\n'), stdout);
}

int complain(const QString &message, int code = exitUsage)
{
    std::fputs(qPrintable(u"tidepool-sim: %1\n"_s.arg(message)), stderr);
    return code;
}

Outcome play(const Request &request, Tidepool::Sizing &sizing)
{
    return simulate(request.trace, sizing, request.network, after(request.seconds), after(request.from));
}

QList<Row> policiesOf(const Request &request)
{
    Tidepool::PredictiveSizing predictive(request.bounds);
    Tidepool::ClassicSizing classic(request.bounds);
    ClairvoyantSizing clairvoyant(request.trace, request.network.dialTime);
    return {{u"predictive"_s, play(request, predictive)},
            {u"classic"_s, play(request, classic)},
            {u"clairvoyant"_s, play(request, clairvoyant)}};
}

QList<Row> frontierOf(const Request &request)
{
    QList<Row> rows;
    for (int capacity = 1; capacity <= request.bounds.maximumCapacity; ++capacity) {
        StaticSizing sizing(capacity);
        rows.append({u"static %1"_s.arg(capacity), play(request, sizing)});
    }
    return rows;
}

QString lineOf(const Row &row)
{
    const Outcome &outcome = row.outcome;
    return u"%1 %2 % %3 ms %4 ms %5 %6"_s.arg(row.name, -14)
        .arg(outcome.warmShare * 100, 7, 'f', 2)
        .arg(outcome.waitP50 * 1'000, 8, 'f', 0)
        .arg(outcome.waitP99 * 1'000, 8, 'f', 0)
        .arg(outcome.meanParked, 8, 'f', 1)
        .arg(outcome.dialsPerTake, 12, 'f', 2);
}

int report(const Request &request)
{
    const QList<Row> policies = policiesOf(request);
    const QList<Row> frontier = frontierOf(request);
    print(u"%1: %2 takes in %3 s, one dial takes %4 ms, capacity %5 to %6"_s.arg(request.name)
              .arg(policies.constFirst().outcome.takes)
              .arg(request.seconds - request.from)
              .arg(std::chrono::duration<double, std::milli>(request.network.dialTime).count())
              .arg(request.bounds.minimumCapacity)
              .arg(request.bounds.maximumCapacity));
    print(u"%1 %2 %3 %4 %5 %6"_s.arg(u"policy"_s, -14)
              .arg(u"warm"_s, 9)
              .arg(u"wait p50"_s, 11)
              .arg(u"p99"_s, 11)
              .arg(u"parked"_s, 8)
              .arg(u"dials/take"_s, 12));
    for (const Row &row : policies)
        print(lineOf(row));
    // Of the static policies, show those that do not keep more connections than the other policies, and the largest
    // one.
    for (int capacity = 8; capacity <= request.bounds.maximumCapacity; capacity *= 2)
        print(lineOf(frontier[capacity - 1]));

    if (request.plotFile.isEmpty())
        return 0;
    QFile file(request.plotFile);
    const QByteArray svg = plot(request.name, frontier, policies).toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(svg) != svg.size() || !file.flush())
        return complain(u"%1 cannot be written: %2."_s.arg(request.plotFile, file.errorString()), exitFailure);
    return 0;
}

/// Reads a number of the command line within its range. Writes an error and returns std::nullopt if the number is
/// wrong.
std::optional<double> number(const QCommandLineParser &parser, const QString &option, double least, double most)
{
    bool isNumber = false;
    const double value = parser.value(option).toDouble(&isNumber);
    if (isNumber && value >= least && value <= most)
        return value;
    complain(
        u"--%1 takes a number from %2 to %3, not \"%4\"."_s.arg(option).arg(least).arg(most).arg(parser.value(option)));
    return std::nullopt;
}

QString description()
{
    QString result =
        u"Plays a trace of takes against sizing policies, in virtual time, and prints how many takes find a warm "
        "connection and how many connections are kept for it. The policies are the library's own.\n\nTraces:\n"_s;
    for (const QString &name : traceNames())
        result += u"  %1 %2\n"_s.arg(name, -13).arg(traceDescription(name));
    return result
        + u"  a file        one time a line, in seconds; # begins a comment\n\nFor example:\n"
          "  tidepool-sim burst\n"
          "  tidepool-sim burst --jitter 0.2 --plot burst.svg\n"
          "  tidepool-sim my-takes.txt --dial-ms 120 --maximum 32"_s;
}

void addOptions(QCommandLineParser &parser)
{
    parser.setApplicationDescription(description());
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(u"trace"_s, u"A name from the list above, or a file."_s);
    parser.addOptions({
        {u"seconds"_s, u"How long it goes on. Default: 600, or to the end of the file."_s, u"N"_s},
        {u"from"_s, u"Count only from this second on. Default: 0."_s, u"N"_s, u"0"_s},
        {u"dial-ms"_s, u"How long a dial takes. Default: 300, a round trip of 100 ms with TLS 1.3."_s, u"N"_s,
         u"300"_s},
        {u"work-ms"_s, u"What each dial takes, beyond that, of one processor that they share. Default: 0."_s, u"N"_s,
         u"0"_s},
        {u"minimum"_s, u"The minimum capacity. Default: 8."_s, u"N"_s, u"8"_s},
        {u"maximum"_s, u"The maximum capacity. Default: 64."_s, u"N"_s, u"64"_s},
        {u"jitter"_s, u"By how many seconds a burst may be early or late. Default: 0."_s, u"N"_s, u"0"_s},
        {u"alpha"_s, u"The tail of pareto: the smaller, the heavier. Default: 1.5."_s, u"N"_s, u"1.5"_s},
        {u"seed"_s, u"Of the random numbers. Default: 1."_s, u"N"_s, u"1"_s},
        {u"plot"_s, u"Draw warm share against parked connections."_s, u"FILE.svg"_s},
    });
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(u"tidepool-sim"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(TIDEPOOL_SIM_VERSION));
    QCommandLineParser parser;
    addOptions(parser);
    parser.process(app);
    if (parser.positionalArguments().size() != 1)
        return complain(u"Name one trace; --help lists them."_s);

    Request request;
    request.name = parser.positionalArguments().constFirst();
    const bool isFile = !traceNames().contains(request.name);
    QString error;
    if (isFile) {
        const auto read = readTrace(request.name, &error);
        if (!read)
            return complain(error + u" --help lists the traces that need no file."_s, exitFailure);
        request.trace = *read;
        request.seconds = secondsOf(request.trace.back()) + 1;
    }
    if (!isFile || parser.isSet(u"seconds"_s)) {
        const auto seconds = parser.isSet(u"seconds"_s) ? number(parser, u"seconds"_s, 1, 1e6) : 600;
        if (!seconds)
            return exitUsage;
        request.seconds = *seconds;
    }
    const auto from = number(parser, u"from"_s, 0, request.seconds - 1);
    const auto dialMs = number(parser, u"dial-ms"_s, 1, 60'000);
    const auto workMs = number(parser, u"work-ms"_s, 0, 10'000);
    const auto minimum = number(parser, u"minimum"_s, 1, 10'000);
    const auto maximum = number(parser, u"maximum"_s, 1, 10'000);
    const auto jitter = number(parser, u"jitter"_s, 0, 5);
    const auto alpha = number(parser, u"alpha"_s, 1, 10);
    const auto seed = number(parser, u"seed"_s, 0, 1e9);
    if (!from || !dialMs || !workMs || !minimum || !maximum || !jitter || !alpha || !seed)
        return exitUsage;
    if (*minimum > *maximum)
        return complain(u"--minimum is larger than --maximum."_s);
    request.from = *from;
    request.network.dialTime = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double, std::milli>(*dialMs));
    request.network.work = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double, std::milli>(*workMs));
    request.bounds.minimumCapacity = static_cast<int>(*minimum);
    request.bounds.maximumCapacity = static_cast<int>(*maximum);
    request.plotFile = parser.value(u"plot"_s);
    if (!isFile)
        request.trace = makeTrace(request.name, {request.seconds, *jitter, *alpha, static_cast<unsigned>(*seed)});
    return report(request);
}
