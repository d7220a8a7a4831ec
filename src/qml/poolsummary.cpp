// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolsummary.h"

#include <chrono>
#include <utility>

namespace Tidepool::Qml {

namespace {

constexpr int textInterval = 100; // ms: quicker than anybody reads
constexpr std::chrono::milliseconds countdownStep{200};
} // namespace

PoolSummary::PoolSummary(QObject *parent) : QObject(parent), m_throttle(textInterval)
{
    m_countdown.setSingleShot(true);
    m_countdown.setInterval(countdownStep);
    connect(&m_throttle, &Throttle::due, this, &PoolSummary::update);
    connect(&m_countdown, &QTimer::timeout, this, &PoolSummary::update);
}

void PoolSummary::setPool(Pool *pool)
{
    if (pool == m_pool)
        return;
    if (m_pool) {
        m_pool->disconnect(this);
        m_pool->disconnect(&m_throttle);
    }
    m_pool = pool;
    if (pool) {
        connect(pool, &Pool::statusChanged, &m_throttle, &Throttle::request);
        connect(pool, &QObject::destroyed, this, [this] {
            m_pool.clear();
            update();
            emit poolChanged();
        });
    }
    update();
    emit poolChanged();
}

void PoolSummary::update()
{
    const PoolStatus status = m_pool ? m_pool->status() : PoolStatus();
    QString text = m_pool ? status.stateText() : QString();
    if (std::exchange(m_stateText, text) != text)
        emit stateTextChanged();
    if (std::exchange(m_lastErrorText, status.lastError) != status.lastError)
        emit lastErrorTextChanged();
    // Nothing tells that time passes; count down while there is something to count and somebody to read it.
    static const QMetaMethod signal = QMetaMethod::fromSignal(&PoolSummary::stateTextChanged);
    if (status.nextAttempt.count() > 0 && status.state != PoolState::Ready && isSignalConnected(signal))
        m_countdown.start();
    else
        m_countdown.stop();
}

} // namespace Tidepool::Qml
