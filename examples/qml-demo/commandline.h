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

/// The values of the command line.
struct Options
{
    QString screenshot; ///< Empty: a window is shown.
    Scene scene = Scene::Ready;
    /// The length of the history in a picture.
    std::chrono::seconds past{20};
    std::optional<QSize> size;
    std::optional<int> theme; ///< As Preferences::theme().
};

/// The program ends at once: help was requested (code 0, for stdout), or the options are wrong (code 2, for stderr).
struct Exit
{
    int code = 2;
    QString text;
};

/// @p arguments starts with the program's name.
[[nodiscard]] std::variant<Options, Exit> parseCommandLine(const QStringList &arguments);

} // namespace Dashboard
