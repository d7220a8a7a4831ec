// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "scene.h"

namespace Dashboard {

QStringList sceneNames()
{
    return {QStringLiteral("ready"), QStringLiteral("burst"),  QStringLiteral("outage"), QStringLiteral("hostile"),
            QStringLiteral("dark"),  QStringLiteral("narrow"), QStringLiteral("connect")};
}

std::optional<Scene> sceneNamed(const QString &name)
{
    const auto index = sceneNames().indexOf(name);
    return index < 0 ? std::nullopt : std::optional(static_cast<Scene>(index));
}

QSize sceneSize(Scene scene)
{
    return scene == Scene::Narrow ? QSize(360, 800) : QSize(1280, 880);
}

} // namespace Dashboard
