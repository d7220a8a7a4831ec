// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "poolsummary.h"

#include <chrono>
#include <utility>

namespace Tidepool::Qml {

namespace {

constexpr int textInterval = 100; // ms: quicker than anybody reads
constexpr std::chrono::milliseconds countdownStep{200};

// An error's sentence as the middle of another one.
QString asClause(QString sentence)
{
    while (sentence.endsWith(u'.'))
        sentence.chop(1);
    return sentence;
}

} // namespace

QString secondsText(std::chrono::milliseconds time)
{
    const double seconds = std::chrono::duration<double>(time).count();
    return QString::number(seconds, 'f', seconds < 10 ? 1 : 0) + QStringLiteral(" s");
}

QString stateSentence(const PoolStatus &status)
{
    const QString warm = QString::number(status.active) + QStringLiteral(" warm");
    QString text;
    switch (status.state) {
    case PoolState::Stopped:
        return QStringLiteral("Stopped");
    case PoolState::Warming:
        text = QStringLiteral("Warming up: no connection yet");
        break;
    case PoolState::Ready:
        text = QStringLiteral("Ready: ") + warm;
        break;
    case PoolState::Degraded:
        text = QStringLiteral("Degraded: ") + warm;
        break;
    case PoolState::Paused:
        return QStringLiteral("Paused: ") + warm;
    case PoolState::Draining:
        return QStringLiteral("Draining: %1 still in use").arg(status.leased);
    case PoolState::Closed:
        return QStringLiteral("Closed");
    }
    if (status.state != PoolState::Ready && !status.lastError.isEmpty()) {
        text = (status.state == PoolState::Degraded ? QStringLiteral("Degraded: ") : QStringLiteral("Warming up: "))
            + asClause(status.lastError);
    }
    if (status.waiting > 0)
        text += QStringLiteral(", %1 waiting").arg(status.waiting);
    if (status.nextAttempt.count() > 0 && status.state != PoolState::Ready)
        text += QStringLiteral("; next try in ") + secondsText(status.nextAttempt);
    return text;
}

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
    if (m_pool)
        m_pool->disconnect(this);
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
    QString text = m_pool ? stateSentence(status) : QString();
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
