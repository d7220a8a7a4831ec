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

/// Puts the lab into the state of a scene, and takes a picture of the window.
class ScreenshotRunner : public QObject
{
    Q_OBJECT

public:
    /// @p window is the window of Main.qml.
    ScreenshotRunner(QQuickWindow &window, Session &session, QObject *parent = nullptr);

    /// @p past is the length of the history in the picture.
    void take(Scene scene, std::chrono::seconds past, const QString &file);

Q_SIGNALS:
    /// If @p error is empty, the picture is written. Otherwise @p error says what went wrong and what to do.
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
