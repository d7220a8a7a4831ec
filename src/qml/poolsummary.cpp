// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolsummary.h"

#include <chrono>
#include <utility>

namespace Tidepool::Qml {

namespace {

constexpr int textInterval = 100; // ms, faster than a person can read
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

QString PoolSummary::stateText() const
{
    renewIfOld();
    return m_stateText;
}

QString PoolSummary::lastErrorText() const
{
    renewIfOld();
    return m_lastErrorText;
}

void PoolSummary::renew(const PoolStatus &status) const
{
    const QString text = m_pool ? status.stateText() : QString();
    m_state = status.state;
    m_isTextNews |= std::exchange(m_stateText, text) != text;
    m_isErrorNews |= std::exchange(m_lastErrorText, status.lastError) != status.lastError;
}

// A QML handler onStateChanged runs before any slot that could update the text.
void PoolSummary::renewIfOld() const
{
    if (m_pool && m_pool->state() != m_state)
        renew(m_pool->status());
}

void PoolSummary::update()
{
    const PoolStatus status = m_pool ? m_pool->status() : PoolStatus();
    renew(status);
    const bool isNewText = std::exchange(m_isTextNews, false);
    const bool isNewError = std::exchange(m_isErrorNews, false);
    const QPointer<PoolSummary> alive(this); // a handler can destroy this object
    if (isNewText)
        emit stateTextChanged();
    if (isNewError && alive)
        emit lastErrorTextChanged();
    if (!alive)
        return;
    // No signal reports that time passes. The countdown runs while there is a time to show and somebody is connected.
    static const QMetaMethod signal = QMetaMethod::fromSignal(&PoolSummary::stateTextChanged);
    if (status.nextAttempt.count() > 0 && status.state != PoolState::Ready && isSignalConnected(signal))
        m_countdown.start();
    else
        m_countdown.stop();
}

} // namespace Tidepool::Qml
