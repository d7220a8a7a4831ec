// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "simulation.h"

#include <QtCore/QList>
#include <QtCore/QString>

namespace Sim {

/// A policy and its result.
struct Row
{
    QString name;
    Outcome outcome;
};

/// Warm share against parked connections: the static capacities as a line, the others as points. SVG.
[[nodiscard]] QString plot(const QString &title, const QList<Row> &frontier, const QList<Row> &policies);

} // namespace Sim
