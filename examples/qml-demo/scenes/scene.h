// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QSize>
#include <QtCore/QStringList>

#include <optional>

namespace Dashboard {

/// The content of a picture. Each scene is a state of the lab, produced by the actions of a user.
enum class Scene {
    Ready, ///< Everything is well.
    Burst, ///< More visitors than warm connections: some wait.
    Outage, ///< The server is gone, and the pool backs off.
    Hostile, ///< Clients at the server who mean no good, and visitors who notice nothing of it.
    Dark, ///< Well again after a burst, in dark colours.
    Narrow, ///< Everything is well, on a phone.
    Connect, ///< The form for a real tunnel.
};

[[nodiscard]] QStringList sceneNames();
[[nodiscard]] std::optional<Scene> sceneNamed(const QString &name);
[[nodiscard]] QSize sceneSize(Scene scene);

} // namespace Dashboard
