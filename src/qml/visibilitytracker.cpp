// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "visibilitytracker.h"

#include <QtCore/QEvent>
#include <QtQuick/QQuickRenderControl>

namespace Tidepool::Qml {

VisibilityTracker::VisibilityTracker(QObject *parent) : QObject(parent) {}

void VisibilityTracker::setItem(QQuickItem *item)
{
    m_isChosen = true;
    watch(item);
}

void VisibilityTracker::findItemAbove(QObject *object)
{
    if (m_isChosen)
        return;
    for (QObject *above = object->parent(); above; above = above->parent()) {
        if (auto *item = qobject_cast<QQuickItem *>(above))
            return watch(item);
        if (auto *window = qobject_cast<QQuickWindow *>(above))
            return watch(window->contentItem());
    }
}

void VisibilityTracker::watch(QQuickItem *item)
{
    if (item == m_item)
        return;
    if (m_item)
        m_item->disconnect(this);
    m_item = item;
    m_hasItem = item != nullptr;
    if (item) {
        connect(item, &QQuickItem::visibleChanged, this, &VisibilityTracker::update);
        connect(item, &QQuickItem::windowChanged, this, &VisibilityTracker::watchWindow);
        connect(item, &QObject::destroyed, this, [this] {
            m_item.clear();
            watchWindow();
            emit itemChanged();
        });
    }
    watchWindow();
    emit itemChanged();
}

void VisibilityTracker::watchWindow()
{
    QQuickWindow *quickWindow = m_item ? m_item->window() : nullptr;
    QWindow *window = quickWindow;
    // A QQuickWidget renders a window that is never on the screen itself.
    if (QWindow *shown = quickWindow ? QQuickRenderControl::renderWindowFor(quickWindow) : nullptr)
        window = shown;
    if (window != m_window) {
        if (m_window) {
            m_window->removeEventFilter(this);
            m_window->disconnect(this);
        }
        m_window = window;
        if (window) {
            window->installEventFilter(this); // no signal reports exposure
            connect(window, &QWindow::visibilityChanged, this, &VisibilityTracker::update);
        }
    }
    update();
}

bool VisibilityTracker::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_window && event->type() == QEvent::Expose)
        update();
    return QObject::eventFilter(watched, event);
}

bool VisibilityTracker::canBeSeen() const
{
    if (!m_hasItem)
        return true;
    return m_item && m_item->isVisible() && m_window && m_window->isExposed()
        && m_window->visibility() != QWindow::Minimized;
}

void VisibilityTracker::update()
{
    const bool isShown = canBeSeen();
    if (isShown == m_isShown)
        return;
    m_isShown = isShown;
    emit shownChanged(isShown);
}

} // namespace Tidepool::Qml
