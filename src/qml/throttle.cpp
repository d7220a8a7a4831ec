// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "throttle.h"

#include <QtCore/QTimerEvent>

#include <algorithm>

namespace Tidepool::Qml {

Throttle::Throttle(int intervalMs, QObject *parent) : QObject(parent), m_interval(intervalMs) {}

void Throttle::request()
{
    if (m_timer.isActive())
        return;
    const qint64 rest = m_last.isValid() ? m_interval - m_last.elapsed() : 0;
    m_timer.start(static_cast<int>(std::clamp<qint64>(rest, 0, m_interval)), Qt::PreciseTimer, this);
}

void Throttle::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return QObject::timerEvent(event);
    m_timer.stop();
    m_last.start();
    emit due();
}

} // namespace Tidepool::Qml
