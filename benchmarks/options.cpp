// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "options.h"

#include "scenarios.h"

#include <QtCore/QCommandLineParser>

#include <algorithm>

namespace Bench {

namespace {

QStringList allScenarios()
{
    QStringList names;
    for (const Scenario &scenario : scenarios)
        names += QLatin1String(scenario.name);
    return names;
}

QString description()
{
    QString text =
        QStringLiteral("Measures Tidepool, and beside each result a reference in the same run.\n\nScenarios:\n");
    for (const Scenario &scenario : scenarios)
        text += QStringLiteral("  %1 %2\n").arg(QLatin1String(scenario.name), -8).arg(QLatin1String(scenario.headline));
    return text.trimmed();
}

QString examples()
{
    return QStringLiteral(
        "\nExamples:\n"
        "  tidepool-bench                          everything, a quarter of an hour or more\n"
        "  tidepool-bench --quick                  everything, roughly, some minutes\n"
        "  tidepool-bench take stall               these two\n"
        "  tidepool-bench relay --json relay.json  with the results as JSON\n"
        "\nburst, recover and tunnel make a long link between two network namespaces, for which they\n"
        "need root; without it they are skipped. All traffic stays on this machine. Exit status: 0 if\n"
        "everything was measured or skipped, 1 if something could not be, 2 if the options are wrong.\n"
        "A missed goal is no error.\n");
}

Options wrong(const QString &mistake)
{
    Options result;
    result.lastWords = QStringLiteral("tidepool-bench: %1\nSee: tidepool-bench --help\n").arg(mistake);
    result.exitStatus = 2;
    return result;
}

} // namespace

Options readOptions(const QStringList &arguments)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(description());
    const QCommandLineOption help(QStringList{QStringLiteral("h"), QStringLiteral("help")},
                                  QStringLiteral("Shows this help."));
    parser.addOption(help);
    const QCommandLineOption json(QStringLiteral("json"), QStringLiteral("Write the results to FILE, too."),
                                  QStringLiteral("FILE"));
    const QCommandLineOption quick(QStringLiteral("quick"),
                                   QStringLiteral("Fewer connections and repetitions: some minutes in all."));
    parser.addOptions({json, quick});
    parser.addPositionalArgument(QStringLiteral("scenario"),
                                 QStringLiteral("What to measure; everything if none is given."),
                                 QStringLiteral("[scenario...]"));
    if (!parser.parse(arguments))
        return wrong(parser.errorText());

    Options options;
    if (parser.isSet(help)) {
        options.lastWords = parser.helpText() + examples();
        return options;
    }
    const QStringList known = allScenarios();
    options.scenarios = parser.positionalArguments();
    for (const QString &name : std::as_const(options.scenarios)) {
        if (!known.contains(name))
            return wrong(
                QStringLiteral("there is no scenario \"%1\"; there are %2.").arg(name, known.join(QLatin1Char(' '))));
    }
    if (options.scenarios.isEmpty())
        options.scenarios = known;
    if (parser.isSet(json) && parser.value(json).isEmpty())
        return wrong(QStringLiteral("--json needs a file name."));
    options.jsonFile = parser.value(json);
    options.isQuick = parser.isSet(quick);
    return options;
}

} // namespace Bench
