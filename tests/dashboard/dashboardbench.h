// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "preferences.h"
#include "session.h"

#include <QtCore/QSettings>
#include <QtCore/QTemporaryDir>
#include <QtQml/QQmlApplicationEngine>
#include <QtQuick/QQuickItem>
#include <QtQuick/QQuickWindow>
#include <QtTest/QTest>

#include <memory>

namespace TestSupport {

/// Settings of this process go to a folder that vanishes with it, not to the user's.
class OwnSettings
{
public:
    OwnSettings()
    {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder.path());
    }

private:
    QTemporaryDir m_folder;
};

/// The dashboard's window with its session, as main() makes them.
class DashboardBench
{
public:
    DashboardBench()
    {
        preferences.setTheme(Dashboard::Preferences::lightTheme);
        m_engine.setInitialProperties({{QStringLiteral("session"), QVariant::fromValue(&session)},
                                       {QStringLiteral("preferences"), QVariant::fromValue(&preferences)}});
        m_engine.load(QStringLiteral("qrc:/qt-project.org/imports/TidepoolDashboard/Main.qml"));
    }

    [[nodiscard]] QQuickWindow *window() const
    {
        return m_engine.rootObjects().isEmpty() ? nullptr
                                                : qobject_cast<QQuickWindow *>(m_engine.rootObjects().constFirst());
    }
    [[nodiscard]] QQmlEngine &engine() { return m_engine; }
    [[nodiscard]] QQuickItem *item(const char *name) const
    {
        return window()->findChild<QQuickItem *>(QString::fromLatin1(name));
    }

private:
    OwnSettings m_settings;

public:
    Dashboard::Preferences preferences;
    Dashboard::Session session;

private:
    QQmlApplicationEngine m_engine;
};

} // namespace TestSupport
