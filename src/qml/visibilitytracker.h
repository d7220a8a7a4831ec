// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>
#include <QtCore/QPointer>
#include <QtQuick/QQuickItem>
#include <QtQuick/QQuickWindow>

namespace Tidepool::Qml {

/// Tells whether anybody can see an Item: it and all above it are visible, in a window that is on the screen.
///
/// Without an Item it cannot know, and says yes.
class VisibilityTracker : public QObject
{
    Q_OBJECT

public:
    explicit VisibilityTracker(QObject *parent = nullptr);

    [[nodiscard]] QQuickItem *item() const { return m_item; }
    void setItem(QQuickItem *item);
    /// Takes the nearest Item above @p object, unless setItem() chose one.
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
    bool m_isChosen = false; // by setItem()
    bool m_hasItem = false; // an Item that dies is not seen; without any Item, all is
    bool m_isShown = true;
};

} // namespace Tidepool::Qml
