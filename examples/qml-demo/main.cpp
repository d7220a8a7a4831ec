// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "cli/shutdownsignals.h"
#include "cli/terminal.h"
#include "commandline.h"
#include "preferences.h"
#include "screenshotrunner.h"
#include "session.h"

#include <QtCore/QDir>
#include <QtCore/QSettings>
#include <QtCore/QTemporaryDir>
#include <QtCore/QTimer>
#include <QtGui/QFont>
#include <QtGui/QGuiApplication>
#include <QtNetwork/QNetworkInformation>
#include <QtQml/QQmlApplicationEngine>
#include <QtQuick/QQuickWindow>

#include <cstdio>

using namespace Dashboard;

namespace {

void print(FILE *stream, const QString &text)
{
    std::fputs(text.toLocal8Bit().constData(), stream);
}

/// Without a display, Qt would abort.
bool hasDisplay()
{
#if defined(Q_OS_UNIX) && !defined(Q_OS_DARWIN)
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY")
        || qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
#else
    return true;
#endif
}

void setDefault(const char *variable, const char *value)
{
    if (!qEnvironmentVariableIsSet(variable))
        qputenv(variable, value);
}

int run(int argc, char *argv[], const Options &options)
{
    const bool isPicture = !options.screenshot.isEmpty();
    if (isPicture) {
        setDefault("QT_QPA_PLATFORM", "offscreen");
        setDefault("QT_QUICK_BACKEND", "software");
    } else if (!hasDisplay()) {
        print(stderr,
              QStringLiteral(
                  "tidepool-dashboard: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set). Start "
                  "it on a desktop, use ssh -X, take a picture with --screenshot FILE, or run \"tidepool "
                  "demo\" in this terminal.\n"));
        return 1;
    }
    QGuiApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("Tidepool"));
    QCoreApplication::setApplicationName(QStringLiteral("tidepool-dashboard"));
    QCoreApplication::setApplicationVersion(QStringLiteral(TIDEPOOL_DASHBOARD_VERSION));
    QFont font = QGuiApplication::font();
    font.setFamilies({QStringLiteral("Inter"), QStringLiteral("Segoe UI"), QStringLiteral("SF Pro Text"),
                      QStringLiteral("Noto Sans"), font.family()});
    QGuiApplication::setFont(font);
    static_cast<void>(Tunnel::raiseFileLimit());

    // A picture must be the same for every user, so it uses no stored settings and stores none.
    const QTemporaryDir noSettings;
    if (isPicture) {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        for (const auto scope : {QSettings::UserScope, QSettings::SystemScope})
            QSettings::setPath(QSettings::IniFormat, scope, noSettings.path());
    }
    Preferences preferences;
    if (isPicture) {
        preferences.useTheme(options.scene == Scene::Dark ? Preferences::darkTheme : Preferences::lightTheme);
        preferences.useSize(sceneSize(options.scene));
    }
    if (options.theme)
        preferences.useTheme(*options.theme);
    if (options.size)
        preferences.useSize(*options.size);

    if (!isPicture)
        // with a backend, pools pause while there is no network
        static_cast<void>(QNetworkInformation::loadDefaultBackend());

    Session session;
    QQmlApplicationEngine engine;
#ifdef TIDEPOOL_QML_DIRS
    for (const char *folder : {TIDEPOOL_QML_DIRS})
        engine.addImportPath(QDir(QCoreApplication::applicationDirPath()).absoluteFilePath(QString::fromUtf8(folder)));
#endif
    engine.setInitialProperties({{QStringLiteral("session"), QVariant::fromValue(&session)},
                                 {QStringLiteral("preferences"), QVariant::fromValue(&preferences)}});
    engine.load(QStringLiteral("qrc:/qt-project.org/imports/TidepoolDashboard/Main.qml"));
    if (engine.rootObjects().isEmpty())
        return 1;
    session.startLab();

    const Tunnel::ShutdownSignals shutdown;
    QObject::connect(&shutdown, &Tunnel::ShutdownSignals::requested, &application, &QCoreApplication::quit);
    std::unique_ptr<ScreenshotRunner> screenshotRunner;
    if (isPicture) {
        auto *window = qobject_cast<QQuickWindow *>(engine.rootObjects().constFirst());
        screenshotRunner = std::make_unique<ScreenshotRunner>(*window, session);
        QObject::connect(screenshotRunner.get(), &ScreenshotRunner::finished, &application, [](const QString &error) {
            if (!error.isEmpty())
                print(stderr, QStringLiteral("tidepool-dashboard: %1\n").arg(error));
            QCoreApplication::exit(error.isEmpty() ? 0 : 1);
        });
        screenshotRunner->take(options.scene, options.past, options.screenshot);
    }
    return QGuiApplication::exec();
}

} // namespace

int main(int argc, char *argv[])
{
    Tunnel::Terminal::useUtf8();
    QStringList arguments;
    for (int i = 0; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    const auto commandLine = parseCommandLine(arguments);
    if (const auto *exit = std::get_if<Exit>(&commandLine)) {
        print(exit->code == 0 ? stdout : stderr, exit->text);
        return exit->code;
    }
    return run(argc, argv, std::get<Options>(commandLine));
}
