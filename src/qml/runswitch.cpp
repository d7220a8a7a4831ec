// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "runswitch.h"

#include <utility>

namespace Tidepool::Qml {

RunSwitch::RunSwitch(Pool &pool) : m_pool(pool)
{
    connect(&pool, &Pool::stateChanged, this, &RunSwitch::publish);
    connect(&pool, &Pool::closed, this, [this] {
        if (std::exchange(m_restarts, false))
            m_pool.start();
        publish(); // the start can have failed
    });
}

void RunSwitch::complete()
{
    m_isComplete = true;
    if (m_isWanted)
        m_pool.start();
    publish();
}

bool RunSwitch::isOn() const
{
    if (!m_isComplete)
        return m_isWanted;
    const PoolState state = m_pool.state();
    return m_restarts || (state != PoolState::Stopped && state != PoolState::Closed);
}

void RunSwitch::set(bool on)
{
    m_isWanted = on;
    // The pool cannot start before its drain has ended.
    m_restarts = m_isComplete && on && m_pool.state() == PoolState::Draining;
    if (m_isComplete && on && !isOn())
        m_pool.start();
    else if (m_isComplete && !on)
        m_pool.close();
    publish();
}

void RunSwitch::publish()
{
    const bool isOn = this->isOn();
    if (isOn == m_isPublished)
        return;
    m_isPublished = isOn;
    emit changed();
}

} // namespace Tidepool::Qml
