// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QBasicTimer>
#include <QtCore/QElapsedTimer>
#include <QtCore/QObject>

namespace Tidepool::Qml {

/// Passes requests on as due(), at most once per interval however many come. The first after a rest is passed on at
/// the next turn of the event loop. Without requests no timer runs.
class Throttle : public QObject
{
    Q_OBJECT

public:
    /// What the models start with, in milliseconds: quick enough to look at, slow enough for any view.
    static constexpr int modelInterval = 250;

    explicit Throttle(int intervalMs, QObject *parent = nullptr);

    /// Milliseconds.
    [[nodiscard]] int interval() const { return m_interval; }
    void setInterval(int milliseconds) { m_interval = milliseconds; }
    void request();
    /// Forgets a request that was not passed on yet.
    void cancel() { m_timer.stop(); }

Q_SIGNALS:
    void due();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    int m_interval;
    QBasicTimer m_timer;
    QElapsedTimer m_last;
};

} // namespace Tidepool::Qml
