// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QAbstractItemModel>
#include <QtTest/QAbstractItemModelTester>

namespace TestSupport {

/// Counts what a model tells its views, and fails the test if that does not fit together.
class ModelWatch : public QObject
{
    Q_OBJECT

public:
    explicit ModelWatch(QAbstractItemModel *model) : m_tester(model)
    {
        connect(model, &QAbstractItemModel::modelReset, this, [this] { ++resets; });
        connect(model, &QAbstractItemModel::layoutChanged, this, [this] { ++resets; });
        connect(model, &QAbstractItemModel::rowsInserted, this, [this](const QModelIndex &, int first, int last) {
            inserted += last - first + 1;
            note();
        });
        connect(model, &QAbstractItemModel::rowsRemoved, this, [this](const QModelIndex &, int first, int last) {
            removed += last - first + 1;
            note();
        });
        connect(model, &QAbstractItemModel::rowsMoved, this, [this] {
            ++moved;
            note();
        });
        connect(model, &QAbstractItemModel::dataChanged, this,
                [this](const QModelIndex &first, const QModelIndex &last) {
                    changed += last.row() - first.row() + 1;
                    note();
                });
    }

    void forget() { resets = inserted = removed = moved = changed = updates = 0; }

    int resets = 0;
    int inserted = 0; ///< Rows.
    int removed = 0; ///< Rows.
    int moved = 0; ///< Rows.
    int changed = 0; ///< Rows.
    int updates = 0; ///< Turns of the event loop in which anything was told.

private:
    void note()
    {
        if (m_isNoted)
            return;
        m_isNoted = true;
        ++updates;
        QMetaObject::invokeMethod(
            this, [this] { m_isNoted = false; }, Qt::QueuedConnection);
    }

    QAbstractItemModelTester m_tester;
    bool m_isNoted = false;
};

} // namespace TestSupport
