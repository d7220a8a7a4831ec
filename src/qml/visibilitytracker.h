// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QPointer>
#include <QtQuick/QQuickItem>
#include <QtQuick/QQuickWindow>

namespace Tidepool::Qml {

/// Tells whether the user can see an Item: the Item and all its parents are visible, in a window that is on the screen.
///
/// Without an Item, the answer is always yes.
class VisibilityTracker : public QObject
{
    Q_OBJECT

public:
    explicit VisibilityTracker(QObject *parent = nullptr);

    [[nodiscard]] QQuickItem *item() const { return m_item; }
    void setItem(QQuickItem *item);
    /// Uses the nearest Item above @p object, unless setItem() has set one.
    void findItemAbove(QObject *object);
    [[nodiscard]] bool isShown() const { return m_isShown; }

Q_SIGNALS:
    void itemChanged();
    void shownChanged(bool isShown);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void watch(QQuickItem *item);
    void watchWindow();
    void update();
    [[nodiscard]] bool canBeSeen() const;

    QPointer<QQuickItem> m_item;
    QPointer<QWindow> m_window;
    bool m_isChosen = false; // true after setItem()
    // true even after the Item is destroyed: the answer is then no
    bool m_hasItem = false;
    bool m_isShown = true;
};

} // namespace Tidepool::Qml
