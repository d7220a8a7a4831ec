// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "qml/qmlbench.h"

#include <tidepool/pool.h>

#include <QtCore/QAbstractItemModel>

namespace TestSupport {

[[nodiscard]] inline QVariant cell(const QAbstractItemModel &model, int row, const QByteArray &role)
{
    return model.data(model.index(row, 0), model.roleNames().key(role));
}

[[nodiscard]] inline QStringList column(const QAbstractItemModel &model, const QByteArray &role)
{
    QStringList values;
    for (int row = 0; row < model.rowCount(); ++row)
        values.append(cell(model, row, role).toString());
    return values;
}

[[nodiscard]] inline QStringList connectionIds(const Tidepool::Pool &pool, int limit = 1'000)
{
    QStringList ids;
    for (const Tidepool::ConnectionRecord &record : pool.connections(limit))
        ids.append(record.id.toString());
    return ids;
}

/// The models in a window, watching @p pool.
[[nodiscard]] inline QmlBench makeBench(Tidepool::Pool &pool, bool isVisible = true)
{
    return QmlBench(R"(
        Window {
            required property Pool pool
            width: 100; height: 100
            Item {
                objectName: "page"
                ConnectionModel { objectName: "connections"; pool: window.pool; ageInterval: 0 }
                EventModel { objectName: "events"; pool: window.pool }
                PoolHistory { objectName: "history"; pool: window.pool; period: 50; samples: 10 }
            }
            id: window
        })",
                    {{QStringLiteral("pool"), QVariant::fromValue(&pool)}, {QStringLiteral("visible"), isVisible}});
}

} // namespace TestSupport
