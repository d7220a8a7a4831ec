// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "preferences.h"

#include <algorithm>

namespace Dashboard {

namespace {

constexpr QLatin1String themeKey("theme");
constexpr QLatin1String sizeKey("size");
constexpr QSize smallest(340, 480);

} // namespace

Preferences::Preferences(QObject *parent) : QObject(parent)
{
    m_store.beginGroup(QStringLiteral("window"));
    m_theme = std::clamp(m_store.value(themeKey, m_theme).toInt(), systemTheme, darkTheme);
    m_size = m_store.value(sizeKey, m_size).toSize().expandedTo(smallest);
}

void Preferences::setTheme(int theme)
{
    if (theme == m_theme || theme < systemTheme || theme > darkTheme)
        return;
    m_store.setValue(themeKey, theme);
    useTheme(theme);
}

void Preferences::useTheme(int theme)
{
    m_theme = theme;
    emit themeChanged();
}

void Preferences::setSize(QSize size)
{
    if (size == m_size || size.isEmpty())
        return;
    m_size = size;
    if (m_keepsSize)
        m_store.setValue(sizeKey, size);
    emit sizeChanged();
}

void Preferences::useSize(QSize size)
{
    m_keepsSize = false;
    setSize(size);
}

} // namespace Dashboard
