// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "commandline.h"

#include "preferences.h"

#include <QtCore/QCommandLineParser>
#include <QtCore/QFileInfo>

namespace Dashboard {

namespace {

constexpr auto helpText = R"(tidepool-dashboard - a tunnel client with its dashboard

Usage: tidepool-dashboard [options]

Opens a window and starts the loopback lab: a server, a service and its visitors in this
program, so that you see a pool adapt without a server of your own. The tab "Tunnel"
connects a real one; its form is kept for the next time, all but the secret.

Window:
  --theme NAME            system, light or dark, this time; without it, what you chose last
  --size WIDTHxHEIGHT     of the window, like 1280x880, this time

Pictures, without a display:
  --screenshot FILE       write the window to a PNG file and end. The lab really runs, until
                          it is in the scene's state.
  --scene NAME            ready (default), burst, outage, hostile, dark, narrow or
                          connect
  --seconds N             how much of the past the picture shows (1 to 60, default 20)

Other:
  -h, --help              this help
  --version               the program's version

Keys: S start or stop, P pause or resume, F flush, D drain, R retry now; in the lab B burst,
O outage, H hostile clients. Tab goes from one control to the next.

Examples:
  tidepool-dashboard
  tidepool-dashboard --screenshot burst.png --scene burst --seconds 60

Exit status: 0 when the window was closed or the picture is written, 1 if that was not
possible, 2 if the options are wrong.
)";

Exit mistake(const QString &text)
{
    return {2, QStringLiteral("tidepool-dashboard: %1\nSee: tidepool-dashboard --help\n").arg(text)};
}

std::optional<QSize> parseSize(const QString &text)
{
    const QStringList sides = text.split(QLatin1Char('x'));
    if (sides.size() != 2)
        return std::nullopt;
    bool isWidth = false;
    bool isHeight = false;
    const QSize size(sides.at(0).toInt(&isWidth), sides.at(1).toInt(&isHeight));
    const bool fits = size.width() >= 340 && size.height() >= 480 && size.width() <= 7680 && size.height() <= 7680;
    return isWidth && isHeight && fits ? std::optional(size) : std::nullopt;
}

std::optional<int> parseTheme(const QString &name)
{
    if (name == QLatin1String("system"))
        return Preferences::systemTheme;
    if (name == QLatin1String("light"))
        return Preferences::lightTheme;
    return name == QLatin1String("dark") ? std::optional(Preferences::darkTheme) : std::nullopt;
}

} // namespace

std::variant<Options, Exit> parseCommandLine(const QStringList &arguments)
{
    QCommandLineParser parser;
    for (const char *name : {"screenshot", "scene", "seconds", "size", "theme"})
        parser.addOption(QCommandLineOption(QString::fromLatin1(name), {}, QStringLiteral("value")));
    parser.addOption(QCommandLineOption(QStringList{QStringLiteral("h"), QStringLiteral("help")}));
    parser.addOption(QCommandLineOption(QStringLiteral("version")));
    const bool understood = parser.parse(arguments);
    if (parser.isSet(QStringLiteral("help")))
        return Exit{0, QString::fromLatin1(helpText)};
    if (parser.isSet(QStringLiteral("version")))
        return Exit{0,
                    QStringLiteral("tidepool-dashboard " TIDEPOOL_DASHBOARD_VERSION " (Qt %1)\n")
                        .arg(QString::fromLatin1(qVersion()))};
    if (!understood)
        return mistake(parser.errorText());
    if (!parser.positionalArguments().isEmpty())
        return mistake(QStringLiteral("\"%1\" does not belong to any option; write --NAME VALUE.")
                           .arg(parser.positionalArguments().constFirst()));

    Options options;
    const auto value = [&parser](const char *name) { return parser.value(QString::fromLatin1(name)); };
    const auto isSet = [&parser](const char *name) { return parser.isSet(QString::fromLatin1(name)); };
    options.screenshot = value("screenshot");
    if (isSet("screenshot") && options.screenshot.isEmpty())
        return mistake(QStringLiteral("--screenshot needs the name of a file, like dashboard.png."));
    if (!isSet("screenshot") && (isSet("scene") || isSet("seconds")))
        return mistake(QStringLiteral("--scene and --seconds belong to --screenshot FILE."));
    if (isSet("scene")) {
        const auto scene = sceneNamed(value("scene"));
        if (!scene)
            return mistake(QStringLiteral("--scene \"%1\" is not one of: %2.")
                               .arg(value("scene"), sceneNames().join(QStringLiteral(", "))));
        options.scene = *scene;
    }
    if (isSet("seconds")) {
        bool isNumber = false;
        const int seconds = value("seconds").toInt(&isNumber);
        if (!isNumber || seconds < 1 || seconds > 60)
            return mistake(
                QStringLiteral("--seconds \"%1\" is not a whole number from 1 to 60.").arg(value("seconds")));
        options.past = std::chrono::seconds(seconds);
    }
    if (isSet("size")) {
        options.size = parseSize(value("size"));
        if (!options.size)
            return mistake(QStringLiteral("--size \"%1\" is not WIDTHxHEIGHT, from 340x480 on, like 1280x880.")
                               .arg(value("size")));
    }
    if (isSet("theme")) {
        options.theme = parseTheme(value("theme"));
        if (!options.theme)
            return mistake(QStringLiteral("--theme \"%1\" is not system, light or dark.").arg(value("theme")));
    }
    return options;
}

} // namespace Dashboard
