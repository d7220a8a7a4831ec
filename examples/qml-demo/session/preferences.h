// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QSettings>
#include <QtCore/QSize>
#include <QtQml/qqmlregistration.h>

namespace Dashboard {

/// The appearance of the window: colours and size. The user's choice is stored in QSettings.
class Preferences : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(int theme READ theme WRITE setTheme NOTIFY themeChanged)
    Q_PROPERTY(QSize size READ size WRITE setSize NOTIFY sizeChanged)

public:
    static constexpr int systemTheme = 0;
    static constexpr int lightTheme = 1;
    static constexpr int darkTheme = 2;

    explicit Preferences(QObject *parent = nullptr);

    /// 0: the system's theme, 1: light, 2: dark. Default: 0.
    [[nodiscard]] int theme() const { return m_theme; }
    void setTheme(int theme);
    /// Sets the theme for this run only, as the command line says.
    void useTheme(int theme);
    /// Default: 1280 x 880.
    [[nodiscard]] QSize size() const { return m_size; }
    void setSize(QSize size);
    /// Sets the size for this run only. Later changes of the size are not stored either.
    void useSize(QSize size);

Q_SIGNALS:
    void themeChanged();
    void sizeChanged();

private:
    QSettings m_store;
    int m_theme = systemTheme;
    QSize m_size{1280, 880};
    bool m_keepsSize = true;
};

} // namespace Dashboard
