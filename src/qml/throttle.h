// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QBasicTimer>
#include <QtCore/QElapsedTimer>
#include <QtCore/QObject>

namespace Tidepool::Qml {

/// Emits due() for requests, at most once in each interval. After a pause, due() follows in the next turn of the event
/// loop. Without requests, no timer runs.
class Throttle : public QObject
{
    Q_OBJECT

public:
    /// The default interval of the models, in milliseconds: short enough for users, and long enough for any view.
    static constexpr int modelInterval = 250;

    explicit Throttle(int intervalMs, QObject *parent = nullptr);

    /// Milliseconds.
    [[nodiscard]] int interval() const { return m_interval; }
    void setInterval(int milliseconds) { m_interval = milliseconds; }
    void request();
    /// Cancels a request for which due() has not been emitted yet.
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
