// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "scene.h"

#include <QtCore/QSize>
#include <QtCore/QStringList>

#include <chrono>
#include <optional>
#include <variant>

namespace Dashboard {

/// What the command line says.
struct Options
{
    QString screenshot; ///< Empty: a window is shown.
    Scene scene = Scene::Ready;
    /// How much of the past a picture shows.
    std::chrono::seconds past{20};
    std::optional<QSize> size;
    std::optional<int> theme; ///< As Preferences::theme().
};

/// There is nothing to show: help was asked for (code 0, for stdout), or the options are wrong (2, for stderr).
struct Exit
{
    int code = 2;
    QString text;
};

/// @p arguments starts with the program's name.
[[nodiscard]] std::variant<Options, Exit> parseCommandLine(const QStringList &arguments);

} // namespace Dashboard
