// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "scene.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <chrono>
#include <deque>
#include <functional>

QT_FORWARD_DECLARE_CLASS(QQuickWindow)

namespace Dashboard {

class Session;

/// Brings the lab into a scene's state, and takes a picture of the window.
class ScreenshotRunner : public QObject
{
    Q_OBJECT

public:
    /// The window is Main.qml's.
    ScreenshotRunner(QQuickWindow &window, Session &session, QObject *parent = nullptr);

    /// @p past is how much of the history the picture shall show.
    void take(Scene scene, std::chrono::seconds past, const QString &file);

Q_SIGNALS:
    /// An empty @p error: the picture is written. Else what went wrong, and what to do.
    void finished(const QString &error);

private:
    struct Step
    {
        QString what; ///< For the error: "a connection is warm".
        std::function<bool()> isReached;
        std::function<void()> thenDo;
        std::chrono::milliseconds limit{30'000};
    };

    void plan(Scene scene, std::chrono::seconds past);
    void look();
    void shoot();
    [[nodiscard]] QObject *page() const;
    [[nodiscard]] double highest(const QString &metric) const;
    [[nodiscard]] int samples() const;

    QQuickWindow &m_window;
    Session &m_session;
    QString m_file;
    std::deque<Step> m_steps;
    QElapsedTimer m_stepTime;
    QTimer m_look;
};

} // namespace Dashboard
