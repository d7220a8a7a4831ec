// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QSize>
#include <QtCore/QStringList>

#include <optional>

namespace Dashboard {

/// The content of a picture. Each scene is a state of the lab, produced by the actions of a user.
enum class Scene {
    Ready, ///< No problems.
    Burst, ///< More visitors than warm connections: some wait.
    Outage, ///< The server is gone, and the pool backs off.
    Hostile, ///< Hostile clients at the server, which do not affect the visitors.
    Dark, ///< No problems after a burst, in dark colours.
    Narrow, ///< No problems, on a phone.
    Connect, ///< The form for a real tunnel.
};

[[nodiscard]] QStringList sceneNames();
[[nodiscard]] std::optional<Scene> sceneNamed(const QString &name);
[[nodiscard]] QSize sceneSize(Scene scene);

} // namespace Dashboard
